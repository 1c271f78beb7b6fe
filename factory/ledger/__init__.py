"""The ledger: every answer that was paid for, durably, in one SQLite file outside the repository.

The table `results` holds the body of every answer, untouched, under its request key; `attempts` holds every
fault, `failures` the outcome of requests without an answer, `runs` the progress of each run, and `batches`
the collected batches. Each `write` is one transaction. Its rows survive a kill once it returns, and a power
cut after the next `sync`. `sync` waits for the disk in a thread: if every write waited, answers would queue
in their sockets, where a kill loses them.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from operator import attrgetter
from pathlib import Path

import platformdirs

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import make_folder
from thoughtmill.factory.ledger.schema import (
    ATTEMPT_COLUMNS,
    FAILURE_COLUMNS,
    LEDGER_VERSION,
    RESULT_COLUMNS,
    SCHEMA,
    UPGRADES,
    AttemptRow,
    FailureRow,
    ResultRow,
)

__all__ = ["AttemptRow", "FailureRow", "Ledger", "ResultRow", "default_path", "reading"]

BUSY_S = 60.0
LONG_WAL = 6_000  # frames of 4 kB of the write-ahead log, after which it is begun anew
LONGEST_WAL = 48_000_000  # bytes of its file, after which it is cut off


def default_path() -> Path:
    """Return the path of the ledger: `THOUGHTMILL_LEDGER`, else a file in the user's cache folder."""
    named = os.environ.get("THOUGHTMILL_LEDGER")
    return Path(named) if named else platformdirs.user_cache_path("thoughtmill") / "ledger.sqlite"


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the ledger at a path to read it, without waiting for locks."""
    with _refused(path), closing(sqlite3.connect(path.resolve().as_uri() + "?mode=ro", uri=True)) as found:
        yield found


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    """Name a file that cannot be the ledger."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise ThoughtmillError(
            f"{path} cannot be the ledger ({error}): point THOUGHTMILL_LEDGER to another file"
        ) from error


