r"""Plus or minus: an answer with `\\pm` is the list of the two answers that it writes.

>>> alternatives(Call("pm", (Fraction(2),)))
Call(op='list', args=(Fraction(2, 1), Fraction(-2, 1)))
"""

from fractions import Fraction

from thoughtmill.factory.answers.mathematics.tree import Call, Tree


def alternatives(tree: Tree) -> Tree:
    """Return a tree in which each `\\pm` of an answer or of a member of a list makes two members."""
    if not _has_sign(tree) or not isinstance(tree, Call):
        return tree
    members = tree.args if tree.op in ("list", "set", "or") else (tree,)
    found = [part for member in members for part in (_both(member) if _has_sign(member) else (member,))]
    return Call(tree.op if tree.op in ("list", "set") else "list", tuple(found))


def _both(tree: Tree) -> tuple[Tree, Tree]:
    return _signed(tree, "pm"), _signed(tree, "mp")


def _has_sign(tree: Tree) -> bool:
    return isinstance(tree, Call) and (tree.op in ("pm", "mp") or any(map(_has_sign, tree.args)))


def _signed(tree: Tree, plus: str) -> Tree:
    """Return a tree in which one of `pm` and `mp` is plus and the other minus."""
    if not isinstance(tree, Call):
        return tree
    args = tuple([_signed(arg, plus) for arg in tree.args])
    if tree.op not in ("pm", "mp"):
        return Call(tree.op, args)
    if tree.op == plus:
        return args[0]
    return -args[0] if isinstance(args[0], Fraction) else Call("neg", args)
