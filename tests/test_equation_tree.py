"""Exact arithmetic on trees."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thoughtmill.factory.answers.mathematics.tree import Call, Tree, names
from thoughtmill.factory.solvers.equation.tree import MAX_BITS, Unsolvable, fold, rename


def _call(op: str, *args: Fraction | int | str | Call) -> Call:
    return Call(op, tuple(Fraction(arg) if isinstance(arg, int) else arg for arg in args))


def _fold(op: str, *args: Fraction | int | str | Call) -> Tree:
    return fold(_call(op, *args), {"three": Fraction(3)})


@pytest.mark.parametrize(
    ("tree", "value"),
    [
        (_call("+", "three", 4), 7),
        (_call("/", 1, 3), Fraction(1, 3)),
        (_call("//", -7, 2), -4),
        (_call("mod", -7, 3), 2),
        (_call("^", 2, -2), Fraction(1, 4)),
        (_call("^", 0, 0), 1),
        (_call("^", -1, 10**50), 1),
        (_call("^", -1, 10**50 + 1), -1),
        (_call("^", Fraction(8, 27), Fraction(1, 3)), Fraction(2, 3)),
        (_call("^", 4, Fraction(-3, 2)), Fraction(1, 8)),
        (_call("sqrt", Fraction(9, 16)), Fraction(3, 4)),
        (_call("round", Fraction(7, 2)), 4),
        (_call("round", Fraction(-27, 10)), -3),
        (_call("round", 1250, -3), 1000),
        (_call("int", Fraction(-3, 2)), -1),
        (_call("floor", Fraction(-3, 2)), -2),
        (_call("sum", 1, 2, 3), 6),
        (_call("and", _call("<", 1, 2), _call(">=", 2, 3)), 0),
        (_call("or", _call("=", 1, 2), _call("!=", 2, 3)), 1),
        (_call("if", _call("<=", 1, 2), 5, _call("/", 1, 0)), 5),
    ],
)
def test_numbers_fold_to_their_exact_value(tree: Call, value: Fraction | int) -> None:
    assert fold(tree, {"three": Fraction(3)}) == value


@pytest.mark.parametrize(
    "tree",
    [_call("sqrt", 2), _call("sqrt", -4), _call("^", -8, Fraction(1, 3)), _call("^", 2, Fraction(1, 99))],
)
def test_what_is_irrational_or_not_real_stays_a_call(tree: Call) -> None:
    assert fold(tree, {}) == tree


def test_what_is_unknown_stays_with_its_known_parts_folded() -> None:
    assert _fold("+", _call("*", 2, "three"), "x") == _call("+", 6, "x")
    assert _fold("if", _call("<", "x", 1), _call("+", 1, 1), 3) == _call("if", _call("<", "x", 1), 2, 3)


@pytest.mark.parametrize(
    ("tree", "failure"),
    [
        (_call("/", 1, 0), "inconsistent"),
        (_call("//", 1, 0), "inconsistent"),
        (_call("mod", 1, 0), "inconsistent"),
        (_call("^", 0, -1), "inconsistent"),
        (_call("round", Fraction(5, 2)), "ambiguous"),
        (_call("round", 1, 99), "unparsable"),
        (_call("round", 1, Fraction(1, 2)), "unparsable"),
        (_call("^", 10, 10**10), "unparsable"),
        (_call("^", Fraction(1, 10), 10**10), "unparsable"),
        (_call("*", 2 ** (MAX_BITS - 1), 4), "unparsable"),
    ],
)
def test_what_has_no_honest_value_is_refused(tree: Call, failure: str) -> None:
    with pytest.raises(Unsolvable) as refused:
        fold(tree, {})

    assert refused.value.failure == failure


@given(st.fractions(0, 10**6, max_denominator=10**6), st.integers(1, 6))
def test_the_root_of_a_power_is_its_base(base: Fraction, degree: int) -> None:
    power = _fold("^", base, degree)

    assert isinstance(power, Fraction)
    assert _fold("^", power, Fraction(1, degree)) == base


def test_names_come_in_their_order_and_rename_at_once() -> None:
    tree = _call("-", "x", _call("*", "y", "x"))

    assert list(names(tree)) == ["x", "y", "x"]
    assert rename(tree, {"x": "y", "y": "x"}) == _call("-", "y", _call("*", "x", "y"))
