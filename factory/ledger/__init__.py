"""The ledger: every answer that was paid for, durably, in one SQLite file outside the repository.

`results` holds what came back, untouched, under its request key; `attempts` what failed; `runs` how far each
run is; `batches` which batches are here. Answers are only ever added. A group of rows is one transaction:
when `write` returns, no killed process loses them, and no power cut from the end of the next `sync` on.
Waiting for the disk is left to a thread: were every group to wait for it, the next answers would wait in
their sockets meanwhile, where a kill does lose them.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from types import TracebackType

import platformdirs

from factory.errors import ThoughtmillError

LEDGER_VERSION = 2
BUSY_S = 60.0

SCHEMA = """
CREATE TABLE results (
    request_key TEXT NOT NULL PRIMARY KEY,  -- SHA-256 of the canonical request
    endpoint TEXT NOT NULL,                 -- who was asked, without credentials
    model TEXT NOT NULL,                    -- the model that was asked for
    thought TEXT NOT NULL,                  -- the thought it was first asked for
    prompt_sha TEXT NOT NULL,               -- SHA-256 of the messages
    body BLOB NOT NULL,                     -- the answer's body, as it came
    finish_reason TEXT,                     -- why the teacher stopped, in its own word
    prompt_tokens INTEGER,
    cached_tokens INTEGER,                  -- those of prompt_tokens that were billed as cached
    completion_tokens INTEGER,
    cost_usd REAL,                          -- null when the price or the usage is unknown
    latency_s REAL,                         -- from request to answer
    answered_at REAL NOT NULL               -- seconds since 1970, UTC
);
CREATE TABLE attempts (
    request_key TEXT NOT NULL,
    attempt INTEGER NOT NULL,               -- from 1, within one run
    status INTEGER,                         -- the HTTP status; null when nothing came back
    detail TEXT NOT NULL,                   -- what went wrong
    failed_at REAL NOT NULL,                -- seconds since 1970, UTC
    most_usd REAL NOT NULL DEFAULT 0        -- what it may have cost, where a budget was set
);
CREATE TABLE runs (
    run INTEGER PRIMARY KEY,
    pid INTEGER NOT NULL,
    began_at REAL NOT NULL,                 -- seconds since 1970, UTC
    seen_at REAL NOT NULL,
    ended INTEGER NOT NULL,                 -- 0 while it runs, and for ever if it was killed
    figures TEXT NOT NULL                   -- how far it was when last seen
);
CREATE TABLE batches (
    batch_id TEXT NOT NULL PRIMARY KEY,     -- the provider's name of a batch whose answers are here
    collected_at REAL NOT NULL              -- seconds since 1970, UTC
);
"""


@dataclass(frozen=True, slots=True)
class Result:
    """One row of `results`."""

    request_key: str
    endpoint: str
    model: str
    thought: str
    prompt_sha: str
    body: bytes
    finish_reason: str | None
    prompt_tokens: int | None
    cached_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None
    latency_s: float | None
    answered_at: float


@dataclass(frozen=True, slots=True)
class Attempt:
    """One row of `attempts`."""

    request_key: str
    attempt: int
    status: int | None
    detail: str
    failed_at: float
    most_usd: float = 0.0


def default_path() -> Path:
    """Return where the ledger is: `THOUGHTMILL_LEDGER`, else a file in the user's cache folder."""
    named = os.environ.get("THOUGHTMILL_LEDGER")
    return Path(named) if named else platformdirs.user_cache_path("thoughtmill") / "ledger.sqlite"


