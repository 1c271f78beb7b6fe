r"""Sums and products over whole numbers, integrals, and determinants, as parts that are known exactly.

>>> from thoughtmill.factory.answers.mathematics.reading import read
>>> unrolled(read(r"\sum_{k=1}^{2} kx"))
Call(op='+', args=(Call(op='*', args=(Fraction(1, 1), 'x')), Call(op='*', args=(Fraction(2, 1), 'x'))))
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations

from thoughtmill.factory.answers.mathematics.tree import Call, Tree

BOUND = frozenset({"sum", "prod", "integral"})
"""Operations whose second part is a name of their own."""

MOST_TERMS = 200
"""Terms of the longest sum that is written out."""

LARGEST = 4
"""Rows of the largest determinant that is calculated."""

OWN_NAME = "@own"
"""What the own name of a sum or integral is called where it is compared: the choice of it says nothing."""


def unrolled(tree: Call) -> Tree | None:
    """Return a sum or product between two whole numbers with all its terms, or None."""
    body, name, low, high = tree.args
    if tree.op == "integral" or not isinstance(low, Fraction) or not isinstance(high, Fraction):
        return None
    if low.denominator != 1 or high.denominator != 1 or not 0 <= high - low < MOST_TERMS:
        return None
    terms = [replaced(body, str(name), Fraction(at)) for at in range(int(low), int(high) + 1)]
    return terms[0] if len(terms) == 1 else Call("+" if tree.op == "sum" else "*", tuple(terms))


def renamed(tree: Call) -> tuple[Tree, Tree, Tree]:
    """Return the body of a sum or integral with its own name called `OWN_NAME`, and the two bounds."""
    body, name, low, high = tree.args
    return replaced(body, str(name), OWN_NAME), low, high


def replaced(tree: Tree, name: str, value: Tree) -> Tree:
    """Return a tree with a value for a name, but for parts that have this name as their own."""
    if isinstance(tree, str):
        return value if tree == name else tree
    if not isinstance(tree, Call):
        return tree
    if tree.op in BOUND and tree.args[1] == name:
        bounds = (replaced(bound, name, value) for bound in tree.args[2:])
        return Call(tree.op, (*tree.args[:2], *bounds))
    return Call(tree.op, tuple([replaced(arg, name, value) for arg in tree.args]))


def determinant(rows: Sequence[Tree]) -> Tree | None:
    """Return a determinant as the sum of its products (Leibniz).

    None where it is large, not square, or holds another.
    """
    entries = [row.args for row in rows if isinstance(row, Call)]
    size = len(entries)
    if size > LARGEST or any(len(row) != size or any(map(_has_determinant, row)) for row in entries):
        return None
    terms: list[Tree] = []
    for order in permutations(range(size)):
        turns = sum(order[at] > order[after] for at in range(size) for after in range(at + 1, size))
        factors = tuple([entries[at][column] for at, column in enumerate(order)])
        terms.append(Call("*", (Fraction((-1) ** turns), *factors)))
    return Call("+", tuple(terms))


def _has_determinant(tree: Tree) -> bool:
    return isinstance(tree, Call) and (tree.op == "det" or any(map(_has_determinant, tree.args)))
