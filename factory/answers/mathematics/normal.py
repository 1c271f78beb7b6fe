r"""Normal forms: algebra over names, roots, pi, e and i as an exact fraction of polynomials.

>>> from thoughtmill.factory.answers.mathematics.reading import read
>>> same(read(r"\frac{2}{\sqrt{2}}"), read(r"\sqrt2")), same(read("1/(x+1)"), read("1/(x-1)"))
(True, False)
>>> same(read(r"\sin 2A"), read(r"2\sin A\cos A")) is None  # not decided here
True

Roots of different primes, and names, pi and e, are independent, so two forms without opaque parts are equal
exactly when their difference vanishes. The work is bounded.
"""

from fractions import Fraction
from functools import lru_cache

from thoughtmill.factory.answers.mathematics.forms import NormalForm, built
from thoughtmill.factory.answers.mathematics.polynomials import (
    ONE,
    NoForm,
    Polynomial,
    WorkBudget,
    added,
    multiplied,
)
from thoughtmill.factory.answers.mathematics.tree import Tree


def same(left: Tree, right: Tree) -> bool | None:
    """Return whether two trees have the same value, or None where normal forms do not decide it."""
    one, other = form(left), form(right)
    if one is None or other is None:
        return None
    try:
        if not _difference(one, other, WorkBudget()):
            return True
    except NoForm:
        return None
    return False if one.exact and other.exact else None


def proportion(left: Tree, right: Tree, cleared: bool) -> tuple[Fraction | None, bool]:
    """Return the constant by which the right tree is multiplied to give the left, 0 where there is none.

    With `cleared` the two may also differ by their denominators. The second value says whether a missing
    constant is certain.
    """
    one, other = form(left), form(right)
    if one is None or other is None:
        return None, False
    found = None
    if cleared:
        found = _ratio(_without_denominators(one.above), _without_denominators(other.above))
    if found is None and (crossed := _crossed(one, other)):
        found = _ratio(*crossed)
    return found, one.exact and other.exact


def number(tree: Tree) -> Fraction | None:
    """Return the exact value of a tree if it is rational and cheap to know."""
    if isinstance(tree, Fraction):
        return tree
    found = form(tree)
    if found is None or len(found.above) > 1 or found.below != ONE or any(found.above):
        return None
    return found.above.get((), Fraction(0))


@lru_cache(maxsize=4096)
def form(tree: Tree) -> NormalForm | None:
    """Return the normal form of a tree, or None when it has none."""
    try:
        return built(tree)
    except (NoForm, ZeroDivisionError):
        return None


def _difference(one: NormalForm, other: NormalForm, budget: WorkBudget) -> Polynomial:
    if one.below == other.below:
        return added(one.above, other.above, -1)
    left, right = multiplied(one.above, other.below, budget), multiplied(other.above, one.below, budget)
    return added(left, right, -1)


def _crossed(one: NormalForm, other: NormalForm) -> tuple[Polynomial, Polynomial] | None:
    try:
        budget = WorkBudget()
        return multiplied(one.above, other.below, budget), multiplied(other.above, one.below, budget)
    except NoForm:
        return None


def _without_denominators(polynomial: Polynomial) -> Polynomial:
    """Return a polynomial multiplied by the denominators of its terms."""
    lowest: dict[str, Fraction | int] = {}
    for monomial in polynomial:
        for factor, exponent in monomial:
            lowest[factor] = min(lowest.get(factor, 0), exponent)
    scale = tuple(sorted((factor, -exponent) for factor, exponent in lowest.items() if exponent < 0))
    return multiplied(polynomial, {scale: Fraction(1)}, WorkBudget()) if scale else polynomial


def _ratio(left: Polynomial, right: Polynomial) -> Fraction | None:
    if not left or not right:
        return Fraction(0) if left == right else None
    if left.keys() != right.keys():
        return None
    found = {coefficient / right[monomial] for monomial, coefficient in left.items()}
    return found.pop() if len(found) == 1 else None
