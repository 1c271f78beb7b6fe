"""Open answers: whether the answer of a system with too few equations changes along its solutions.

sympy takes most of its time to say that a system is underdetermined. Here a solution is found by Newton's
method, and the answer is open when its gradient there is no combination of the gradients of the equations:
by the implicit function theorem there are then solutions beside it with other answers. `ans = a / c` with
`a = 3b` and `c = 2b` is not open, though `b` is. Where this finds no such solution, nothing is said.
"""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from thoughtmill.factory.answers.mathematics.tree import Call, Tree, names

Equation = tuple[Tree, Tree]
Vector = list[float]

STARTS = 4
"""From how many random points a solution is looked for."""

ROUNDS = 40
MAX_NAMES = 30
SOLVED = 1e-9
"""How far a solution may miss its equations."""

REGULAR = 1e-3
"""The least slope of an equation at a solution for the theorem to hold there."""

OPEN = 1e-4
"""How much of the answer's direction the equations must leave free for the answer to be open."""

RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "!=": lambda a, b: a != b,
}


class Slope(NamedTuple):
    """A value and its gradient, over the names in their order."""

    value: float
    gradient: Vector


def varies(equations: Sequence[Equation], conditions: Sequence[Call], answer: str) -> bool:
    """Return whether some solution that meets the conditions has others beside it with another answer.

    >>> varies([(Call("*", ("x", "ans")), 12.0)], [], "ans")
    True
    >>> varies([("a", Call("*", (3.0, "b"))), ("ans", Call("/", ("a", "b")))], [], "ans")
    False
    """
    unknowns = list(
        dict.fromkeys(name for equation in equations for side in equation for name in names(side))
    )
    if answer not in unknowns or len(unknowns) > MAX_NAMES:
        return False
    try:
        return any(
            _is_open(rows, unknowns.index(answer)) and _meets(point, unknowns, conditions)
            for point, rows in _solutions(equations, unknowns)
        )
    except (ArithmeticError, ValueError, KeyError, RecursionError):
        return False


def _solutions(
    equations: Sequence[Equation], unknowns: Sequence[str]
) -> Iterator[tuple[Vector, list[Vector]]]:
    """Yield solutions found from random points, each with the gradients of the equations there."""
    chance = random.Random("1/varying")
    for _ in range(STARTS):
        point = [chance.uniform(0.5, 20) for _ in unknowns]
        for _ in range(ROUNDS):
            slopes = _slopes(equations, unknowns, point)
            basis = _basis(slopes)
            if max((abs(slope.value) for slope in slopes), default=0.0) < SOLVED * max(1.0, *map(abs, point)):
                yield point, [slope.gradient for slope in slopes]
                break
            for at in range(len(point)):
                point[at] -= sum(part * row[at] for part, row in basis)


def _basis(slopes: Sequence[Slope]) -> list[tuple[float, Vector]]:
    """Return orthonormal directions and how far to step back along each (Gram and Schmidt)."""
    found: list[tuple[float, Vector]] = []
    for value, gradient in slopes:
        rest = list(gradient)
        left = value
        for part, row in found:
            along = _dot(gradient, row)
            left -= along * part
            rest = [a - along * b for a, b in zip(rest, row, strict=True)]
        length = math.hypot(*rest)
        if length > 1e-12 * max(1.0, math.hypot(*gradient)):
            found.append((left / length, [each / length for each in rest]))
    return found


def _is_open(rows: Sequence[Vector], at: int) -> bool:
    """Tell whether a unit vector is no combination of gradients, none of which is next to 0."""
    if any(math.hypot(*row) < REGULAR for row in rows):
        return False
    basis = [row for _, row in _basis([Slope(0.0, row) for row in rows])]
    return len(basis) == len(rows) and 1 - sum(row[at] ** 2 for row in basis) > OPEN


def _meets(point: Vector, unknowns: Sequence[str], conditions: Sequence[Call]) -> bool:
    for condition in conditions:
        one, other = (
            _slope(side, dict(zip(unknowns, point, strict=True)), {}, 0).value for side in condition.args
        )
        if not RELATIONS[condition.op](one, other):
            return False
    return True


def _slopes(equations: Sequence[Equation], unknowns: Sequence[str], point: Vector) -> list[Slope]:
    values = dict(zip(unknowns, point, strict=True))
    places = {name: at for at, name in enumerate(unknowns)}
    return [_slope(Call("-", equation), values, places, len(unknowns)) for equation in equations]


def _slope(tree: Tree, values: Mapping[str, float], places: Mapping[str, int], size: int) -> Slope:
    """Return the value of a tree and its gradient. Raises KeyError for an operation without one."""
    if isinstance(tree, str):
        return Slope(values[tree], [float(places.get(tree) == at) for at in range(size)])
    if not isinstance(tree, Call):
        return Slope(float(tree), [0.0] * size)
    parts = [_slope(arg, values, places, size) for arg in tree.args]
    value, factors = DERIVATIVES[tree.op](*(part.value for part in parts))
    rows = zip(*(part.gradient for part in parts), strict=True)
    return Slope(value, [sum(map(float.__mul__, factors, row)) for row in rows])


def _power(a: float, b: float) -> tuple[float, tuple[float, ...]]:
    value = math.pow(a, b)
    return value, (b * math.pow(a, b - 1), value * math.log(a) if a > 0 else 0.0)


DERIVATIVES: dict[str, Callable[..., tuple[float, tuple[float, ...]]]] = {
    "+": lambda a, b: (a + b, (1.0, 1.0)),
    "-": lambda a, b: (a - b, (1.0, -1.0)),
    "*": lambda a, b: (a * b, (b, a)),
    "/": lambda a, b: (a / b, (1 / b, -a / b / b)),
    "^": _power,
    "neg": lambda a: (-a, (-1.0,)),
    "sqrt": lambda a: (math.sqrt(a), (0.5 / math.sqrt(a),)),
    "abs": lambda a: (abs(a), (math.copysign(1.0, a),)),
}
"""Each operation's value and its derivatives after each argument."""


def _dot(one: Vector, other: Vector) -> float:
    return sum(map(float.__mul__, one, other))