class Ledger:
    """An open ledger. Several processes may have it open at the same time.

    A file that is not a ledger, or that a newer version wrote, raises a `ThoughtmillError`.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_path()
        make_folder(self.path.parent, "THOUGHTMILL_LEDGER may name a ledger elsewhere")
        self.wal = self.path.with_name(f"{self.path.name}-wal")
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self.syncing: Future[int] | None = None
        with _refused(self.path):
            self.connection = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)
            self._use_wal()
            self.connection.execute("PRAGMA synchronous=NORMAL")
            self.connection.execute("PRAGMA wal_autocheckpoint=0")
            self._set_up()

    def _use_wal(self) -> None:
        """Switch to a write-ahead log; SQLite does not itself wait while another process sets up the file."""
        given_up_s = time.monotonic() + BUSY_S
        while True:
            try:
                self.connection.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > given_up_s:
                    raise
                time.sleep(0.01)

    def _set_up(self) -> None:
        """Create the tables of a new file, upgrade an older one, refuse a newer one."""
        with self.connection:
            self.connection.execute("BEGIN IMMEDIATE")
            version = self.connection.execute("PRAGMA user_version").fetchone()[0]
            if version < LEDGER_VERSION:
                upgrades = (UPGRADES[each] for each in range(version, LEDGER_VERSION))
                for statement in upgrades if version else SCHEMA:
                    self.connection.execute(statement)
                self.connection.execute(f"PRAGMA user_version={LEDGER_VERSION}")
        if version > LEDGER_VERSION:
            raise ThoughtmillError(
                f"{self.path} was written by a newer Thoughtmill (ledger version {version}; this one knows "
                f"{LEDGER_VERSION}): update Thoughtmill, or point THOUGHTMILL_LEDGER to another file"
            )

    def get(self, request_key: str) -> ResultRow | None:
        """Return the answer under this key, or None."""
        with self.named_errors():
            row = self.connection.execute(_SELECT, (request_key,)).fetchone()
        return None if row is None else ResultRow(*row)

    def known(self, request_key: str) -> ResultRow | FailureRow | None:
        """Return the answer to a request, else its failure from shards, else None."""
        with self.named_errors():
            is_result, is_failure = self.connection.execute(_IS_KNOWN, {"key": request_key}).fetchone()
        if is_result:
            return self.get(request_key)
        if not is_failure:
            return None
        return FailureRow(*self.connection.execute(_SHARED_FAILURE, (request_key,)).fetchone())

    def has_failed(self, request_key: str) -> bool:
        """Say whether a request ended in a failure in an earlier run."""
        query = "SELECT 1 FROM failures WHERE request_key = ?"
        return self.connection.execute(query, (request_key,)).fetchone() is not None

    def __contains__(self, request_key: str) -> bool:
        return self.known(request_key) is not None

    def write(
        self,
        results: Iterable[ResultRow],
        attempts: Sequence[AttemptRow] = (),
        failures: Sequence[FailureRow] = (),
        shared: bool = False,
    ) -> None:
        """Add rows in one durable transaction.

        The first answer to a request and its last failure are kept. `shared` says that the failures come
        from shards.
        """
        with self.named_errors(), self.connection:
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.executemany(_INSERT_RESULT, map(attrgetter(*RESULT_COLUMNS), results))
            if attempts:
                self.connection.executemany(_INSERT_ATTEMPT, map(attrgetter(*ATTEMPT_COLUMNS), attempts))
            if failures:
                ended = ((*row, shared) for row in map(attrgetter(*FAILURE_COLUMNS), failures))
                self.connection.executemany(_INSERT_FAILURE, ended)
        self._limit_wal()

    def _limit_wal(self) -> None:
        """Begin the write-ahead log anew when it is long.

        `sync` copies it to the file beside new writes and never comes to its end. Right after it, little is
        left to copy here, where answers wait; then the next write begins at the start of the log. Cutting the
        file off takes longer, so that is for a log that no `sync` keeps short. While another process reads
        the ledger both are left for the next write.
        """
        if self.syncing is not None and self.syncing.done():
            frames, self.syncing = self.syncing.result(), None
            if frames > LONG_WAL:
                self._checkpoint_here("PASSIVE")
        try:
            if self.wal.stat().st_size < LONGEST_WAL:
                return
        except FileNotFoundError:
            return
        if self.syncing is not None:
            self.syncing.result()  # a log that is being copied cannot be cut off
        self._checkpoint_here("TRUNCATE")

    def _checkpoint_here(self, mode: str) -> None:
        with self.named_errors():
            self.connection.execute("PRAGMA busy_timeout=0")
            try:
                self.connection.execute(f"PRAGMA wal_checkpoint({mode})")
            finally:
                self.connection.execute(f"PRAGMA busy_timeout={BUSY_S * 1000:.0f}")

    def sync(self) -> None:
        """Flush everything written so far to the disk, in a thread, unless a flush is under way."""
        if self.syncing is None or self.syncing.done():
            if self.syncing is not None:
                self.syncing.result()
            self.syncing = self.thread.submit(self._checkpoint)

    def _checkpoint(self) -> int:
        """Flush, and return the length of the write-ahead log in frames."""
        with self.named_errors(), closing(sqlite3.connect(self.path, timeout=BUSY_S)) as connection:
            _, frames, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return int(frames)

    @contextmanager
    def named_errors(self) -> Iterator[None]:
        """Name the file in errors of SQLite: a full disk, a lock that lasts, damage."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise ThoughtmillError(f"{self.path} cannot be written: {error}") from error
        except sqlite3.DatabaseError as error:
            raise ThoughtmillError(
                f"{self.path} is damaged ({error}): mend it with `sqlite3 {self.path} .recover`, or point "
                "THOUGHTMILL_LEDGER to another file and import your shards there"
            ) from error

    def keys(self) -> Iterator[str]:
        """Yield the keys of all answers, in order."""
        with self.named_errors():
            for (key,) in self.connection.execute("SELECT request_key FROM results ORDER BY request_key"):
                yield key

    def count(self) -> int:
        """Return the number of answers."""
        return int(self.connection.execute("SELECT count(*) FROM results").fetchone()[0])

    def failures(self) -> Iterator[FailureRow]:
        """Yield the failures of requests without an answer, in the order of their keys."""
        return (FailureRow(*row) for row in self.connection.execute(_FAILURES))

    def shared_failures(self) -> int:
        """Return how many requests are not asked, because shards say that they failed."""
        return int(self.connection.execute(f"SELECT count(*) {_UNANSWERED} AND shared").fetchone()[0])

    def retry(self, unusable: Callable[[bytes], str | None]) -> int:
        """Let requests that failed, and those with unusable answers, be asked again; return how many.

        `unusable` returns why an answer, given by its body, is worth asking again, else None. Such an answer
        moves to `attempts`, with its body and cost.
        """
        with self.named_errors(), self.connection:
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.execute("UPDATE failures SET shared = 0")
            (failures,) = self.connection.execute(f"SELECT count(*) {_UNANSWERED}").fetchone()
            bodies = self.connection.execute("SELECT request_key, body FROM results")
            found = [(why, key) for key, body in bodies if (why := unusable(body)) is not None]
            self.connection.executemany(_KEEP_UNUSABLE, found)
            self.connection.executemany(
                "DELETE FROM results WHERE request_key = ?", (key for _, *key in found)
            )
        return int(failures) + len(found)

    def absorb(self, other: Path) -> None:
        """Add the answers, faults and failures of another ledger, such as that of another machine.

        What is already here stays as it is; absorbing a ledger twice changes nothing.
        """
        Ledger(other).close()  # an older one is upgraded, and what is no ledger is named
        with self.named_errors():
            self.connection.execute("ATTACH ? AS other", (str(other),))
            try:
                with self.connection:
                    self.connection.execute("BEGIN IMMEDIATE")
                    for statement in _ABSORB:
                        self.connection.execute(statement)
            finally:
                self.connection.execute("DETACH other")

    def cost_usd(self, most_usd: Iterable[tuple[str, float]]) -> float:
        """Return the cost of some requests, given by key and highest possible cost.

        An answer of unknown cost counts with the highest, a failure with the most it may have cost.
        """
        with self.named_errors():
            self.connection.execute(_ASKED)
            self.connection.execute("BEGIN")
            self.connection.executemany("INSERT OR IGNORE INTO asked VALUES (?, ?)", most_usd)
            self.connection.execute("COMMIT")
            (cost_usd,) = self.connection.execute(_COST).fetchone()
            self.connection.execute("DROP TABLE asked")
        return float(cost_usd)

    def typical(self, model: str) -> dict[str, tuple[float, float]]:
        """Return the mean tokens of prompts and completions of a model's answers, per thought.

        Only the last hundred thousand answers are read.
        """
        return {
            thought: (prompt, longest)
            for thought, prompt, longest in self.connection.execute(_TYPICAL, (model,))
        }

    def is_collected(self, batch_id: str) -> bool:
        """Say whether the ledger has the answers of a provider's batch."""
        query = "SELECT 1 FROM batches WHERE batch_id = ?"
        return self.connection.execute(query, (batch_id,)).fetchone() is not None

    def mark_collected(self, batch_id: str) -> None:
        """Note that the ledger has the answers of a provider's batch."""
        with self.named_errors():
            self.connection.execute("INSERT OR IGNORE INTO batches VALUES (?, ?)", (batch_id, time.time()))

    def close(self) -> None:
        """Close the ledger; it is then one file, without a write-ahead log."""
        self.thread.shutdown()
        self.connection.close()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


