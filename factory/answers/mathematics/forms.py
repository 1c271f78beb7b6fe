"""Building normal forms: a tree becomes a fraction of polynomials, within a budget of work."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from thoughtmill.factory.answers.mathematics import bounded, polynomials
from thoughtmill.factory.answers.mathematics.polynomials import (
    IMAGINARY,
    ONE,
    Monomial,
    NoForm,
    Polynomial,
    WorkBudget,
    added,
    constant,
    multiplied,
    reduced,
)
from thoughtmill.factory.answers.mathematics.tree import Call, Tree

_LARGEST_FACTORIAL = 300
_SUM_COSTS = 2000
"""What writing out a sum or determinant takes from the budget of work: nested ones multiply."""

_TRIAL = 10_000  # primes up to here are found
_CONSTANTS = {"pi": "\\pi", "e": "\\e", "i": IMAGINARY}


class NormalForm(NamedTuple):
    """A fraction of polynomials; `exact` says that unequal forms have unequal values."""

    above: Polynomial
    below: Polynomial
    exact: bool


def built(tree: Tree) -> NormalForm:
    """Return the normal form of a tree. Raises `NoForm` or ZeroDivisionError where it has none."""
    return _Builder().form(tree)


class _Builder:
    """Builds one normal form within one budget; `exact` turns false at the first opaque part."""

    def __init__(self) -> None:
        self.budget = WorkBudget()
        self.exact = True

    def form(self, tree: Tree) -> NormalForm:
        above, below = self.fraction(tree)
        return NormalForm(above, below, self.exact)

    def fraction(self, tree: Tree) -> tuple[Polynomial, Polynomial]:
        if isinstance(tree, Fraction):
            return constant(tree), ONE
        if isinstance(tree, str):
            return {((tree, 1),): Fraction(1)}, ONE
        self.budget.spend(1)  # a part may be looked at several times, and so may each of its parts
        op, args = tree
        if op in _CONSTANTS:
            return {((_CONSTANTS[op], 1),): Fraction(1)}, ONE
        rule = _RULES.get(op)
        return rule(self, args) if rule else self.opaque(op, args)

    def sum_(self, args: Sequence[Tree]) -> tuple[Polynomial, Polynomial]:
        above, below = self.fraction(args[0])
        for arg in args[1:]:
            more, under = self.fraction(arg)
            if below == under:
                above = added(above, more)
            else:
                above = added(self.times(above, under), self.times(more, below))
                below = self.times(below, under)
        return above, below

    def product(self, args: Sequence[Tree]) -> tuple[Polynomial, Polynomial]:
        above, below = ONE, ONE
        for arg in args:
            more, under = self.fraction(arg)
            above, below = self.times(above, more), self.times(below, under)
        return above, below

    def times(self, one: Polynomial, other: Polynomial) -> Polynomial:
        return other if one == ONE else one if other == ONE else multiplied(one, other, self.budget)

    def division(self, args: Sequence[Tree]) -> tuple[Polynomial, Polynomial]:
        above, below = self.fraction(args[0])
        inverse = self.inverse(self.fraction(args[1]))
        return self.times(above, inverse[0]), self.times(below, inverse[1])

    def inverse(self, fraction: tuple[Polynomial, Polynomial]) -> tuple[Polynomial, Polynomial]:
        """Return the fraction upside down; a single term goes back above, with negative exponents."""
        above, below = fraction
        if not above:
            raise ZeroDivisionError
        if len(above) == 1:
            return self.times(below, polynomials.power(above, -1, self.budget)), ONE
        return below, above

    def negative(self, args: Sequence[Tree]) -> tuple[Polynomial, Polynomial]:
        above, below = self.fraction(args[0])
        return {monomial: -coefficient for monomial, coefficient in above.items()}, below

    def scaled(self, scale: Polynomial) -> Callable[[Sequence[Tree]], tuple[Polynomial, Polynomial]]:
        def rule(args: Sequence[Tree]) -> tuple[Polynomial, Polynomial]:
            above, below = self.fraction(args[0])
            return self.times(above, scale), below

        return rule

    def power(self, args: Sequence[Tree]) -> tuple[Polynomial, Polynomial]:
        exponent = self.rational(args[1])
        if exponent is None:
            return self.exponential(*args)
        return self.raised(args[0], exponent)

    def root(self, args: Sequence[Tree]) -> tuple[Polynomial, Polynomial]:
        degree = self.rational(args[1])
        if not degree:
            return self.opaque("root", args)
        return self.raised(args[0], 1 / degree)

    def raised(self, base: Tree, exponent: Fraction) -> tuple[Polynomial, Polynomial]:
        above, below = self.fraction(base)
        if exponent.denominator != 1:
            roots = self.rooted(above, below, exponent)
            return roots if roots is not None else self.opaque("^", (base, exponent))
        if exponent < 0:
            above, below = self.inverse((above, below))
        elif not exponent and not above:
            raise ZeroDivisionError
        times = abs(int(exponent))
        return polynomials.power(above, times, self.budget), polynomials.power(below, times, self.budget)

    def rooted(
        self, above: Polynomial, below: Polynomial, exponent: Fraction
    ) -> tuple[Polynomial, Polynomial] | None:
        """Return a power with a fraction as exponent, of a number times at most one name."""
        if not above:
            if exponent < 0:
                raise ZeroDivisionError
            return {}, ONE
        if len(above) > 1 or below != ONE:
            return None
        ((monomial, coefficient),) = above.items()
        if len(monomial) > 1 or any(each != 1 or factor[0] in "#@\\" for factor, each in monomial):
            return None
        factors: dict[str, Fraction | int] = {factor: exponent for factor, _ in monomial}
        sign = self.sign_of_root(coefficient, exponent, factors) if coefficient < 0 else 1
        if sign is None:
            return None
        for part, direction in ((abs(coefficient.numerator), 1), (coefficient.denominator, -1)):
            primes = _primes(part)
            if primes is None:
                return None
            for prime, times in primes.items():
                factors[f"#{prime}"] = factors.get(f"#{prime}", 0) + direction * times * exponent
        raised, scale = reduced(factors)
        return {raised: scale * sign}, ONE

    def sign_of_root(
        self, coefficient: Fraction, exponent: Fraction, factors: dict[str, Fraction | int]
    ) -> int | None:
        """Return the sign of a root of a negative number: real for odd degrees, with i for square roots."""
        if exponent.denominator % 2:
            return -1 if exponent.numerator % 2 else 1
        if exponent.denominator != 2 or factors:
            return None
        turns = exponent.numerator % 4
        factors[IMAGINARY] = turns % 2
        return -1 if turns == 3 else 1

    def exponential(self, base: Tree, exponent: Tree) -> tuple[Polynomial, Polynomial]:
        """Return a power whose exponent holds names: each of its terms becomes a factor."""
        above, below = self.fraction(base)
        times, under = self.fraction(exponent)
        if below != ONE or under != ONE or len(above) != 1 or len(times) > 8:
            return self.opaque("^", (base, exponent))
        ((monomial, coefficient),) = above.items()
        single = len(monomial) == 1 and monomial[0][1] == 1 and coefficient == 1
        if not single and (monomial or coefficient.denominator != 1 or coefficient < 2):
            return self.opaque("^", (base, exponent))
        primes = {monomial[0][0]: 1} if single else _primes(coefficient.numerator)
        if primes is None:
            return self.opaque("^", (base, exponent))
        self.exact = False
        whole = self.raised(base, times.get((), Fraction(0)))[0]
        factors: dict[str, Fraction | int] = {
            f"@{prime}^{_key({term: Fraction(1)})}": each * many
            for term, each in times.items()
            if term
            for prime, many in primes.items()
        }
        raised, scale = reduced(factors)
        return self.times(whole, {raised: scale}), ONE

    def rational(self, tree: Tree) -> Fraction | None:
        """Return the value of a tree if it is rational."""
        above, below = self.fraction(tree)
        if below != ONE or any(above):
            return None
        return above.get((), Fraction(0))

    def evaluated(self, op: str) -> Callable[[Sequence[Tree]], tuple[Polynomial, Polynomial]]:
        def rule(args: Sequence[Tree]) -> tuple[Polynomial, Polynomial]:
            numbers = [self.rational(arg) for arg in args]
            known = [value for value in numbers if value is not None]
            value = _VALUES[op](*known) if len(known) == len(args) else None
            return self.opaque(op, args) if value is None else (constant(value), ONE)

        return rule

    def named(self, args: Sequence[Tree]) -> tuple[Polynomial, Polynomial]:
        """Return a function that nobody defined, or a marked name, as a name."""
        parts = []
        for arg in args:
            above, below = self.fraction(arg)
            self.exact = self.exact and below == ONE  # fractions may be equal without looking alike
            parts.append(f"{_key(above)}|{_key(below)}")
        return {((f"@{';'.join(parts)}", 1),): Fraction(1)}, ONE

    def bounded(self, op: str, args: Sequence[Tree]) -> tuple[Polynomial, Polynomial]:
        """Return a sum or product over whole numbers, or with an integral, as a name of its parts."""
        self.budget.spend(_SUM_COSTS)
        tree = Call(op, tuple(args))
        terms = bounded.unrolled(tree)
        return self.opaque(op, bounded.renamed(tree)) if terms is None else self.fraction(terms)

    def determinant(self, args: Sequence[Tree]) -> tuple[Polynomial, Polynomial]:
        self.budget.spend(_SUM_COSTS)
        terms = bounded.determinant(args)
        if terms is None:
            raise NoForm("det")
        return self.fraction(terms)

    def opaque(self, op: str, args: Sequence[Tree]) -> tuple[Polynomial, Polynomial]:
        """Return a part that is only equal to itself; its arguments are in normal form."""
        if op not in _OPAQUE:
            raise NoForm(op)
        self.exact = False
        parts = ["|".join(map(_key, self.fraction(arg))) for arg in args]
        return {((f"@{op}({';'.join(parts)})", 1),): Fraction(1)}, ONE


def _key(polynomial: Polynomial) -> str:
    """Return a text that two polynomials share exactly when they are the same."""
    terms = sorted((_monomial_key(monomial), coefficient) for monomial, coefficient in polynomial.items())
    text = "+".join(f"{coefficient}*{monomial}" for monomial, coefficient in terms)
    if len(text) > 5000:
        raise NoForm("too large")
    return text


def _monomial_key(monomial: Monomial) -> str:
    return "*".join(f"{factor}^{exponent}" for factor, exponent in monomial)


@lru_cache(maxsize=1024)
def _primes(number: int) -> dict[str, int] | None:
    """Return the prime factors of a number, or None when they are not found cheaply."""
    found: dict[str, int] = {}
    at = 2
    while at * at <= number and at <= _TRIAL:
        while number % at == 0:
            found[str(at)] = found.get(str(at), 0) + 1
            number //= at
        at += 1 if at == 2 else 2
    if number > 1:
        if number > _TRIAL**2:
            return None
        found[str(number)] = found.get(str(number), 0) + 1
    return found


def _factorial(number: Fraction) -> Fraction | None:
    if number.denominator != 1 or not 0 <= number <= _LARGEST_FACTORIAL:
        return None
    return Fraction(math.factorial(int(number)))


def _binomial(above: Fraction, below: Fraction) -> Fraction | None:
    if above.denominator != 1 or below.denominator != 1 or not 0 <= below <= above <= 2000:
        return None
    return Fraction(math.comb(int(above), int(below)))


def _whole(rule: Callable[[int, int], int]) -> Callable[..., Fraction | None]:
    def value(*numbers: Fraction) -> Fraction | None:
        if any(number.denominator != 1 for number in numbers):
            return None
        total = int(numbers[0])
        for number in numbers[1:]:
            total = rule(total, int(number))
        return Fraction(total)

    return value


_VALUES: dict[str, Callable[..., Fraction | None]] = {
    "factorial": _factorial,
    "binom": _binomial,
    "abs": abs,
    "floor": lambda number: Fraction(math.floor(number)),
    "ceil": lambda number: Fraction(math.ceil(number)),
    "max": lambda *numbers: max(numbers),
    "min": lambda *numbers: min(numbers),
    "gcd": _whole(math.gcd),
    "lcm": _whole(math.lcm),
    "mod": lambda number, modulus: number % modulus if modulus else None,
}
_OPAQUE = frozenset(
    "^ root sin cos tan sec csc cot arcsin arccos arctan arccot arcsec arccsc sinh cosh tanh log ln exp "
    "factorial binom abs floor ceil max min gcd lcm mod sum prod integral".split()
)


def numeral_value(args: Sequence[Tree]) -> Fraction:
    """Return the value of a numeral of a base, with digits after a point too."""
    digits, base = str(args[0]), args[1]
    assert isinstance(base, Fraction)
    whole, _, after = digits.partition(".")
    return int(whole + after, int(base)) / base ** len(after)


def _divided(args: Sequence[Tree]) -> Tree:
    tree = args[0]
    for arg in args[1:]:
        tree = Call("/", (tree, arg))
    return tree


_RULES: dict[str, Callable[[_Builder, Sequence[Tree]], tuple[Polynomial, Polynomial]]] = {
    "+": _Builder.sum_,
    "*": _Builder.product,
    "/": _Builder.division,
    "neg": _Builder.negative,
    "^": _Builder.power,
    "root": _Builder.root,
    "apply": _Builder.named,
    "mark": _Builder.named,
    "bracket": lambda self, args: self.fraction(args[0]),
    "deg": lambda self, args: self.scaled({(("\\pi", 1),): Fraction(1, 180)})(args),
    "percent": lambda self, args: self.scaled(constant(Fraction(1, 100)))(args),
    "base": lambda self, args: (constant(numeral_value(args)), ONE),
    "ratio": lambda self, args: self.fraction(_divided(args)),
    "exp": lambda self, args: self.power((Call("e", ()), args[0])),
    "det": _Builder.determinant,
    "sum": lambda self, args: self.bounded("sum", args),
    "prod": lambda self, args: self.bounded("prod", args),
    "integral": lambda self, args: self.bounded("integral", args),
} | {name: (lambda self, args, name=name: self.evaluated(name)(args)) for name in _VALUES}
