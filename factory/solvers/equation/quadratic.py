"""Equations of one unknown and degree two with rational roots, exactly: the usual non-linear system.

`side * side = 49`, `12 / x = x + 1` and the like are brought to a polynomial; each of its roots is put into
the other equations, which must hold then. Sympy solves all others, in a thousand times as long.
"""

from collections.abc import Sequence
from fractions import Fraction

from thoughtmill.factory.answers.mathematics.tree import Call, Tree, names
from thoughtmill.factory.solvers.equation.linear import Equation, settle
from thoughtmill.factory.solvers.equation.tree import MAX_BITS, Unsolvable, fold

Polynomial = tuple[Fraction, ...]
"""Coefficients from the constant on; the last one is not 0, so that nothing at all is 0."""

MAX_DEGREE = 4
MAX_COEFFICIENT_BITS = 4 * MAX_BITS  # on the way to a root; beyond it each step costs more than the last
_ONE: Polynomial = (Fraction(1),)


def solutions(equations: Sequence[Equation]) -> list[dict[str, Fraction]] | None:
    """Return every solution of equations, values by name; None when this way does not lead to all of them.

    The equations are folded and none of them is linear in one unknown.

    >>> x_squared = Call("*", ("x", "x")), Fraction(4)
    >>> solutions([x_squared, ("ans", Call("+", ("x", Fraction(1))))])
    [{'x': Fraction(-2, 1), 'ans': Fraction(-1, 1)}, {'x': Fraction(2, 1), 'ans': Fraction(3, 1)}]
    """
    for one, other in equations:
        unknowns = {name for side in (one, other) for name in names(side)}
        found = roots(Call("-", (one, other))) if len(unknowns) == 1 else None
        if found is not None:
            return _branches(equations, unknowns.pop(), found)
    return None


def _branches(
    equations: Sequence[Equation], name: str, values: Sequence[Fraction]
) -> list[dict[str, Fraction]] | None:
    """Put each value of a name into the equations; a branch that contradicts itself is no solution."""
    found = []
    for value in values:
        try:
            settled = settle([*equations, (name, value)])
        except Unsolvable as error:
            if error.failure != "inconsistent":
                return None
            continue
        if settled.rest:
            return None
        found.append(settled.known)
    return found


def roots(tree: Tree) -> list[Fraction] | None:
    """Return the roots of an expression in one name, in order; None unless it has one or two, all rational.

    >>> roots(Call("-", (Call("/", (Fraction(12), "x")), Call("+", ("x", Fraction(1))))))
    [Fraction(-4, 1), Fraction(3, 1)]
    """
    ratio = _ratio(tree)
    if ratio is None or not 2 <= len(ratio[0]) <= 3:
        return None
    c, b, a = (*ratio[0], Fraction(0))[:3]
    if not a:
        return [-c / b]
    square = b * b - 4 * a * c
    if square < 0 or max(square.numerator, square.denominator).bit_length() > MAX_BITS:
        return None
    root = fold(Call("sqrt", (square,)), {})
    return sorted({(-b - root) / (2 * a), (-b + root) / (2 * a)}) if isinstance(root, Fraction) else None


def _ratio(tree: Tree) -> tuple[Polynomial, Polynomial] | None:
    """Return a tree as a polynomial over another one, or None when it is not that or of a high degree."""
    if isinstance(tree, Fraction):
        return _trimmed((tree,)), _ONE
    if isinstance(tree, str):
        return (Fraction(0), Fraction(1)), _ONE
    if tree.op == "^":
        base, exponent = tree.args
        if not isinstance(exponent, Fraction) or exponent not in (2, 3, 4):
            return None
        return _raised(_ratio(base), int(exponent))
    if tree.op not in ("+", "-", "*", "/", "neg"):
        return None
    one = _ratio(tree.args[0])
    if one is None or tree.op == "neg":
        return one and _combined("neg", one, one)
    other = _ratio(tree.args[1])
    return other and _combined(tree.op, one, other)


def _raised(
    base: tuple[Polynomial, Polynomial] | None, exponent: int
) -> tuple[Polynomial, Polynomial] | None:
    """Multiply a ratio by itself; it is worked out once, however often powers stand inside of powers."""
    found = base
    for _ in range(exponent - 1):
        found = found and base and _combined("*", base, found)
    return found


def _combined(
    op: str, one: tuple[Polynomial, Polynomial], other: tuple[Polynomial, Polynomial]
) -> tuple[Polynomial, Polynomial] | None:
    (above, below), (above_2, below_2) = one, other
    if op == "neg":
        return _times(above, (Fraction(-1),)), below
    if op == "/":
        above_2, below_2 = below_2, above_2
    if not below_2:
        return None
    if op in "*/":
        above, below = _times(above, above_2), _times(below, below_2)
    else:
        sign = Fraction(1 if op == "+" else -1)
        above = _plus(_times(above, below_2), _times(_times(above_2, below), (sign,)))
        below = _times(below, below_2)
    return (above, below) if _small(above) and _small(below) else None


def _small(polynomial: Polynomial) -> bool:
    return len(polynomial) <= MAX_DEGREE + 1 and all(
        max(each.numerator.bit_length(), each.denominator.bit_length()) <= MAX_COEFFICIENT_BITS
        for each in polynomial
    )


def _times(one: Polynomial, other: Polynomial) -> Polynomial:
    found = [Fraction(0)] * max(0, len(one) + len(other) - 1)
    for at, coefficient in enumerate(one):
        for at_2, coefficient_2 in enumerate(other):
            found[at + at_2] += coefficient * coefficient_2
    return _trimmed(found)


def _plus(one: Polynomial, other: Polynomial) -> Polynomial:
    length = max(len(one), len(other))
    padded = ([*each, *[Fraction(0)] * (length - len(each))] for each in (one, other))
    return _trimmed([a + b for a, b in zip(*padded, strict=True)])


def _trimmed(coefficients: Sequence[Fraction]) -> Polynomial:
    last = max((at for at, each in enumerate(coefficients) if each), default=-1)
    return tuple(coefficients[: last + 1])
