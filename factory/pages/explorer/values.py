"""Values beside the lines of a rationale: the steps of a chain, the variables of a program or of equations.

>>> notes("chain", "Ann has 3 * 4 = 12.\\nSo 12 + 1 = 14.")
[(0, '3*4 = 12', True), (1, '12+1 = 14, which is 13', False)]
>>> notes("program", "bags = 4\\nans = bags * 6")
[(1, 'ans = 24', None)]
>>> notes("equations", "unknowns: x, y\\nx + y = 35\\n2x + 4y = 94\\nans = x")
[(1, 'x = 23', None), (1, 'y = 12', None), (3, 'ans = 23', None)]
"""

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction

from thoughtmill.factory.answers.number import exact_text, fits
from thoughtmill.factory.solvers.arithmetic import evaluate
from thoughtmill.factory.solvers.equation.linear import settle
from thoughtmill.factory.solvers.equation.system import parse, system
from thoughtmill.factory.solvers.equation.tree import Unsolvable
from thoughtmill.factory.solvers.program.straight import assigned
from thoughtmill.factory.solvers.steps import steps

Note = tuple[int, str, bool | None]
"""The line, from 0; what is computed in it; whether a step is right, and None for a value."""

MAX_LENGTH = 8000
"""Characters of a rationale beyond which no values are computed."""

_ASSIGNMENT = re.compile(r"\s*([A-Za-z]\w*) *(\*\*|//|[-+*/%])?= *(.+)")
_NAME = re.compile(r"[A-Za-z]\w*")


def notes(kind: str, rationale: str | None) -> list[Note]:
    """Return the values of a rationale of a kind of thought, in the order of its lines.

    A value that its line states already is left out. A program has values when it is straight-line
    arithmetic, which needs no fence. Equations have the values that substitution and elimination find, also
    where they leave the answer open.
    """
    if rationale is None or len(rationale) > MAX_LENGTH:
        return []
    if kind == "chain":
        return [
            (number, str(step), step.right)
            for number, line in enumerate(rationale.split("\n"))
            for step in steps(line)
        ]
    found = {"program": _program, "equations": _equations}.get(kind)
    lines = rationale.split("\n")
    return [note for note in found(lines) if note[1] != lines[note[0]].strip()] if found else []


def _program(lines: list[str]) -> Iterator[Note]:
    if assigned("\n".join(lines)) is not None:
        for number, name, value in _assignments(lines):
            if value is None:
                return
            yield number, f"{name} = {exact_text(value)}", None


def _assignments(lines: list[str]) -> Iterator[tuple[int, str, Fraction | None]]:
    """Yield the line, the name and the value of each assignment; None where it cannot be computed."""
    known: dict[str, Fraction] = {}
    for number, line in enumerate(lines):
        found = _ASSIGNMENT.match(line.partition("#")[0])
        if found is None:
            continue
        name, operator, expression = found.groups()
        value = _value(f"{name} {operator} ({expression})" if operator else expression, known)
        if value is not None:
            known[name] = value
        yield number, name, value


def _value(expression: str, known: Mapping[str, Fraction]) -> Fraction | None:
    return evaluate(_NAME.sub(lambda found: f"({known.get(found[0], '?')})", expression))


def _equations(lines: list[str]) -> Iterator[Note]:
    known = _straight(lines) or _settled("\n".join(lines))
    for number, line in enumerate(lines):
        if "=" in line:
            for name in dict.fromkeys(_NAME.findall(line)):
                value = known.pop(name, None)
                if value is not None and fits(value):
                    yield number, f"{name} = {exact_text(value)}", None


def _straight(lines: list[str]) -> dict[str, Fraction]:
    """Return the values of equations that each set a new name by known ones, which most do; else nothing."""
    found = list(_assignments(lines))
    known = {name: value for _, name, value in found if value is not None}
    return known if len(known) == len(found) == sum("=" in line for line in lines) else {}


def _settled(text: str) -> dict[str, Fraction]:
    try:
        return dict(settle(system(parse(text), {}).equations).known)
    except (Unsolvable, RecursionError):
        return {}
