"""Locks: of several runs that need the same answer at the same time, one asks for it.

A request is locked by one byte of a file beside the ledger, at a place that its key gives; the file itself
stays empty. The system opens all locks of a process that ends, however it ends, so that a `kill -9` leaves
nothing behind. They are between processes: runs within one process do not see each other's.
"""

import fcntl
from pathlib import Path

DIGITS = 15  # of a key, in hexadecimal: a place in a file is less than 2 ** 63


class Locks:
    """The requests of one ledger that this process asks for."""

    def __init__(self, ledger: Path) -> None:
        self.file = ledger.with_name(f"{ledger.name}-locks").open("ab")

    def lock(self, request_key: str) -> bool:
        """Lock a request; False when another process asks for it."""
        try:
            fcntl.lockf(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, int(request_key[:DIGITS], 16))
        except (BlockingIOError, PermissionError):  # systems differ in the error
            return False
        return True

    def wait(self, request_key: str) -> None:
        """Lock a request as soon as no other process has it locked."""
        fcntl.lockf(self.file, fcntl.LOCK_EX, 1, int(request_key[:DIGITS], 16))

    def unlock(self, request_key: str) -> None:
        """Let other processes ask."""
        fcntl.lockf(self.file, fcntl.LOCK_UN, 1, int(request_key[:DIGITS], 16))

    def close(self) -> None:
        """Unlock everything."""
        self.file.close()
