"""Straight-line programs as functions of their figures: evaluated exactly, with every intermediate result.

>>> program = read("bags = 4\\nans = bags * 6 - 9")
>>> program.figures, [str(value) for value in program.values(program.figures)]
((Fraction(4, 1), Fraction(6, 1), Fraction(9, 1)), ['4', '24', '15', '15'])
>>> program.written([Fraction(5), Fraction(7), Fraction(9)])
'bags = 5\\nans = bags * 7 - 9'
"""

import ast
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.solvers.program.straight import assigned

MAX_LENGTH = 4000
MAX_EXPONENT = 12
FIGURE = re.compile(r"(?<![\w.])(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?![\w.])")

_COMMENT = re.compile(r"[ \t]*#[^\n]*")
_OPERATORS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction | int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}

Instruction = tuple[str, Any]
"""A word and what it needs: the place of a `figure`, a `name`, the name to `set`, the function to `apply`."""


@dataclass(frozen=True, slots=True)
class StraightProgram:
    """A program without comments, its figures from left to right, and its instructions for a stack."""

    text: str
    figures: tuple[Fraction, ...]
    instructions: tuple[Instruction, ...]

    def values(self, figures: Sequence[Fraction]) -> list[Fraction] | None:
        """Return the value of every assignment and operation, the answer last; None where one has none."""
        stack: list[Fraction] = []
        named: dict[str, Fraction] = {}
        found: list[Fraction] = []
        try:
            for kind, what in self.instructions:
                if kind == "figure":
                    stack.append(figures[what])
                elif kind == "name":
                    stack.append(named[what])
                elif kind == "set":
                    named[what] = stack[-1]
                    found.append(stack.pop())
                else:
                    found.append(_applied(kind, what, stack))
        except (ZeroDivisionError, OverflowError, KeyError):
            return None
        return [*found, named["ans"]] if "ans" in named and named["ans"] != found[-1] else found

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
        value = stack.pop() ** int(last)
    else:
        value = Fraction(what(stack.pop(), last))
    if not answers.fits(value):
        raise OverflowError
    stack.append(value)
    return value
