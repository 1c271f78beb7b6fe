"""MathPrompter's test over a corpus: which pairs are tried, and what is said of them."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import pytest

from thoughtmill.factory.core import tables
from thoughtmill.factory.solvers.checks import redrawing
from thoughtmill.factory.solvers.checks.redrawing import Pair, checked, pairs, redraw
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.outcome import Check
from thoughtmill.factory.solvers.solvers import Solvers

PROBLEMS = [{"problem_id": name, "problem": "How many are 6 rows of 7?"} for name in ("a", "b", "c")]


def record(problem_id: str, thought: str, rationale: str, answer: str | None, sample: int = 0) -> tables.Row:
    return {
        "record_id": f"{problem_id}/{thought}/{sample}",
        "problem_id": problem_id,
        "thought": thought,
        "sample": sample,
        "rationale": rationale,
        "predicted_answer": answer,
    }


def found(*records: tables.Row) -> list[Pair]:
    return list(pairs(PROBLEMS, records, seed=1))


def test_a_program_and_equations_of_one_answer_are_a_pair() -> None:
    (pair,) = found(record("b", "eot", "ans = 6 * 7", "42"), record("b", "pot", "ans = 7 * 6", "42"))
    assert (pair.program_id, pair.equations_id) == ("b/pot/0", "b/eot/0")
    assert pair.numbers == (Fraction(6), Fraction(7))
    assert pair.seed == "1/b"


@pytest.mark.parametrize(
    "records",
    [
        [record("a", "pot", "ans = 42", "42")],
        [record("a", "eot", "x", None), record("a", "pot", "x", None)],
        [record("a", "eot", "ans = 42", "42"), record("a", "pot", "ans = 41", "41")],
        [record("a", "eot", "ans = 42", "42"), record("b", "pot", "ans = 42", "42")],
        [record("a", "eot", "ans = 42", "42"), record("a", "pot", "ans = 42", "42", sample=1)],
    ],
)
def test_what_does_not_agree_is_no_pair(records: list[tables.Row]) -> None:
    assert found(*records) == []


def pair(program: str, equations: str) -> Pair:
    return Pair("a/pot/0", "a/eot/0", program, equations, (Fraction(6), Fraction(7)), "seed")


@pytest.mark.parametrize(
    ("program", "equations", "passed"),
    [
        ("rows = 6\nans = rows * 7", "unknowns: x\nx / 7 = 6\nans = x", True),
        ("ans = 6 * 7", "ans = 6 + 7 + 29", False),
        ("ans = 42", "ans = 42", None),
    ],
)
def test_agreement_by_chance_parts_on_other_numbers(
    program: str, equations: str, passed: bool | None
) -> None:
    with Solvers(Limits(), equations_timeout_s=5.0) as solvers:
        assert redraw(pair(program, equations), solvers).passed is passed


def test_each_pair_gives_a_row_for_its_program_and_its_equations() -> None:
    def spread(items: Iterable[Pair]) -> Iterator[Check]:
        return (Check("redrawn_agreement", True, item.seed) for item in items)

    given: list[Any] = [pair("p", "e"), pair("p", "e")._replace(program_id="b/pot/0", equations_id="b/eot/0")]
    rows = list(checked(given, spread))
    assert [row["record_id"] for row in rows] == ["a/eot/0", "a/pot/0", "b/eot/0", "b/pot/0"]
    assert {(row["check"], row["passed"], row["detail"]) for row in rows} == {
        ("redrawn_agreement", True, "seed")
    }


def test_of_a_pair_whose_process_died_nothing_is_known() -> None:
    assert redrawing.lost(pair("p", "e")).passed is None
