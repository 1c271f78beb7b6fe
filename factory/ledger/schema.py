"""The ledger's tables, and their rows in memory."""

from dataclasses import dataclass, fields

LEDGER_VERSION = 3

RESULTS = """
CREATE TABLE results (
    request_key TEXT NOT NULL PRIMARY KEY,  -- SHA-256 of the canonical request
    endpoint TEXT NOT NULL,                 -- the endpoint's name, without credentials
    model TEXT NOT NULL,                    -- the model that was asked
    thought TEXT NOT NULL,                  -- the thought it was first asked for
    prompt_sha TEXT NOT NULL,               -- SHA-256 of the messages
    body BLOB NOT NULL,                     -- the answer's body, untouched
    finish_reason TEXT,                     -- why the teacher stopped, in its own word
    prompt_tokens INTEGER,
    cached_tokens INTEGER,                  -- those of prompt_tokens that were billed as cached
    completion_tokens INTEGER,
    cost_usd REAL,                          -- null when the price or the usage is unknown
    latency_s REAL,                         -- from request to answer
    answered_at REAL NOT NULL               -- seconds since 1970, UTC
)
"""
ATTEMPTS = """
CREATE TABLE attempts (
    request_key TEXT NOT NULL,
    attempt INTEGER NOT NULL,               -- from 1, within one run
    status INTEGER,                         -- the HTTP status; null when no answer arrived
    detail TEXT NOT NULL,                   -- what went wrong
    failed_at REAL NOT NULL,                -- seconds since 1970, UTC
    most_usd REAL NOT NULL DEFAULT 0        -- what it may have cost, where a budget was set
)
"""
RUNS = """
CREATE TABLE runs (
    run INTEGER PRIMARY KEY,
    pid INTEGER NOT NULL,
    began_at REAL NOT NULL,                 -- seconds since 1970, UTC
    seen_at REAL NOT NULL,
    ended INTEGER NOT NULL,                 -- 0 while it runs, and for ever if it was killed
    figures TEXT NOT NULL                   -- its progress at seen_at
)
"""
BATCHES = """
CREATE TABLE batches (
    batch_id TEXT NOT NULL PRIMARY KEY,     -- the provider's name of a batch whose answers are here
    collected_at REAL NOT NULL              -- seconds since 1970, UTC
)
"""
FAILURES = """
CREATE TABLE failures (
    request_key TEXT NOT NULL PRIMARY KEY,
    model TEXT NOT NULL,                    -- the model that was asked
    failure TEXT NOT NULL,                  -- the failure of its row
    detail TEXT NOT NULL,                   -- the failure in words
    failed_at REAL NOT NULL,                -- seconds since 1970, UTC
    shared INTEGER NOT NULL                 -- 1: it came from shards; its request is not asked
)
"""
SCHEMA = (RESULTS, ATTEMPTS, RUNS, BATCHES, FAILURES)
UPGRADES = {1: "ALTER TABLE attempts ADD COLUMN most_usd REAL NOT NULL DEFAULT 0", 2: FAILURES}  # by version


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A row of `results`."""

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
class AttemptRow:
    """A row of `attempts`."""

    request_key: str
    attempt: int
    status: int | None
    detail: str
    failed_at: float
    most_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class FailureRow:
    """A row of `failures`: the outcome of a request without an answer."""

    request_key: str
    model: str
    failure: str
    detail: str
    failed_at: float


RESULT_COLUMNS = tuple(column.name for column in fields(ResultRow))
ATTEMPT_COLUMNS = tuple(column.name for column in fields(AttemptRow))
FAILURE_COLUMNS = tuple(column.name for column in fields(FailureRow))
