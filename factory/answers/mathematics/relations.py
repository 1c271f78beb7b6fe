r"""Equations and inequalities: two are equivalent when one is a multiple of the other.

>>> from thoughtmill.factory.answers.mathematics.reading import read
>>> compared(read("y = 2x"), read("4x - 2y = 0")), compared(read("x^2 > 4"), read("x^2 < 4"))
((True, 'normal_form'), (False, 'normal_form'))
"""

from thoughtmill.factory.answers.mathematics import normal, symbolic
from thoughtmill.factory.answers.mathematics.line import ORDERS as MIRRORED
from thoughtmill.factory.answers.mathematics.scalars import Verdict
from thoughtmill.factory.answers.mathematics.tree import Call, Tree

ORDERS = frozenset({*MIRRORED, "!="})
RELATIONS = ORDERS | {"=", "~"}


def compared(left: Tree, right: Tree) -> Verdict:
    """Compare two relations: the same sign, and sides whose differences are proportional.

    Orders need a positive constant. An equation may also be multiplied with its denominators.
    """
    one, other = _oriented(left), _oriented(right)
    if one is None or other is None or one[0] != other[0]:
        return False, "normal_form"
    (op, first), (_, second) = one, other
    factor, exact = normal.proportion(first, second, cleared=op in ("=", "!="))
    if factor is not None:
        return bool(factor > 0 if op in MIRRORED else factor), "normal_form"
    if exact:
        return False, "normal_form"
    sign, rule = symbolic.proportional(*sorted((first, second), key=repr))
    return (None if sign is None else sign > 0 if op in MIRRORED else bool(sign)), rule


def _oriented(tree: Tree) -> tuple[str, Tree] | None:
    """Return a relation as a comparison with 0 without `>`: its sign and the difference of its sides."""
    if not isinstance(tree, Call) or tree.op not in RELATIONS:
        return None
    left, right = tree.args
    op = tree.op
    if op in (">", ">="):
        op, left, right = MIRRORED[op], right, left
    return op, Call("+", (left, Call("neg", (right,))))


def is_name(tree: Tree) -> bool:
    """Return whether a tree only names something: `x`, `f(x)`, `(x, y)`, `\\text{Area}`, `AB`, `P(A)`."""
    if isinstance(tree, Call):
        if tree.op == "*":  # a segment between points, or the probability of an event
            return all(isinstance(arg, str) and len(arg) == 1 and arg.isupper() for arg in tree.args)
        return tree.op in ("apply", "mark", "text") or (tree.op == "tuple" and all(map(is_name, tree.args)))
    return isinstance(tree, str)
