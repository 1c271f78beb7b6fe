"""MathPrompter's test over a corpus: which pairs are tried, and what is said of them."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import pytest

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.answers.number import exact_text
from thoughtmill.factory.core import tables
from thoughtmill.factory.solvers.arithmetic import evaluate
from thoughtmill.factory.solvers.checks import redrawing
from thoughtmill.factory.solvers.checks.redrawing import (
    DRAWS,
    Pair,
    pairs,
    redraw,
    redrawn_agreement,
    rows,
)
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.outcome import Check, Outcome
from thoughtmill.factory.solvers.solvers import Solvers

PROBLEMS = [
    {"problem_id": name, "problem": "How many are 6 rows of 7?", "answer_kind": "number"} for name in "abc"
]


def record(problem_id: str, thought: str, rationale: str, answer: str | None, sample: int = 0) -> tables.Row:
    return {
        "record_id": f"{problem_id}/{thought}/{sample}",
        "problem_id": problem_id,
        "thought": thought,
        "sample": sample,
        "rationale": rationale,
        "predicted_answer": answer,
        "predicted_kind": answer and "number",
    }


def found(*records: tables.Row) -> list[Pair]:
    return list(pairs(PROBLEMS, records, {"pot": "program", "eot": "equations"}, seed=1))


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
    found = list(rows(given, spread))
    assert [row["record_id"] for row in found] == ["a/eot/0", "a/pot/0", "b/eot/0", "b/pot/0"]
    assert {(row["check"], row["passed"], row["detail"]) for row in found} == {
        ("redrawn_agreement", True, "seed")
    }


def test_of_a_pair_whose_process_died_nothing_is_known() -> None:
    assert redrawing.lost(pair("p", "e")).passed is None


seen: list[str] = []


def last_line(text: str) -> Outcome:
    """Solve texts whose last line is `ans = <arithmetic>`."""
    seen.append(text)
    number = evaluate(text.strip().splitlines()[-1].partition("= ")[2])
    return Outcome(None, "raised") if number is None else Outcome(Answer(exact_text(number)), None)


def asked(program: str, equations: str, *numbers: str, seed: str = "7") -> Check:
    seen.clear()
    return redrawn_agreement(
        program, equations, [Fraction(number) for number in numbers], last_line, last_line, seed
    )


def test_thoughts_that_mean_the_same_agree_on_every_draw() -> None:
    check = asked("ans = 12 * 3 - 1250", "ans = 3 * 12 - 1,250", "12", "3", "1250")
    assert (check.check, check.passed, check.detail) == ("redrawn_agreement", True, "3 of 3 draws agree")
    assert len(seen) == 2 * DRAWS


def test_thoughts_that_agree_by_chance_are_told_apart_with_the_numbers_that_do_it() -> None:
    check = asked("ans = 6 * 3", "ans = 6 + 3 + 9", "6", "3")
    assert check.passed is False
    assert check.detail is not None
    assert check.detail.startswith("with 6 as ")


def test_numbers_are_redrawn_alike_in_both_texts_and_constants_stay() -> None:
    asked("ans = 40 / 100 * 2.50", "ans = 2.5 * 40 / 100", "40", "2.5")
    program, equations = seen[0].split("= ")[1].split(), seen[1].split("= ")[1].split()
    assert (program[0], program[4]) == (equations[2], equations[0])
    assert program[0] != "40"
    assert program[4] != "2.50"
    assert program[2] == equations[4] == "100"


def test_numbers_that_do_not_bind_one_to_one_leave_it_open() -> None:
    for program, equations, numbers in (
        ("ans = 4 + 4", "ans = 4 * 2", ["4"]),  # twice in the program
        ("ans = 4 * 0.25", "ans = 4 * 25 / 100", ["4", "25"]),  # one writes the share
        ("ans = 4 + 5", "ans = 4 + 5", ["4", "5", "4"]),  # twice in the problem
        ("ans = 9", "ans = 9", ["4"]),  # no number of the problem
    ):
        check = asked(program, equations, *numbers)
        assert (check.passed, check.detail) == (None, "the numbers do not bind one-to-one")
        assert seen == []


def test_figures_in_names_and_comments_are_no_numbers_of_the_problem() -> None:
    assert asked("x4 = 1  # 4 apples\nans = 4 * 3", "ans = 3 * 4  # 4 a bag", "4", "3").passed is True


def test_texts_that_have_no_answer_on_other_numbers_leave_it_open() -> None:
    assert asked("ans = 4 / 0", "ans = 4", "4").passed is None


def test_a_seed_draws_the_same_numbers_whatever_else_is_drawn() -> None:
    asked("ans = 12 * 3", "ans = 3 * 12", "12", "3")
    first = list(seen)
    asked("ans = 12 * 3", "ans = 3 * 12", "12", "3")
    assert seen == first
    asked("ans = 12 * 3", "ans = 3 * 12", "12", "3", seed="8")
    assert seen != first


def test_a_formula_is_redrawn_as_what_the_problem_asks_for() -> None:
    seven = Fraction(7)
    program = "import sympy\nx = sympy.Symbol('x')\nans = 7 * x"
    pair = Pair("p", "e", program, "ans = x * 7", (seven,), "1", "expression")
    with Solvers(Limits(), equations_timeout_s=5.0) as solvers:
        assert redraw(pair, solvers).passed is True
        assert redraw(pair._replace(equations="ans = x + 7"), solvers).passed is False
        assert redraw(pair._replace(answer_kind="number"), solvers).passed is None
