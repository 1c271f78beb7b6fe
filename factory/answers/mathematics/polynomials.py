"""Sums of monomials with exact coefficients, the material of normal forms.

A monomial is a sorted tuple of factors and exponents. Factors are texts: a name, `#3` for the number 3 under
a root, `\\pi`, `\\e`, `\\i`, or a text that begins with `@` for anything opaque. Exponents may be negative,
and rational: the factor `#3` has exponents between 0 and 1, so that each number is written in one way only.

>>> root = {(("#3", Fraction(1, 2)),): Fraction(1)}
>>> multiplied(root, root, WorkBudget())
{(): Fraction(3, 1)}
"""

from fractions import Fraction
from typing import TypeAlias

Monomial: TypeAlias = tuple[tuple[str, Fraction | int], ...]
Polynomial: TypeAlias = dict[Monomial, Fraction]

ONE: Polynomial = {(): Fraction(1)}
IMAGINARY = "\\i"
MAX_BITS = 6000
"""Bits of the longest coefficient."""


class NoForm(Exception):
    """A tree without a normal form: too large, undefined, or nothing that has a value."""


class WorkBudget:
    """How many more products of terms a normal form may take."""

    def __init__(self, products: int = 40_000) -> None:
        self.left = products

    def spend(self, products: int) -> None:
        """Take products from the budget. Raises `NoForm` when it is used up."""
        self.left -= products
        if self.left < 0:
            raise NoForm("too large")


def constant(number: Fraction) -> Polynomial:
    """Return a number as a polynomial."""
    return {(): number} if number else {}


def added(left: Polynomial, right: Polynomial, sign: int = 1) -> Polynomial:
    """Return a sum, or with `sign=-1` a difference."""
    total = dict(left)
    for monomial, coefficient in right.items():
        value = total.get(monomial, 0) + sign * coefficient
        if value:
            total[monomial] = value
        else:
            total.pop(monomial, None)
    return total


def multiplied(left: Polynomial, right: Polynomial, budget: WorkBudget) -> Polynomial:
    """Return a product. Raises `NoForm`."""
    budget.spend(len(left) * len(right) + 1)
    total: Polynomial = {}
    for one, factor in left.items():
        for other, coefficient in right.items():
            monomial, scale = _joined(one, other)
            value = total.get(monomial, 0) + factor * coefficient * scale
            if value:
                total[monomial] = _bounded(value)
            else:
                total.pop(monomial, None)
    return total


def power(base: Polynomial, exponent: int, budget: WorkBudget) -> Polynomial:
    """Return a power with a whole exponent from 0 on. Raises `NoForm`."""
    if len(base) == 1:
        ((monomial, coefficient),) = base.items()
        if abs(exponent) * _bits(coefficient) > MAX_BITS and coefficient not in (1, -1):
            raise NoForm("too large")
        raised, scale = reduced({factor: each * exponent for factor, each in monomial})
        return {raised: _bounded(coefficient**exponent * scale)}
    if exponent < 0 or exponent > 200:
        raise NoForm("too large")
    result = ONE
    for bit in bin(exponent)[2:]:
        result = multiplied(result, result, budget)
        if bit == "1":
            result = multiplied(result, base, budget)
    return result


def reduced(factors: dict[str, Fraction | int]) -> tuple[Monomial, Fraction]:
    """Return the monomial of factors with their exponents, and the number that comes out of it."""
    scale = Fraction(1)
    for factor, exponent in list(factors.items()):
        if factor[0] == "#":
            whole = exponent // 1
            if whole:
                number = int(factor[1:])
                if abs(whole) * number.bit_length() > MAX_BITS:
                    raise NoForm("too large")
                scale *= Fraction(number) ** int(whole)
                factors[factor] = exponent - whole
        elif factor == IMAGINARY and exponent == int(exponent):
            scale *= -1 if exponent % 4 >= 2 else 1
            factors[factor] = int(exponent) % 2
    return tuple(sorted((factor, each) for factor, each in factors.items() if each)), scale


def _joined(one: Monomial, other: Monomial) -> tuple[Monomial, Fraction | int]:
    if not one:
        return other, 1
    if not other:
        return one, 1
    factors = dict(one)
    for factor, exponent in other:
        factors[factor] = factors.get(factor, 0) + exponent
    return reduced(factors)


def _bits(number: Fraction) -> int:
    return max(number.numerator.bit_length(), number.denominator.bit_length())


def _bounded(number: Fraction) -> Fraction:
    if _bits(number) > MAX_BITS:
        raise NoForm("too large")
    return number
