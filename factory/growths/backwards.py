"""Run a straight-line program backwards: from its answer to one of its figures.

>>> print(inverted("pens = 12\\ncost = pens * 3\\nans = cost + 5", 0, "41"))
cost = 41 - 5
pens = cost / 3
ans = pens
"""

import ast
import re
from collections.abc import Iterator

from thoughtmill.factory.growths.straight_lines import FIGURE

HIDDEN = "hidden_number"

_LEFT = {ast.Add: "{} - {}", ast.Sub: "{} + {}", ast.Mult: "{} / {}", ast.Div: "{} * {}"}
"""How the left operand is found from the result and the right one; below, the right from the left one."""
_RIGHT = {ast.Add: "{0} - {1}", ast.Sub: "{1} - {0}", ast.Mult: "{0} / {1}", ast.Div: "{1} / {0}"}


class _CannotInvertError(ValueError):
    """The answer depends on the figure in more than one place, or through an operation without an inverse."""


def inverted(program: str, place: int, answer: str) -> str | None:
    """Return a program that finds a figure from the answer; None where it is used more than once.

    `place` counts the figures of the program from left to right, from 0.
    """
    places = iter(range(program.count("\n") * 99 + 999))
    hidden = FIGURE.sub(lambda found: HIDDEN if next(places) == place else found[0], program)
    try:
        return "\n".join(_lines(ast.parse(hidden).body, answer))
    except (_CannotInvertError, SyntaxError):
        return None


def _lines(body: list[ast.stmt], answer: str) -> Iterator[str]:
    """Yield the assignments that do not depend on the hidden figure, then those that do, backwards."""
    depends = HIDDEN
    chain: list[tuple[str, ast.expr, str]] = []
    names: set[str] = set()
    for statement in body:
        if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
            raise _CannotInvertError
        name, uses = statement.targets[0].id, _uses(statement.value, {HIDDEN, *(step[0] for step in chain)})
        if name in names or len(uses) > 1 or (uses and uses[0] != depends):
            raise _CannotInvertError
        names.add(name)
        if uses:
            chain.append((name, statement.value, depends))
            depends = name
        else:
            yield ast.unparse(statement)
    if not chain or chain[-1][0] != ast.unparse(body[-1]).partition(" = ")[0]:
        raise _CannotInvertError
    yield from _backwards(chain, answer)


def _backwards(chain: list[tuple[str, ast.expr, str]], answer: str) -> Iterator[str]:
    """Yield an assignment for each step of a chain from the answer to the hidden figure."""
    known, last = answer, answer
    for _, expression, wanted in reversed(chain):
        found = _solved(expression, known, wanted)
        if found == known:  # a name for the same number
            known = found
            continue
        if wanted == HIDDEN:
            last = found
            break
        yield f"{wanted} = {found}"
        known = last = wanted
    yield f"ans = {last if last != answer else known}"


def _solved(expression: ast.expr, known: str, wanted: str) -> str:
    """Return the value of a name in an expression whose value is known."""
    text = known
    while not (isinstance(expression, ast.Name) and expression.id == wanted):
        if isinstance(expression, ast.UnaryOp) and isinstance(expression.op, ast.USub):
            text, expression = f"-({text})", expression.operand
        elif isinstance(expression, ast.BinOp) and type(expression.op) in _LEFT:
            left = bool(_uses(expression.left, {wanted}))
            other = expression.right if left else expression.left
            pattern = (_LEFT if left else _RIGHT)[type(expression.op)]
            text = pattern.format(_in_brackets(text), _in_brackets(ast.unparse(other)))
            expression = expression.left if left else expression.right
        else:
            raise _CannotInvertError
    return text


def _in_brackets(text: str) -> str:
    return text if re.fullmatch(r"[\w.]+", text) else f"({text})"


def _uses(expression: ast.expr, names: set[str]) -> list[str]:
    """Return the names among some that an expression holds, as often as it holds them."""
    return [node.id for node in ast.walk(expression) if isinstance(node, ast.Name) and node.id in names]
