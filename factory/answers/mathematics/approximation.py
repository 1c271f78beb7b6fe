r"""Approximations: the value of a number written as mathematics, as a float, to sort and to rule out.

>>> from thoughtmill.factory.answers.mathematics.reading import read
>>> approximate(read(r"2\sqrt{2}")), approximate(read("9^{9^{9^9}}")), approximate(read("x+1"))
(2.8284271247461903, None, None)
"""

import math
from collections.abc import Callable
from fractions import Fraction

from thoughtmill.factory.answers.mathematics.tree import Tree

_FAULTS = (ArithmeticError, ValueError, TypeError, KeyError)


def approximate(tree: Tree) -> float | None:
    """Return a real number as a float, or None when it has names, is not real or is too large."""
    try:
        value = _value(tree)
    except _FAULTS:
        return None
    return None if math.isnan(value) else value


def _value(tree: Tree) -> float:
    if isinstance(tree, Fraction):
        return float(tree)
    if isinstance(tree, str):
        raise KeyError(tree)
    if tree.op == "oo":
        return math.inf
    return float(_OPERATIONS[tree.op](*map(_value, tree.args)))


def _root(number: float, degree: float) -> float:
    return -math.pow(-number, 1 / degree) if number < 0 and degree % 2 == 1 else math.pow(number, 1 / degree)


_OPERATIONS: dict[str, Callable[..., float]] = {
    "+": lambda *parts: math.fsum(parts) if all(map(math.isfinite, parts)) else sum(parts),
    "*": lambda *parts: math.prod(parts),
    "/": lambda above, below: above / below,
    "^": math.pow,
    "neg": lambda number: -number,
    "root": _root,
    "pi": lambda: math.pi,
    "e": lambda: math.e,
    "abs": abs,
    "floor": math.floor,
    "ceil": math.ceil,
    "bracket": lambda number: number,
    "deg": math.radians,
    "factorial": lambda number: (
        float(math.factorial(int(number))) if 0 <= number == int(number) < 171 else math.nan
    ),
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "arcsin": math.asin,
    "arccos": math.acos,
    "arctan": math.atan,
    "exp": math.exp,
    "ln": math.log,
    "log": lambda number, base=10.0: math.log(number, base),
}