class Ledger:
    """An open ledger; several processes may hold one at a time.

    A file that is no ledger, or a newer one than this version knows, raises a `ThoughtmillError`.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_path()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self.syncing: Future[None] | None = None
        try:
            self.connection = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)
            self.connection.execute("PRAGMA journal_mode=WAL")
            self.connection.execute("PRAGMA synchronous=NORMAL")
            self.connection.execute("PRAGMA wal_autocheckpoint=0")
            self._set_up()
        except sqlite3.DatabaseError as error:
            raise ThoughtmillError(
                f"{self.path} cannot be the ledger ({error}): point THOUGHTMILL_LEDGER to another file"
            ) from error

    def _set_up(self) -> None:
        """Create the tables in a new file, bring those of an older one up to date, refuse a newer one."""
        with self.connection:
            self.connection.execute("BEGIN IMMEDIATE")
            version = self.connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in SCHEMA.split(";\n"):
                    self.connection.execute(statement)
            elif version == 1:
                self.connection.execute("ALTER TABLE attempts ADD COLUMN most_usd REAL NOT NULL DEFAULT 0")
            if version < LEDGER_VERSION:
                self.connection.execute(f"PRAGMA user_version={LEDGER_VERSION}")
        if version > LEDGER_VERSION:
            raise ThoughtmillError(
                f"{self.path} was written by a newer Thoughtmill (ledger version {version}; this one knows "
                f"{LEDGER_VERSION}): update Thoughtmill, or point THOUGHTMILL_LEDGER to another file"
            )

    def get(self, request_key: str) -> Result | None:
        """Return the answer that was bought under this key, or None."""
        row = self.connection.execute(_SELECT, (request_key,)).fetchone()
        return None if row is None else Result(*row)

    def __contains__(self, request_key: object) -> bool:
        return self.connection.execute(_KNOWN, (request_key,)).fetchone() is not None

    def write(self, results: Iterable[Result], attempts: Iterable[Attempt] = ()) -> None:
        """Add rows as one durable transaction; of two answers to one request the first stays."""
        with self.named_errors(), self.connection:
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.executemany(_INSERT_RESULT, map(attrgetter(*RESULT_COLUMNS), results))
            self.connection.executemany(_INSERT_ATTEMPT, map(attrgetter(*ATTEMPT_COLUMNS), attempts))

    def sync(self) -> None:
        """Begin to write through to the disk all that is written, in a thread, unless that is under way."""
        if self.syncing is None or self.syncing.done():
            if self.syncing is not None:
                self.syncing.result()
            self.syncing = self.thread.submit(self._checkpoint)

    def _checkpoint(self) -> None:
        with self.named_errors(), closing(sqlite3.connect(self.path, timeout=BUSY_S)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    @contextmanager
    def named_errors(self) -> Iterator[None]:
        """Say which file a full disk, or a lock that nobody gives up, is about."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise ThoughtmillError(f"{self.path} cannot be written: {error}") from error

    def keys(self) -> Iterator[str]:
        """Yield the keys of all answers, in order."""
        return (
            key for (key,) in self.connection.execute("SELECT request_key FROM results ORDER BY request_key")
        )

    def count(self) -> int:
        """Return how many answers there are."""
        return int(self.connection.execute("SELECT count(*) FROM results").fetchone()[0])

    def cost_usd(self, request_keys: Iterable[str]) -> float:
        """Return what some requests have cost as far as it is known, failures at the most they may have."""
        with self.named_errors():
            self.connection.execute("CREATE TEMP TABLE asked (request_key TEXT PRIMARY KEY) WITHOUT ROWID")
            self.connection.execute("BEGIN")
            keys = ((key,) for key in request_keys)
            self.connection.executemany("INSERT OR IGNORE INTO asked VALUES (?)", keys)
            self.connection.execute("COMMIT")
            (cost_usd,) = self.connection.execute(_COST).fetchone()
            self.connection.execute("DROP TABLE asked")
        return float(cost_usd)

    def typical(self, model: str) -> dict[str, tuple[float, float]]:
        """Return the mean tokens of prompts and completions of a model's answers, per thought."""
        return {
            thought: (prompt, longest)
            for thought, prompt, longest in self.connection.execute(_TYPICAL, (model,))
        }

    def close(self) -> None:
        """Close the file; a closed ledger is one file, without its write-ahead log."""
        self.thread.shutdown()
        self.connection.close()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


RESULT_COLUMNS = tuple(column.name for column in fields(Result))
ATTEMPT_COLUMNS = tuple(column.name for column in fields(Attempt))
_SELECT = f"SELECT {', '.join(RESULT_COLUMNS)} FROM results WHERE request_key = ?"
_KNOWN = "SELECT 1 FROM results WHERE request_key = ?"
_INSERT_RESULT = f"INSERT OR IGNORE INTO results VALUES ({', '.join('?' * len(RESULT_COLUMNS))})"
_INSERT_ATTEMPT = f"INSERT INTO attempts VALUES ({', '.join('?' * len(ATTEMPT_COLUMNS))})"
_COST = """
SELECT total(usd) FROM (
    SELECT cost_usd AS usd FROM asked JOIN results USING (request_key)
    UNION ALL SELECT most_usd FROM attempts WHERE request_key IN asked
)
"""
_TYPICAL = """
SELECT thought, avg(prompt_tokens), avg(completion_tokens) FROM results
WHERE model = ? AND prompt_tokens IS NOT NULL AND completion_tokens IS NOT NULL GROUP BY thought
"""
