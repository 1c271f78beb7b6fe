"""What sympy is asked and what it answers, in this process."""

from typing import Any

import pytest

from thoughtmill.factory.solvers.equation.nonlinear_worker import solve

X, Y = 0, 1


def _solve(*equations: list[Any], size: int = 1, **more: Any) -> dict[str, str]:
    request = {
        "equations": equations,
        "conditions": [],
        "whole": [],
        "answer": X,
        "size": size,
        "real": False,
    }
    return solve(request | more)


SQUARE = [["^", X, "2/1"], "9/1"]


def test_a_single_rational_value_is_exact() -> None:
    assert _solve([["/", "1/1", X], "3/1"]) == {"answer": "1/3"}


@pytest.mark.parametrize(
    ("conditions", "reply"),
    [
        ([[">", X, "0/1"]], {"answer": "3/1"}),
        ([["<", X, "3/1"]], {"answer": "-3/1"}),
        ([["!=", X, "3/1"]], {"answer": "-3/1"}),
        ([[">=", X, "3/1"]], {"answer": "3/1"}),
        ([["<=", X, "-4/1"]], {"failure": "inconsistent", "detail": "no solution meets the conditions"}),
    ],
)
def test_conditions_tell_solutions_apart(conditions: list[Any], reply: dict[str, str]) -> None:
    assert _solve(SQUARE, conditions=conditions) == reply


def test_wholeness_tells_solutions_apart() -> None:
    assert _solve([["*", ["-", X, "2/1"], ["-", X, "1/2"]], "0/1"], whole=[X]) == {"answer": "2/1"}


def test_several_solutions_with_one_answer_are_one_answer() -> None:
    assert _solve([["^", Y, "2/1"], "9/1"], [X, ["^", Y, "2/1"]], size=2) == {"answer": "9/1"}


def test_solutions_that_nothing_tells_apart_are_named() -> None:
    assert _solve(SQUARE) == {"failure": "ambiguous", "detail": "solutions -3/1, 3/1"}


def test_a_real_root_that_looks_complex_is_real() -> None:
    cubic = [["+", ["-", ["^", X, "3/1"], ["*", "3/1", X]], "1/1"], "0/1"]

    assert _solve(cubic, conditions=[[">", X, "3/2"]]) == {"answer": "1.53208888624"}


def test_the_real_root_is_taken_among_complex_ones() -> None:
    assert _solve([["^", X, "3/1"], "27/1"]) == {"answer": "3/1"}


def test_no_solution_is_inconsistent() -> None:
    assert _solve([["*", X, X], "4/1"], [X, "3/1"])["failure"] == "inconsistent"


def test_numbers_above_the_precision_of_floats_stay_exact() -> None:
    assert _solve([["*", X, X], f"{(10**30 + 1) ** 2}/1"], conditions=[[">", X, "0/1"]]) == {
        "answer": f"{10**30 + 1}/1"
    }


@pytest.mark.parametrize(
    ("tree", "answer"),
    [
        (["mod", ["sqrt", "2/1"], "1/1"], "0.414213562373"),
        (["//", ["sqrt", "10/1"], "2/1"], "1/1"),
        (["max", ["sqrt", "2/1"], "1/1", "1/2"], "1.41421356237"),
        (["min", ["sqrt", "2/1"], "1/1"], "1/1"),
        (["sum", ["sqrt", "4/1"], "1/1", "1/2"], "7/2"),
        (["round", ["sqrt", "2/1"], "2/1"], "141/100"),
        (["round", ["sqrt", "3/1"]], "2/1"),
        (["int", ["neg", ["sqrt", "2/1"]]], "-1/1"),
        (["ceil", ["sqrt", "2/1"]], "2/1"),
        (["abs", ["neg", ["sqrt", "2/1"]]], "1.41421356237"),
    ],
)
def test_every_operation_means_what_it_means_on_rationals(tree: list[Any], answer: str) -> None:
    assert _solve([X, tree]) == {"answer": answer}
