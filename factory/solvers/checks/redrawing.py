"""MathPrompter's test over a corpus: programs and equations, on other numbers."""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import groupby, tee
from typing import NamedTuple

from thoughtmill.factory.answers.numbers_in_text import find
from thoughtmill.factory.core import tables
from thoughtmill.factory.solvers.checks.redrawn import redrawn_agreement
from thoughtmill.factory.solvers.outcome import Check
from thoughtmill.factory.solvers.solvers import Solvers


class Pair(NamedTuple):
    """A program and equations of one problem that agree, and the problem's numbers in their order."""

    program_id: str
    equations_id: str
    program: str
    equations: str
    numbers: tuple[Fraction, ...]
    seed: str


def pairs(problems: Iterable[tables.Row], records: Iterable[tables.Row], seed: int) -> Iterator[Pair]:
    """Yield the first program and the first equations of each problem that come to one answer.

    Both tables come in the order of problems.
    """
    joined = tables.joined((record for record in records if record["sample"] == 0), problems)
    for problem_id, group in groupby(joined, key=lambda pair: pair[0]["problem_id"]):
        found = list(group)
        thoughts = {record["thought"]: record for record, _ in found}
        program, equations = thoughts.get("pot"), thoughts.get("eot")
        if program is None or equations is None or program["predicted_answer"] is None:
            continue
        if program["predicted_answer"] == equations["predicted_answer"]:
            numbers = tuple(number.value for number in find(found[0][1]["problem"]))
            yield Pair(
                program["record_id"],
                equations["record_id"],
                program["rationale"],
                equations["rationale"],
                numbers,
                f"{seed}/{problem_id}",
            )


def redraw(pair: Pair, solvers: Solvers) -> Check:
    """Redraw the numbers of one pair and run both again."""
    run, solve = solvers.programs.run, solvers.equations.solve
    return redrawn_agreement(pair.program, pair.equations, pair.numbers, run, solve, pair.seed)


def lost(pair: Pair) -> Check:
    """Return what is said of a pair whose process died: nothing is known."""
    return Check("redrawn_agreement", None, "the process that ran it died")


def checked(
    found: Iterable[Pair], spread: Callable[[Iterable[Pair]], Iterator[Check]]
) -> Iterator[tables.Row]:
    """Yield the rows of `checks` of every pair, one for its program and one for its equations."""
    tried, ahead = tee(found)
    for pair, check in zip(tried, spread(ahead), strict=True):
        for record_id in (pair.equations_id, pair.program_id):
            yield {
                "record_id": record_id,
                "check": check.check,
                "passed": check.passed,
                "detail": check.detail,
            }
