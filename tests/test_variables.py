"""What is named and never used is told."""

import pytest

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.solvers.checks import Check, Outcome, variables
from thoughtmill.factory.solvers.program.trees import MAX_LENGTH


def program_variables(program: str) -> Check:
    return variables.program_variables(program, "", Outcome(Answer("24"), None))


def equation_variables(equations: str) -> Check:
    return variables.equation_variables(equations, "", Outcome(Answer("24"), None))


ALL_USED = [
    "a = 4\nb = 6\nans = a * b",
    "a = 4\ntotal = a * 2",
    "def solution():\n    a = 4\n    return a\n",
    "total = 0\nfor day in range(7):\n    total += day\nresult = total",
    "a = 4\na += 2\nans = 5 + a",
    "for _ in range(3):\n    n = 1\nprint(n)",
]


@pytest.mark.parametrize("program", ALL_USED)
def test_a_program_that_reads_all_it_sets_passes(program: str) -> None:
    assert program_variables(program).passed is True


def test_a_variable_that_is_never_read_is_named() -> None:
    check = program_variables("a = 4\nspare = 5\nb, c = 1, 2\nans = a + b")
    assert (check.check, check.passed, check.detail) == ("variables_used", False, "never used: spare, c")


@pytest.mark.parametrize(
    "program", ["", "print(3)", "a = = 3", "a\0b", "(" * 500, "x = 1\n" * MAX_LENGTH, "-" * 15000 + "1"]
)
def test_a_program_without_variables_or_sense_has_nothing_to_say(program: str) -> None:
    assert program_variables(program).passed is None


def test_equations_that_use_every_unknown_pass() -> None:
    assert equation_variables("unknowns: x, y\nx + y = 10\nx - y = 2\nans = x").passed is True
    assert equation_variables("a = 4 * 6\ntotal = a + 2").passed is True


def test_an_unknown_that_occurs_once_is_named_and_comments_do_not_use_it() -> None:
    check = equation_variables("unknowns: x, cost\nx = 4\ncost = 7  # the cost\nans = x")
    assert (check.passed, check.detail) == (False, "never used: cost")


@pytest.mark.parametrize("equations", ["", "unknowns: x", "3 = 3", "no equation"])
def test_a_text_without_equations_has_nothing_to_say(equations: str) -> None:
    assert equation_variables(equations).passed is None
