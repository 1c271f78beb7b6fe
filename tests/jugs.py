"""A corpus of a dozen problems with every kind of verdict, for tests of the report.

Problem `jugs-0` to `jugs-11`: every thought of it is right except what `BROKEN` says. `jugs-9` is a test
problem, `jugs-10` was never answered, and the text of `jugs-11` is written to break a page.
"""

import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from thoughtmill.factory.core import corpus, tables
from thoughtmill.schemas import Checks, Completions, Problems, Records, Refused

THOUGHTS = ("knowledge", "cot", "pot", "eot")
PROBLEMS = 12
HOSTILE = "<script>alert(1)</script> ]]> </pre> </style> {{ 7*7 }} {% raw %} &amp; \"' \x00\x1b[31m"

BROKEN: dict[tuple[int, str], tables.Row] = {
    (0, "knowledge"): {"failure": "not_general", "detail": "rule 1 names 3"},
    (1, "cot"): {"predicted_answer": "10"},
    (2, "pot"): {"failure": "timeout", "detail": "stopped after 2 s"},
    (3, "eot"): {"failure": "underdetermined", "detail": "`kg` is free"},
    (4, "cot"): {"predicted_answer": "7"},
    (4, "pot"): {"predicted_answer": "7"},
    (4, "eot"): {"predicted_answer": "7"},
    (5, "pot"): {"drop_reason": "duplicate_rationale"},
    (6, "eot"): {"failure": "unparsable", "detail": "no equation", "rationale": None},
} | {
    (10, thought): {"failure": "unanswered", "detail": "no reply", "completion": None, "rationale": None}
    for thought in THOUGHTS
}


def build(data: Path) -> Path:
    """Copy the tables and the manifest of the corpus, which are written once, to a folder."""
    return shutil.copytree(_folder().name, data, dirs_exist_ok=True)


def write(data: Path) -> Path:
    """Write the tables and the manifest of the corpus to a folder, as the stages would."""
    parts = [_parts(n, thought) for n in range(PROBLEMS) for thought in THOUGHTS]
    tables.write(data / "problems.parquet", Problems, map(_problem, range(PROBLEMS)))
    tables.write(data / "records.parquet", Records, [record for _, record, _ in parts])
    tables.write(data / "checks.parquet", Checks, [check for _, _, checks in parts for check in checks])
    tables.write(data / "refused.parquet", Refused, [])
    for thought in THOUGHTS:
        asked = [completion for completion, _, _ in parts if completion["thought"] == thought]
        tables.write(data / "completions" / f"{thought}.parquet", Completions, asked)
    (data / "manifest.json").write_text(json.dumps(corpus.manifest(data, THOUGHTS)), "utf-8")
    return data


def opened() -> duckdb.DuckDBPyConnection:
    """Return the corpus as views of one database, in a transaction: a change is seen by this user alone."""
    return _database().cursor().begin()


@cache
def _database() -> duckdb.DuckDBPyConnection:
    con = tables.connect()
    corpus.fill(con, Path(_folder().name), THOUGHTS, "view", described=False)
    return con


@cache
def _folder() -> TemporaryDirectory[str]:
    """Return the folder of the tables, which is removed at the end."""
    folder = TemporaryDirectory()
    write(Path(folder.name))
    return folder


def answer(n: int) -> str:
    """Return a gold answer: three times a number, but for a decimal and a negative fraction."""
    return {7: "0.5", 8: "-1/3"}.get(n, str(3 * (n + 2)))


def _problem(n: int) -> tables.Row:
    text = f"Each of 3 jugs holds {n} cups, and 2 are poured into each. How many cups do they hold?"
    return {
        "problem_id": f"jugs-{n}",
        "source": "jugs",
        "split": _split(n),
        "problem": HOSTILE if n == 11 else text,
        "answer": answer(n),
        "answer_kind": "number",
        "license": "MIT",
        **dict.fromkeys(("subject", "level", "solution", "parent_id", "growth")),
    }


def _split(n: int) -> str:
    return "test" if n == 9 else "train"


def _rationale(n: int, thought: str) -> str:
    return {
        "knowledge": "The total of equal groups is the number of groups times the size of one group.",
        "cot": f"Each jug holds {n} + 2 = {n + 2} cups.\n#### {answer(n)}",
        "pot": f"cups = {n} + 2\nans = 3 * cups",
        "eot": f"unknowns: cups\ncups = {n} + 2\nans = 3 * cups",
    }[thought]


def _parts(n: int, thought: str) -> tuple[tables.Row, tables.Row, list[tables.Row]]:
    """Return the completion, the record and the checks of one thought of a problem."""
    broken = BROKEN.get((n, thought), {})
    record = _record(n, thought, broken)
    steps = (
        record["correct"] if n != 4 else record["correct"] is not None or None
    )  # only its gold answer differs
    found = {
        "solved": (record["failure"] is None, broken.get("detail")),
        "steps": (steps, None if steps is not False else "2 of 3 steps hold"),
    }
    checks = [
        {"record_id": record["record_id"], "check": name, "passed": passed, "detail": detail}
        for name, (passed, detail) in found.items()
    ]
    return _completion(record, broken), record, checks


def _record(n: int, thought: str, broken: tables.Row) -> tables.Row:
    failure = broken.get("failure")
    silent = failure is not None or thought == "knowledge"
    predicted = None if silent else broken.get("predicted_answer", answer(n))
    correct = None if predicted is None else predicted == answer(n)
    reason = broken.get("drop_reason", "held_out" if n == 9 else None)
    reason = "failed" if failure else "incorrect" if correct is False else reason
    return {
        "record_id": f"jugs-{n}/{thought}/0",
        "problem_id": f"jugs-{n}",
        "thought": thought,
        "sample": 0,
        "completion_id": f"jugs-{n}-{thought}-0-deadbeef",
        "rationale": broken.get("rationale", HOSTILE if n == 11 else _rationale(n, thought)),
        "predicted_answer": predicted,
        "predicted_kind": predicted and "number",
        "failure": failure,
        "correct": correct,
        "fence": None,
        "split": _split(n),
        "kept": reason is None,
        "drop_reason": reason,
    }


def _completion(record: tables.Row, broken: tables.Row) -> tables.Row:
    asked = {name: record[name] for name in ("completion_id", "problem_id", "thought", "sample")}
    return asked | {
        "request_key": "ab" * 32,
        "prompt_sha": "cd" * 32,
        "teacher": "embedded",
        "model": "jug-teacher",
        "completion": broken.get("completion", f"What was said of {record['record_id']}."),
        "reasoning": None,
        "finish_reason": "stop",
        "failure": None,
        "detail": None,
        "prompt_tokens": 100,
        "cached_tokens": None,
        "completion_tokens": 20,
        "reasoning_tokens": None,
        "cost_usd": None,
        "latency_s": None,
    }
