r"""Exact forms: answers of systems that are more than one rational number, as text for the kinds of answers.

>>> from thoughtmill.factory.solvers.equation.system import parse, system
>>> what = system(parse("y = 2*x\nans = y^2 + 1"), {})
>>> spelled(formula(what))
'((2*x)^2)+1'
"""

from fractions import Fraction

from thoughtmill.factory.answers.mathematics.tree import Call, Tree, names
from thoughtmill.factory.solvers.equation.system import System
from thoughtmill.factory.solvers.equation.tree import Unsolvable, fold

MOST_PARTS = 400
"""Operations, numbers and names of the largest formula that is written."""

_INFIX = frozenset("+-*/^")
_FUNCTIONS = {
    "sqrt": r"\sqrt{%s}",
    "abs": "|%s|",
    "floor": r"\lfloor %s \rfloor",
    "ceil": r"\lceil %s \rceil",
}


def formula(what: System) -> Tree | None:
    """Return the answer as a formula of the unknowns that nothing defines; None when nothing defines it.

    A name is defined by the only equation that sets it equal to something else.
    """
    defined: dict[str, Tree | None] = {}
    for left, right in what.equations:
        if isinstance(left, str) and left not in names(right):
            defined[left] = None if left in defined else right
    tree = _expanded(what.answer, {name: side for name, side in defined.items() if side is not None}, ())
    return None if tree == what.answer else tree


def _expanded(tree: Tree, defined: dict[str, Tree], seen: tuple[str, ...]) -> Tree:
    if isinstance(tree, str):
        if tree not in defined or tree in seen:
            return tree
        return _expanded(defined[tree], defined, (*seen, tree))
    if isinstance(tree, Call):
        whole = Call(tree.op, tuple(_expanded(arg, defined, seen) for arg in tree.args))
        if _size(whole) > MOST_PARTS:
            raise Unsolvable("no_answer", "the answer is too long a formula")
        return whole
    return tree


def _size(tree: Tree) -> int:
    return 1 + sum(map(_size, tree.args)) if isinstance(tree, Call) else 1


def spelled(tree: Tree | None) -> str:
    """Return a formula as text; empty where it holds an operation that answers do not."""
    if tree is None:
        return ""
    tree = fold(tree, {})
    if isinstance(tree, Fraction):
        return str(tree) if tree >= 0 and tree.denominator == 1 else f"({tree})"
    if isinstance(tree, str):
        return tree
    parts = [spelled(arg) for arg in tree.args]
    if not all(parts):
        return ""
    if tree.op in _INFIX:
        return tree.op.join(part if part.isalnum() else f"({part})" for part in parts)
    if tree.op == "neg":
        return f"-({parts[0]})"
    return _FUNCTIONS[tree.op] % parts[0] if tree.op in _FUNCTIONS else ""
