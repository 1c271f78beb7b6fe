"""Straight-line programs as functions of their figures: evaluated exactly, with every intermediate result.

>>> program = read("bags = 4\\nans = bags * 6 - 9")
>>> program.figures, [str(value) for value in program.values(program.figures)]
((Fraction(4, 1), Fraction(6, 1), Fraction(9, 1)), ['24', '15', '15'])
>>> program.written([Fraction(5), Fraction(7), Fraction(9)])
'bags = 5\\nans = bags * 7 - 9'
"""

import ast
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, cast

from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.solvers.program.straight import assigned

MAX_LENGTH = 4000
MAX_EXPONENT = 12
LARGEST = 10**30
"""Of a numerator or denominator: larger results are no story's."""
FIGURE = re.compile(r"(?<![\w.])(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?![\w.])")

_COMMENT = re.compile(r"[ \t]*#[^\n]*")


def _quotient(left: Fraction, right: Fraction) -> Fraction:
    quotient = Fraction(left, right)
    return cast(Fraction, quotient.numerator) if quotient.denominator == 1 else quotient


_OPERATORS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction | int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _quotient,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}

Instruction = tuple[str, Any]
"""A word and its operand: the place of a `figure`, a `name`, the name to `set`, the function to `apply`."""


@dataclass(frozen=True, slots=True)
class StraightProgram:
    """A program without comments, its figures from left to right, and its instructions for a stack."""

    text: str
    figures: tuple[Fraction, ...]
    instructions: tuple[Instruction, ...]

    def values(self, figures: Sequence[Fraction]) -> list[Fraction] | None:
        """Return the result of every operation, and then the answer; None where one has none.

        Whole results are integers, which are ten times as fast as fractions and equal to them.
        """
        known = [cast(Fraction, int(figure)) if figure.denominator == 1 else figure for figure in figures]
        stack: list[Fraction] = []
        named: dict[str, Fraction] = {}
        found: list[Fraction] = []
        last = Fraction(0)
        try:
            for kind, what in self.instructions:
                if kind == "figure":
                    stack.append(known[what])
                elif kind == "name":
                    stack.append(named[what])
                elif kind == "set":
                    named[what] = last = stack.pop()
                else:
                    found.append(_applied(kind, what, stack))
        except (ZeroDivisionError, OverflowError, KeyError):
            return None
        return [*found, named.get("ans", last)]

    def uses(self) -> Counter[Fraction]:
        """Return how often each figure is calculated with, by itself or under the name that it is given.

        >>> read("bags = 4\\nans = bags * 4 - bags").uses()
        Counter({Fraction(4, 1): 3})
        """
        named: dict[str, Fraction] = {}
        found: Counter[Fraction] = Counter()
        for before, (kind, what) in pairwise([("", None), *self.instructions]):
            if kind == "figure":
                found[self.figures[what]] += 1
            elif kind == "name" and what in named:
                found[named[what]] += 1
            elif kind == "set" and before[0] == "figure":
                named[what] = self.figures[before[1]]
                found[named[what]] -= 1
        return found

    def shares_values(self) -> bool:
        """Return whether a result has the value of another result or of a figure.

        Where that is so, a calculation may go on with one of them and mean the other.

        >>> read("a = 4 * 2\\nb = a - 8\\nans = b + 1").shares_values()
        True
        """
        early = (self.values(self.figures) or [])[:-2]
        return len(set(early)) < len(early) or not set(early).isdisjoint(self.figures)

    def written(self, figures: Sequence[Fraction]) -> str:
        """Return the program with other figures in its places."""
        later = iter(figures)
        return FIGURE.sub(lambda _: answers.exact_text(next(later)), self.text)


def read(program: str) -> StraightProgram | None:
    """Return a straight-line program, or None for any other."""
    if len(program) > MAX_LENGTH or assigned(program) is None:
        return None
    text = _COMMENT.sub("", program).strip()
    figures = [answers.value(found) for found in FIGURE.findall(text)]
    instructions: list[Instruction] = []
    try:
        places = iter(range(len(figures)))
        for statement in ast.parse(text).body:
            instructions += _statement(statement, places)
    except (SyntaxError, _NotStraightError):
        return None
    known = tuple(figure for figure in figures if figure is not None)
    if len(known) != len(figures) or not instructions:
        return None
    return StraightProgram(text, known, tuple(instructions))


class _NotStraightError(ValueError):
    """The statement does more than assign arithmetic."""


def _statement(statement: ast.stmt, places: Iterator[int]) -> Iterator[Instruction]:
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        yield from _expression(statement.value, places)
        yield "set", statement.targets[0].id
    elif isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        yield "name", statement.target.id
        yield from _expression(statement.value, places)
        yield _operation(statement.op)
        yield "set", statement.target.id
    else:
        raise _NotStraightError


def _expression(node: ast.expr, places: Iterator[int]) -> Iterator[Instruction]:
    """Yield the instructions of an expression, operands first; figures are met from left to right."""
    if isinstance(node, ast.BinOp):
        yield from _expression(node.left, places)
        yield from _expression(node.right, places)
        yield _operation(node.op)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        yield from _expression(node.operand, places)
        if isinstance(node.op, ast.USub):
            yield "negate", None
    elif isinstance(node, ast.Constant):
        yield "figure", next(places)
    elif isinstance(node, ast.Name):
        yield "name", node.id
    else:
        raise _NotStraightError


def _operation(sign: ast.operator) -> Instruction:
    if isinstance(sign, ast.Pow):
        return "power", None
    if type(sign) not in _OPERATORS:
        raise _NotStraightError
    return "apply", _OPERATORS[type(sign)]


def _applied(kind: str, what: Any, stack: list[Fraction]) -> Fraction:
    """Apply an operation to the top of the stack; a value too long to keep is an OverflowError."""
    last = stack.pop()
    if kind == "negate":
        value = -last
    elif kind == "power":
        if last.denominator != 1 or abs(last) > MAX_EXPONENT:
            raise OverflowError
        value = Fraction(stack.pop()) ** int(last)
    else:
        value = what(stack.pop(), last)
    if abs(value.numerator) > LARGEST or value.denominator > LARGEST:
        raise OverflowError
    stack.append(value)
    return value
