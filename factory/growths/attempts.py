"""Attempts: what a growth made of a problem, as rows of the tables."""

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from thoughtmill.factory.growths import Barren, Child
from thoughtmill.factory.ledger.keys import canonical, prompt_sha
from thoughtmill.schemas import Completions, columns

Row = dict[str, Any]


class Attempt(NamedTuple):
    """What one attempt of a growth on a problem made."""

    parent: Row
    growth: str
    number: int
    made: Child | Barren


def id_of(attempt: Attempt) -> str:
    """Return the id of the problem that an attempt made."""
    return f"{attempt.parent['problem_id']}+{attempt.growth}-{attempt.number}"


def problem_of(attempt: Attempt) -> Row | None:
    """Return the new row of `problems`; None where there is no new problem."""
    made = attempt.made
    if isinstance(made, Barren) or made.problem is None:
        return None
    own = {
        "problem_id": id_of(attempt),
        "problem": made.problem,
        "answer": made.answer and made.answer.text,
        "answer_kind": made.answer.kind if made.answer else attempt.parent["answer_kind"],
        "solution": None,
        "parent_id": attempt.parent["problem_id"],
        "growth": attempt.growth,
    }
    return {**attempt.parent, **own}


def completions_of(attempt: Attempt, problem_id: str) -> Iterator[Row]:
    """Yield the rows of `completions` that a growth wrote: its own, in answer to no prompt."""
    made = attempt.made
    written = {} if isinstance(made, Barren) else made.completions
    for thought, text in written.items():
        key = hashlib.sha256(canonical([attempt.growth, problem_id, thought, text])).hexdigest()
        yield {
            **dict.fromkeys(column.name for column in columns(Completions)),
            "completion_id": f"{problem_id}/{thought}/0@{key[:8]}",
            "problem_id": problem_id,
            "thought": thought,
            "sample": 0,
            "request_key": key,
            "prompt_sha": prompt_sha(()),
            "teacher": attempt.growth,
            "model": attempt.growth,
            "completion": text,
            "finish_reason": "stop",
            "cost_usd": 0.0,
        }


def growth_of(attempt: Attempt, problem: Row | None, rejection: str | None = None) -> Row:
    """Return the row of `growths`; `rejection` says why the problem that was made is not kept."""
    failed = attempt.made if isinstance(attempt.made, Barren) else None
    about = attempt.parent if problem is None else problem
    return {
        "parent_id": attempt.parent["problem_id"],
        "growth": attempt.growth,
        "number": attempt.number,
        "problem_id": None if failed else about["problem_id"],
        "reason": failed.reason if failed else rejection,
    }
