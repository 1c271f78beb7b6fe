-- A ledger as Thoughtmill 0.1.0 wrote it.
PRAGMA user_version = 3;
BEGIN TRANSACTION;
CREATE TABLE attempts (
    request_key TEXT NOT NULL,
    attempt INTEGER NOT NULL,               -- from 1, within one run
    status INTEGER,                         -- the HTTP status; null when nothing came back
    detail TEXT NOT NULL,                   -- what went wrong
    failed_at REAL NOT NULL,                -- seconds since 1970, UTC
    most_usd REAL NOT NULL DEFAULT 0        -- what it may have cost, where a budget was set
);
INSERT INTO "attempts" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',1,500,'oops',1700000000.0,0.0);
CREATE TABLE batches (
    batch_id TEXT NOT NULL PRIMARY KEY,     -- the provider's name of a batch whose answers are here
    collected_at REAL NOT NULL              -- seconds since 1970, UTC
);
CREATE TABLE failures (
    request_key TEXT NOT NULL PRIMARY KEY,
    model TEXT NOT NULL,                    -- the model that was asked
    failure TEXT NOT NULL,                  -- the failure its row ended with
    detail TEXT NOT NULL,                   -- the failure in words
    failed_at REAL NOT NULL,                -- seconds since 1970, UTC
    shared INTEGER NOT NULL                 -- 1: it came from shards, stands, and is not asked again
);
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
INSERT INTO "results" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','https://api.example.com/v1','tiny','cot','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',X'7B2263686F69636573223A205B7B226D657373616765223A207B22636F6E74656E74223A202254776F20616E642074687265652061726520666976652E20232323232035227D2C202266696E6973685F726561736F6E223A202273746F70227D5D7D','stop',10,4,5,0.25,1.5,1700000000.0);
CREATE TABLE runs (
    run INTEGER PRIMARY KEY,
    pid INTEGER NOT NULL,
    began_at REAL NOT NULL,                 -- seconds since 1970, UTC
    seen_at REAL NOT NULL,
    ended INTEGER NOT NULL,                 -- 0 while it runs, and for ever if it was killed
    figures TEXT NOT NULL                   -- how far it was when last seen
);
COMMIT;
