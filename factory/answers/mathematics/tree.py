"""The expression trees that every reader of ours makes: numbers, names and operations.

A name is plain text that means nothing to Python or to sympy, so `S`, `E` and `lambda` are names like any
other.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple, TypeAlias


class Call(NamedTuple):
    """One operation on its arguments."""

    op: str
    args: "tuple[Tree, ...]"


Tree: TypeAlias = Fraction | str | Call


def names(tree: Tree) -> Iterator[str]:
    """Yield the names of a tree from left to right, each as often as it occurs.

    >>> list(names(Call("-", ("x", Call("*", ("y", "x"))))))
    ['x', 'y', 'x']
    """
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Call):
        for arg in tree.args:
            yield from names(arg)


def is_infinite(tree: Tree) -> bool:
    """Return whether a tree is plus or minus infinity."""
    return isinstance(tree, Call) and (tree.op == "oo" or (tree.op == "neg" and is_infinite(tree.args[0])))
