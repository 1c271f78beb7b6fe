"""Shares of a run: each shard of its requests has its ledger, its budget and its limits, wherever it runs.

SQLite cannot be shared over a network, so a shard has a ledger beside the tables, which one process holds
by a lease. When that process dies, another takes the ledger over, and asks only for what it lacks. The
ledger of the run gives each shard the answers it has, and absorbs their ledgers at the end.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from thoughtmill.factory.core.sharding import Shard
from thoughtmill.factory.ledger import FailureRow, Ledger
from thoughtmill.factory.ledger.locks import Locks
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.endpoint.pending import spent_usd
from thoughtmill.factory.teachers.endpoint.request_keys import RequestKeys
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings

PATH = "THOUGHTMILL_LEDGER"


def ledger_path(data: Path, thought: str, shard: Shard) -> Path:
    """Return the ledger of a shard."""
    return data / "shards" / "ledger" / thought / f"{shard.name}.sqlite"


@contextmanager
def leased(path: Path) -> Iterator[None]:
    """Hold the ledger of a shard, and make it that of this process; wait while another process holds it.

    The system ends the lease of a process that dies. The file of the lease names the process.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    before = os.environ.get(PATH)
    with path.with_suffix(".lease").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        os.environ[PATH] = str(path)
        try:
            yield
        finally:
            os.environ.pop(PATH)
            os.environ.update({} if before is None else {PATH: before})
            file.truncate(0)


def absorb(data: Path, thought: str) -> None:
    """Add the ledgers of all shards of a thought to the ledger of this process, and remove them."""
    folder = ledger_path(data, thought, Shard(1, 1)).parent
    for path in sorted(folder.glob("*.sqlite")):
        with leased(path), Ledger(path):
            pass  # whoever held it has ended, and its write-ahead log is in the file
        with Ledger() as ledger:
            ledger.absorb(path)
        for left in folder.glob(f"{path.name}*"):
            left.unlink()


def deal(requests: Iterable[Request], settings: EndpointSettings, path: Path) -> float:
    """Give the ledger of a shard the answers that there are to its requests; return what they cost.

    `requests` are read twice.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with Ledger() as ledger, Ledger(path) as own, closing(Locks(own.path)) as locks:
        keys = RequestKeys(settings, ledger.__contains__)
        for request in requests:
            held = ledger.known(keys.keyed(request)[0])
            if isinstance(held, FailureRow):
                own.write([], failures=[held], shared=True)
            elif held is not None:
                own.write([held])
        return spent_usd(requests, settings, own, locks)


def limited(settings: EndpointSettings, running: int, budget_usd: float | None) -> EndpointSettings:
    """Return the settings of one shard of `running` that run at once: their limits add up to those given."""
    limits = {
        name: limit / running
        for name in ("requests_per_minute", "tokens_per_minute")
        if (limit := getattr(settings, name)) is not None
    }
    at_once = max(1, settings.max_concurrency // running)
    return settings.model_copy(update={**limits, "max_concurrency": at_once, "max_usd": budget_usd})
