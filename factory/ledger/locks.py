"""Locks: when several runs need the same answer at the same time, only one asks for it.

A process locks a request by locking one byte of a file beside the ledger; the request's key gives the
offset, and the file stays empty. The system releases the locks of a process that ends, even by `kill -9`.
Runs within one process do not exclude each other.
"""

import fcntl
from pathlib import Path

DIGITS = 15  # hexadecimal digits of a key: an offset in a file is less than 2 ** 63


class Locks:
    """The locks on requests of one ledger that this process holds."""

    def __init__(self, ledger: Path) -> None:
        self.file = ledger.with_name(f"{ledger.name}-locks").open("ab")

    def lock(self, request_key: str) -> bool:
        """Lock a request; return False when another process has locked it."""
        try:
            fcntl.lockf(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, int(request_key[:DIGITS], 16))
        except (BlockingIOError, PermissionError):  # which error depends on the system
            return False
        return True

    def wait(self, request_key: str) -> None:
        """Lock a request, and wait while another process has locked it."""
        fcntl.lockf(self.file, fcntl.LOCK_EX, 1, int(request_key[:DIGITS], 16))

    def unlock(self, request_key: str) -> None:
        """Unlock a request."""
        fcntl.lockf(self.file, fcntl.LOCK_UN, 1, int(request_key[:DIGITS], 16))

    def close(self) -> None:
        """Unlock everything."""
        self.file.close()
