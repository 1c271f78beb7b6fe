"""Real roots of an equation in one unknown that has no closed form, each in an interval of its own.

Interval arithmetic (Moore, 1966) proves them: where the values over an interval exclude 0, it holds no root;
where those of the derivative do, it holds at most one, and the signs at its ends say whether it does. It runs
in the worker of sympy, whose processor time is bounded.
"""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import sympy
from mpmath import iv

DIGITS = 12
FAR = Fraction(10_000)
"""Roots are looked for up to here on both sides of 0."""

_WORKING_DIGITS = 60
_HALVINGS = 200
_MOST_PIECES = 4000
NARROWEST = Fraction(1, 10**12)
_CUTS = [Fraction(12_345_671, 10**at) for at in range(10, 3, -1)]
"""Ends of the first pieces: powers of ten, but for digits that no root of a word problem has."""


class Root(NamedTuple):
    """A root, exact where it is rational and else to 50 digits, and the ends of an interval around it."""

    value: Any
    low: str
    high: str


def real_roots(function: Any, unknown: Any, low: Fraction = -FAR, high: Fraction = FAR) -> list[Root]:
    """Return all roots of a sympy expression between two numbers.

    Raises NotImplementedError where they cannot be told apart, or values cannot be bounded.

    >>> x = sympy.Symbol("x")
    >>> [(root.value, root.low) for root in real_roots(2**x - x - 2, x)]
    [(-1.69009306761930946454538421611, '-1.69009306763'), (2, '1.99999999999')]
    """
    iv.dps = _WORKING_DIGITS
    derivative = sympy.diff(function, unknown)
    cuts = [low, *(cut for cut in sorted([*_CUTS, *(-cut for cut in _CUTS)]) if low < cut < high), high]
    pieces = list(pairwise(cuts))
    found: list[Root] = []
    for _ in range(_MOST_PIECES):
        if not pieces:
            return sorted(found, key=lambda root: Decimal(root.low))
        begin, end = pieces.pop()
        if 0 not in _values(function, unknown, begin, end):
            continue
        if 0 not in _values(derivative, unknown, begin, end):
            if _sign(function, unknown, begin) != _sign(function, unknown, end):
                found.append(_root(function, derivative, unknown, begin, end))
            continue
        if end - begin < NARROWEST:
            break
        middle = begin + (end - begin) * Fraction(499, 1000)
        pieces += [(begin, middle), (middle, end)]
    raise NotImplementedError("roots that cannot be told apart")


def _root(function: Any, derivative: Any, unknown: Any, begin: Fraction, end: Fraction) -> Root:
    """Return the only root between two numbers at which a function has different signs."""
    below = _sign(function, unknown, begin)
    for _ in range(_HALVINGS):
        middle = (begin + end) / 2
        try:
            sign = _sign(function, unknown, middle)
        except NotImplementedError:  # as near to the root as the digits go
            break
        begin, end = (middle, end) if sign == below else (begin, middle)
    middle = (begin + end) / 2
    rounded = Decimal(str(sympy.Rational(middle).evalf(DIGITS)))
    unit = Decimal(10) ** (rounded.adjusted() - DIGITS + 1)
    ends = Fraction(rounded - unit), Fraction(rounded + unit)
    if 0 in _values(derivative, unknown, *ends):
        raise NotImplementedError("two roots are too near to each other")
    near = sympy.Rational(middle.limit_denominator(1000))
    exact = abs(near - sympy.Rational(middle)) < NARROWEST and function.subs(unknown, near) == 0
    value = near if exact else sympy.Rational(middle).evalf(_WORKING_DIGITS // 2)
    return Root(value, str(rounded - unit), str(rounded + unit))


def _sign(function: Any, unknown: Any, at: Fraction) -> int:
    """Return the sign of a function at a point. Raises NotImplementedError where it is too near to 0."""
    value = _values(function, unknown, at, at)
    if 0 in value:
        raise NotImplementedError("a value too near to 0")
    return 1 if value.a > 0 else -1


def _values(function: Any, unknown: Any, begin: Fraction, end: Fraction) -> Any:
    """Return an interval that holds all values of a function between two numbers."""
    ends = [iv.mpf(each.numerator) / each.denominator for each in (begin, end)]
    try:
        return _over(function, unknown, iv.mpf([ends[0].a, ends[1].b]))
    except (ArithmeticError, ValueError, AttributeError) as error:
        raise NotImplementedError(f"values without bounds: {error}") from None


def _over(tree: Any, unknown: Any, where: Any) -> Any:
    if tree == unknown:
        return where
    if tree.is_Rational:
        return iv.mpf(tree.p) / tree.q
    if tree in (sympy.pi, sympy.E):
        return +(iv.pi if tree is sympy.pi else iv.e)
    parts = [_over(part, unknown, where) for part in tree.args]
    if tree.is_Add:
        return sum(parts, iv.mpf(0))
    if tree.is_Mul:
        total = iv.mpf(1)
        for part in parts:
            total *= part
        return total
    if tree.is_Pow and tree.exp.is_Integer:
        return parts[0] ** int(tree.exp)
    if tree.is_Pow:
        return iv.exp(parts[1] * _log(parts[0]))
    if tree.func in (sympy.exp, sympy.log):
        return iv.exp(parts[0]) if tree.func is sympy.exp else _log(parts[0])
    raise NotImplementedError(f"no bounds for {tree.func.__name__}")


def _log(value: Any) -> Any:
    if not value.a > 0:
        raise NotImplementedError("a logarithm or root of what may be negative")
    return iv.log(value)
