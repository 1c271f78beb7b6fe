r"""Shared code of the kinds of mathematics: the operation at the root of a tree decides the kind of its text.

>>> canonical(r"\left(\tfrac12, 3\right)", {"tuple"}), canonical("x+1", {"tuple"})
('(\\frac{1}{2}, 3)', None)
"""

from collections.abc import Container

from thoughtmill.factory.answers import Comparison
from thoughtmill.factory.answers.mathematics import equality
from thoughtmill.factory.answers.mathematics.reading import read
from thoughtmill.factory.answers.mathematics.tokens import MAX_LENGTH
from thoughtmill.factory.answers.mathematics.tree import Call
from thoughtmill.factory.answers.mathematics.writing import written


def canonical(text: str, operations: Container[str] | None = None) -> str | None:
    """Return the canonical text of an answer whose root is one of `operations`, or any root without them.

    None for the rare tree whose text is not read back as the same tree.
    """
    tree = read(text)
    if tree is None or (operations is not None and not (isinstance(tree, Call) and tree.op in operations)):
        return None
    found = written(tree)
    return found if len(found) <= MAX_LENGTH and read(found) == tree else None


def operation(text: str) -> str | None:
    """Return the operation at the root of a text's tree, or None for numbers, names and other texts."""
    tree = read(text)
    return tree.op if isinstance(tree, Call) else None


def compared(left: str, right: str) -> Comparison:
    """Compare two texts of mathematics by the first rule that decides."""
    one, other = read(left), read(right)
    if one is None or other is None:
        return Comparison(False, "kind")
    return Comparison(*equality.compared(one, other))
