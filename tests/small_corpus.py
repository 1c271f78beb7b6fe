"""A corpus small enough to know by heart: three problems, two thoughts, and every kind of verdict."""

from pathlib import Path
from typing import Any

from thoughtmill.factory.core import tables
from thoughtmill.schemas import TABLES

THOUGHTS = ("cot", "pot")

PROBLEMS = [
    ("ours-train-0", "train", "Mo has 3 bags of 4 <b>nuts</b>. How many nuts?", "12"),
    ("ours-train-1", "train", "Ida cuts 7 pies into 2 parts each. How many parts?", "14"),
    ("ours-test-0", "test", "A pen costs $2. What do 9 pens cost?", "18"),
]

# problem, thought, rationale, predicted answer, failure, correct, kept, drop reason, agreed
VERDICTS: list[tuple[Any, ...]] = [
    ("ours-train-0", "cot", "3 * 4 = 12\n#### 12", "12", None, True, True, None, True),
    ("ours-train-0", "pot", "ans = 3 * 4", "12", None, True, True, None, True),
    ("ours-train-1", "cot", "7 + 2 = 9\n#### 9", "9", None, False, False, "incorrect", True),
    ("ours-train-1", "pot", "ans = 7 + 2", "9", None, False, False, "incorrect", True),
    ("ours-test-0", "cot", "2 * 9 = 18\n#### 18", "18", None, True, False, "held_out", None),
    ("ours-test-0", "pot", None, None, "unparsable", None, False, "failed", None),
]


REFUSED = [
    {"source": "ours", "split": "train", "position": 2, "place": "ours.csv, line 4",
     "text": "What is it?,n/a", "reason": "the answer 'n/a' says that there is none"},
]  # fmt: skip


def write(data: Path) -> Path:
    """Write the tables of the small corpus under `data`, as the stages would."""
    write_completions(data, PROBLEMS, VERDICTS)
    tables.write(data / "records.parquet", TABLES["records"], map(_record, VERDICTS))
    tables.write(data / "checks.parquet", TABLES["checks"], map(_agreement, VERDICTS))
    tables.write(data / "refused.parquet", TABLES["refused"], REFUSED)
    return data


def write_completions(
    data: Path, problems: list[tuple[str, str, str, str]], verdicts: list[tuple[Any, ...]]
) -> None:
    """Write problems and completions under `data`, as `seed` and `generate` would."""
    tables.write(data / "problems.parquet", TABLES["problems"], map(problem_row, problems))
    for thought in THOUGHTS:
        rows = [completion_row(verdict) for verdict in verdicts if verdict[1] == thought]
        tables.write(data / "completions" / f"{thought}.parquet", TABLES["completions"], rows)


def problem_row(row: tuple[str, str, str, str]) -> tables.Row:
    problem_id, split, problem, answer = row
    kept = {"problem_id": problem_id, "split": split, "problem": problem, "answer": answer}
    unknown = dict.fromkeys(("subject", "level", "solution", "parent_id", "growth"))
    return {**kept, **unknown, "source": "ours", "answer_kind": "number", "license": "MIT"}


def completion_row(verdict: tuple[Any, ...]) -> tables.Row:
    problem_id, thought, rationale = verdict[:3]
    return {
        "completion_id": f"{problem_id}/{thought}/0@00000000",
        "problem_id": problem_id,
        "thought": thought,
        "sample": 0,
        "request_key": "0" * 64,
        "prompt_sha": "1" * 64,
        "teacher": "replay",
        "model": "handwritten",
        "completion": rationale or "I would rather not.",
        "reasoning": None,
        "finish_reason": "stop",
        "failure": None,
        "detail": None,
        "prompt_tokens": 100,
        "cached_tokens": None,
        "completion_tokens": 10,
        "reasoning_tokens": None,
        "cost_usd": 0.25,
        "latency_s": 1.5,
    }


def _record(verdict: tuple[Any, ...]) -> tables.Row:
    problem_id, thought, rationale, predicted_answer, failure, correct, kept, drop_reason, _ = verdict
    return {
        "record_id": f"{problem_id}/{thought}/0",
        "problem_id": problem_id,
        "thought": thought,
        "sample": 0,
        "completion_id": f"{problem_id}/{thought}/0@00000000",
        "rationale": rationale,
        "predicted_answer": predicted_answer,
        "predicted_kind": predicted_answer and "number",
        "failure": failure,
        "correct": correct,
        "fence": "monty" if thought == "pot" and rationale else None,
        "split": "test" if "test" in problem_id else "train",
        "kept": kept,
        "drop_reason": drop_reason,
    }


def _agreement(verdict: tuple[Any, ...]) -> tables.Row:
    detail = {True: "1 of 1 other thoughts", None: "0 of 0 other thoughts"}[verdict[8]]
    return {
        "record_id": f"{verdict[0]}/{verdict[1]}/0",
        "check": "agreement",
        "passed": verdict[8],
        "detail": detail,
    }
