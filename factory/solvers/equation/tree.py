"""Trees of equations over exact rationals: their operations, and how they are computed.

Truth values are the numbers 1 and 0.
"""

import math
from collections.abc import Callable, Mapping
from fractions import Fraction

from thoughtmill.factory.answers.mathematics.tree import Call, Tree

PI = Fraction(31415926535897932384626433832795028841971693993751, 10**49)
"""The number pi to 50 digits: exact sums cancel it as they would the number itself."""

MAX_BITS = 1500  # no honest number of a word problem has more; keeps `9**9**9` and repeated squaring cheap
MAX_FACTORIAL = 230


class Unsolvable(Exception):
    """Why a system has no answer: `failure` is a name from `schemas.fields.FAILURES`.

    `values` holds the exact texts of several solutions that nothing distinguishes.
    """

    def __init__(self, failure: str, detail: str, values: tuple[str, ...] = ()) -> None:
        super().__init__(detail)
        self.failure = failure
        self.detail = detail
        self.values = values


def fold(tree: Tree, known: Mapping[str, Fraction]) -> Tree:
    """Put known values in and compute what can be computed exactly.

    Irrational parts stay calls. Raises `Unsolvable` on a division by zero or a number beyond `MAX_BITS`.

    >>> fold(Call("+", (Call("*", (Fraction(2), "a")), "b")), {"a": Fraction(3)})
    Call(op='+', args=(Fraction(6, 1), 'b'))
    """
    if isinstance(tree, str):
        return known.get(tree, tree)
    if not isinstance(tree, Call):
        return tree
    op, args = tree
    if op == "if":
        return _choose(args, known)
    folded = tuple([fold(arg, known) for arg in args])
    numbers = [arg for arg in folded if not isinstance(arg, str | Call)]  # no abstract class is asked
    if len(numbers) == len(folded):
        value = OPERATIONS[op](*numbers)
        if value is not None:
            return _bounded(value)
    return Call(op, folded)


def rename(tree: Tree, new: Mapping[str, str]) -> Tree:
    """Return the tree with some names replaced.

    >>> rename(Call("+", ("d", "e")), {"d": "d#2"})
    Call(op='+', args=('d#2', 'e'))
    """
    if isinstance(tree, str):
        return new.get(tree, tree)
    if isinstance(tree, Call):
        return Call(tree.op, tuple(rename(arg, new) for arg in tree.args))
    return tree


def _choose(args: tuple[Tree, ...], known: Mapping[str, Fraction]) -> Tree:
    """Fold `a if condition else b` without computing the branch that is not taken."""
    condition = fold(args[0], known)
    if isinstance(condition, Fraction):
        return fold(args[1] if condition else args[2], known)
    return Call("if", (condition, fold(args[1], known), fold(args[2], known)))


def _bounded(value: Fraction) -> Fraction:
    if value.numerator.bit_length() > MAX_BITS or value.denominator.bit_length() > MAX_BITS:
        raise Unsolvable("unparsable", f"a number of more than {MAX_BITS} bits")
    return value


def _nonzero(divisor: Fraction) -> Fraction:
    if not divisor:
        raise Unsolvable("inconsistent", "a division by zero")
    return divisor


def _power(base: Fraction, exponent: Fraction) -> Fraction | None:
    """Return an exact power, or None where it is irrational or not real."""
    if exponent < 0:
        return _power(1 / _nonzero(base), -exponent)
    root = base if exponent.denominator == 1 else _root(base, exponent.denominator)
    if root is None or root in (0, 1):
        return root if exponent else Fraction(1)
    bits = max(root.numerator.bit_length(), root.denominator.bit_length())
    if exponent.numerator * (bits - 1) > MAX_BITS:
        raise Unsolvable("unparsable", f"a power of more than {MAX_BITS} bits")
    # -1 has one bit, so that its exponent is unbounded above: only the parity of it counts.
    return root ** (exponent.numerator if bits > 1 else exponent.numerator % 2)


def _root(base: Fraction, degree: int) -> Fraction | None:
    if base < 0 or degree > 64:
        return None
    above, below = _whole_root(base.numerator, degree), _whole_root(base.denominator, degree)
    return None if above is None or below is None else Fraction(above, below)


def _whole_root(number: int, degree: int) -> int | None:
    """Return the whole root of a whole number, or None; bisection over at most `MAX_BITS` bits."""
    low, high = 0, 1 << (number.bit_length() // degree + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= number else (low, middle - 1)
    return low if low**degree == number else None


def _round(number: Fraction, digits: Fraction = Fraction(0)) -> Fraction:
    """Round; a tie that Python (half to even) and school (half up) round apart is ambiguous."""
    if digits.denominator != 1 or abs(digits) > 12:
        raise Unsolvable("unparsable", f"round() to {digits} digits")
    scale = Fraction(10) ** int(digits)
    even, up = round(number * scale), math.floor(number * scale + Fraction(1, 2))
    if even != up:
        raise Unsolvable("ambiguous", f"round({number}) is a tie")
    return even / scale


def _factorial(number: Fraction) -> Fraction:
    if number < 0 or number.denominator != 1:
        raise Unsolvable("inconsistent", f"the factorial of {number}")
    if number > MAX_FACTORIAL:
        raise Unsolvable("unparsable", f"a factorial of more than {MAX_BITS} bits")
    return Fraction(math.factorial(int(number)))


def _truth(compare: Callable[[Fraction, Fraction], bool]) -> Callable[[Fraction, Fraction], Fraction]:
    return lambda a, b: Fraction(int(compare(a, b)))


OPERATIONS: dict[str, Callable[..., Fraction | None]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / _nonzero(b),
    "//": lambda a, b: Fraction(a // _nonzero(b)),
    "mod": lambda a, b: a % _nonzero(b),
    "^": _power,
    "neg": lambda a: -a,
    "max": lambda *numbers: max(numbers),
    "min": lambda *numbers: min(numbers),
    "sum": lambda *numbers: sum(numbers, Fraction(0)),
    "abs": abs,
    "floor": lambda a: Fraction(math.floor(a)),
    "ceil": lambda a: Fraction(math.ceil(a)),
    "int": lambda a: Fraction(math.trunc(a)),
    "round": _round,
    "factorial": _factorial,
    "sqrt": lambda a: _power(a, Fraction(1, 2)),
    "=": _truth(lambda a, b: a == b),
    "!=": _truth(lambda a, b: a != b),
    "<": _truth(lambda a, b: a < b),
    "<=": _truth(lambda a, b: a <= b),
    ">": _truth(lambda a, b: a > b),
    ">=": _truth(lambda a, b: a >= b),
    "and": _truth(lambda a, b: bool(a and b)),
    "or": _truth(lambda a, b: bool(a or b)),
}
