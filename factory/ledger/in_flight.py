"""Requests in flight: note on the disk what was sent and has no row yet, for a budget that outlives a kill.

A process that dies by `kill -9` may have been billed for the answers it waited for. Each run with a budget
keeps a small file beside the ledger with the requests it has sent. The next run writes them as `attempts`
with the most that they can have cost. The system releases the lock on the file of a process that ends.
"""

import fcntl
import glob
import itertools
import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from thoughtmill.factory.ledger import AttemptRow, Ledger

SLOT = struct.Struct("64sd")  # the key of a request in hexadecimal, and the most it can cost in dollars
EMPTY = bytes(SLOT.size)
KILLED = "it was in flight when its process was killed"

_numbers = itertools.count()


class InFlight:
    """The file of one run; a slot per request in flight."""

    def __init__(self, ledger: Path) -> None:
        name = f"{_name(ledger)}{os.getpid()}-{next(_numbers)}"
        self.path = ledger.with_name(name)
        part = ledger.with_name(f".{name}")
        self.file = part.open("w+b", buffering=0)
        fcntl.flock(self.file, fcntl.LOCK_EX)  # before others can see the file
        part.rename(self.path)
        self.slots: dict[str, int] = {}
        self.free: list[int] = []

    def add(self, request_key: str, most_usd: float) -> None:
        """Note a request before it is sent."""
        slot = self.free.pop() if self.free else len(self.slots)
        self.slots[request_key] = slot
        os.pwrite(self.file.fileno(), SLOT.pack(request_key.encode(), most_usd), slot * SLOT.size)

    def remove(self, request_key: str) -> None:
        """Forget a request: the ledger has a row of its outcome."""
        slot = self.slots.pop(request_key, None)
        if slot is not None:
            self.free.append(slot)
            os.pwrite(self.file.fileno(), EMPTY, slot * SLOT.size)

    def close(self) -> None:
        """Remove the file, unless requests are still in flight: the next run counts these."""
        if not self.slots:
            self.path.unlink(missing_ok=True)
        self.file.close()


def note_killed(ledger: Ledger) -> None:
    """Write what dead processes had in flight as attempts of the ledger, and remove their files."""
    for path in sorted(ledger.path.parent.glob(f"{glob.escape(_name(ledger.path))}*")):
        try:
            with path.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                ledger.write([], list(_attempts(ledger, file)))
                path.unlink(missing_ok=True)
        except (BlockingIOError, FileNotFoundError):  # its run goes on, or another run was faster
            continue


def _attempts(ledger: Ledger, file: IO[bytes]) -> Iterator[AttemptRow]:
    content = file.read()
    for key, most_usd in SLOT.iter_unpack(content[: len(content) - len(content) % SLOT.size]):
        request_key = key.rstrip(b"\0").decode()
        if request_key and ledger.get(request_key) is None:
            yield AttemptRow(request_key, 1, None, KILLED, time.time(), most_usd)


def _name(ledger: Path) -> str:
    return f"{ledger.name}-flight-"
