"""Shares of a run: each shard of its requests has its ledger, wherever it runs.

SQLite cannot be shared over a network, so a shard has a ledger beside the tables, which one process holds
by a lease. When that process dies, another takes the ledger over, and asks only for what it lacks. The
ledger of the run gives each shard the answers it has, and absorbs their ledgers at the end.
"""

import fcntl
import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from thoughtmill.factory.core.progress_files import WaitLine
from thoughtmill.factory.core.sharding import Shard
from thoughtmill.factory.ledger import FailureRow, Ledger, shards
from thoughtmill.factory.ledger.in_flight import note_killed
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.endpoint.request_keys import RequestKeys
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings

PATH = "THOUGHTMILL_LEDGER"
LOOK_EVERY_S = 0.1


def ledger_path(data: Path, thought: str, shard: Shard) -> Path:
    """Return the ledger of a shard."""
    return data / "shards" / "ledger" / thought / f"{shard.name}.sqlite"


@contextmanager
def leased(path: Path) -> Iterator[None]:
    """Hold the ledger of a shard, and make it that of this process; wait while another process holds it.

    The system ends the lease of a process that dies. The file of the lease names machine and process.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    before = os.environ.get(PATH)
    with path.with_suffix(".lease").open("a+") as file:
        _lock(file)
        file.truncate(0)
        file.write(f"{socket.gethostname()}:{os.getpid()}")
        file.flush()
        os.environ[PATH] = str(path)
        try:
            yield
        finally:
            os.environ.pop(PATH)
            os.environ.update({} if before is None else {PATH: before})
            file.truncate(0)


def _lock(file: TextIO) -> None:
    """Lock the file of a lease; while another process holds it, say so."""
    wait_line = WaitLine()
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            wait_line.waits(f"{file.name}, which {file.read() or 'another process'} holds")
            time.sleep(LOOK_EVERY_S)
        else:
            wait_line.goes_on()
            return


def absorb(data: Path, thought: str) -> None:
    """Add the ledgers of all shards of a thought to the ledger of this process, and remove them."""
    folder = ledger_path(data, thought, Shard(1, 1)).parent
    for path in sorted(folder.glob("*.sqlite")):
        with leased(path), Ledger(path) as own:  # whoever held it has ended
            note_killed(own)
        with Ledger() as ledger:
            ledger.absorb(path)
        for left in folder.glob(f"{path.name}*"):
            left.unlink()


def deal(requests: Iterable[Request], settings: EndpointSettings, path: Path) -> int:
    """Give the ledger of a shard the answers that there are to its requests; return how many requests."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Ledger() as ledger, Ledger(path) as own:
        keys = RequestKeys(settings, ledger.__contains__)
        count = 0
        for count, request in enumerate(requests, start=1):  # noqa: B007  it is read after the loop
            held = ledger.known(keys.keyed(request)[0])
            if isinstance(held, FailureRow):
                own.write([], failures=[held], shared=True)
            elif held is not None:
                own.write([held])
    return count


def export(path: Path, folder: Path) -> None:
    """Add the answers of a shard's ledger to a folder of Parquet files that are named by their content."""
    with Ledger(path) as ledger:
        shards.export(ledger, folder)


def limited(settings: EndpointSettings, running: int) -> EndpointSettings:
    """Return the settings of one shard of `running` that run at once: their requests in flight add up."""
    return settings.model_copy(update={"max_concurrency": max(1, settings.max_concurrency // running)})