_SELECT = f"SELECT {', '.join(RESULT_COLUMNS)} FROM results WHERE request_key = ?"
_IS_KNOWN = """
SELECT EXISTS (SELECT 1 FROM results WHERE request_key = :key),
EXISTS (SELECT 1 FROM failures WHERE request_key = :key AND shared)
"""
_SHARED_FAILURE = f"SELECT {', '.join(FAILURE_COLUMNS)} FROM failures WHERE request_key = ? AND shared"
_UNANSWERED = "FROM failures WHERE request_key NOT IN (SELECT request_key FROM results)"
_FAILURES = f"SELECT {', '.join(FAILURE_COLUMNS)} {_UNANSWERED} ORDER BY request_key"
_INSERT_RESULT = f"INSERT OR IGNORE INTO results VALUES ({', '.join('?' * len(RESULT_COLUMNS))})"
_INSERT_ATTEMPT = f"INSERT INTO attempts VALUES ({', '.join('?' * len(ATTEMPT_COLUMNS))})"
_NEWER = f"""
ON CONFLICT (request_key) DO UPDATE
SET {", ".join(f"{column} = excluded.{column}" for column in (*FAILURE_COLUMNS, "shared"))}
WHERE excluded.failed_at >= failures.failed_at
"""
_INSERT_FAILURE = f"INSERT INTO failures VALUES ({', '.join('?' * len(FAILURE_COLUMNS))}, ?) {_NEWER}"
_ABSORB = (
    "INSERT OR IGNORE INTO results SELECT * FROM other.results",
    "INSERT INTO attempts SELECT * FROM other.attempts EXCEPT SELECT * FROM attempts",
    f"INSERT INTO failures SELECT * FROM other.failures WHERE true {_NEWER}",
    "INSERT OR IGNORE INTO batches SELECT * FROM other.batches",
)
_ASKED = "CREATE TEMP TABLE asked (request_key TEXT PRIMARY KEY, most_usd REAL) WITHOUT ROWID"
_COST = """
SELECT total(usd) FROM (
    SELECT coalesce(cost_usd, most_usd) AS usd FROM asked JOIN results USING (request_key)
    UNION ALL SELECT attempts.most_usd FROM attempts JOIN asked USING (request_key)
)
"""
_KEEP_UNUSABLE = """
INSERT INTO attempts SELECT request_key, 1, 200, ? || ': ' || CAST(body AS TEXT), answered_at,
coalesce(cost_usd, 0) FROM results WHERE request_key = ?
"""
_TYPICAL = """
SELECT thought, avg(prompt_tokens), avg(completion_tokens) FROM results
WHERE model = ? AND prompt_tokens IS NOT NULL AND completion_tokens IS NOT NULL
AND rowid > (SELECT coalesce(max(rowid), 0) FROM results) - 100000 GROUP BY thought
"""
