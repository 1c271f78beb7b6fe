"""Roots without a closed form are found, each in an interval that holds it and no other."""

from fractions import Fraction

import pytest
import sympy

from thoughtmill.factory.solvers.equation.isolation import real_roots

X = sympy.Symbol("x")


def test_every_root_lies_in_its_own_interval_where_the_function_changes_its_sign() -> None:
    function = 2**X - X - 2
    roots = real_roots(function, X)
    assert len(roots) == 2
    for root in roots:
        low, high = sympy.Rational(root.low), sympy.Rational(root.high)
        assert low < root.value < high
        assert function.subs(X, low).evalf(30) * function.subs(X, high).evalf(30) < 0
    assert roots[1].value == 2


def test_a_function_without_a_root_has_none() -> None:
    assert real_roots(2**X + 1, X) == []


def test_only_roots_between_the_bounds_are_found() -> None:
    assert [root.value for root in real_roots(2**X - X - 2, X, low=Fraction(1))] == [2]


@pytest.mark.parametrize("function", [(2**X - 8) ** 2, sympy.log(X) - 1, sympy.sin(X), sympy.Abs(X) - 2])
def test_what_cannot_be_proved_is_given_up(function: sympy.Expr) -> None:
    with pytest.raises(NotImplementedError):
        real_roots(function, X)
