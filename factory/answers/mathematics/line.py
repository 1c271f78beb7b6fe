r"""Sets of real numbers: intervals, unions and inequalities in one unknown, as sorted pieces of the line.

>>> from thoughtmill.factory.answers.mathematics.reading import read
>>> pieces(read(r"x \ge 5")) == pieces(read(r"[5,\infty)"))
True
>>> pieces(read(r"x \neq 0")) == pieces(read(r"(-\infty,0)\cup(0,\infty)"))
True
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from thoughtmill.factory.answers.mathematics.approximation import approximate
from thoughtmill.factory.answers.mathematics.normal import form
from thoughtmill.factory.answers.mathematics.polynomials import ONE
from thoughtmill.factory.answers.mathematics.tree import Call, Tree, names

ORDERS = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""Each order and the order that holds when its sides change places."""

_INFINITY = Call("oo", ())
_MINUS_INFINITY = Call("neg", (_INFINITY,))
_MOST = 100
_NEAR = 1e-12


class EndPoint(NamedTuple):
    """An end of a piece: its approximate position and its exact tree."""

    at: float
    tree: Tree


class Piece(NamedTuple):
    """A piece of the line, with or without its ends."""

    low: EndPoint
    high: EndPoint
    has_low: bool
    has_high: bool


_LOW, _HIGH = EndPoint(-math.inf, _MINUS_INFINITY), EndPoint(math.inf, _INFINITY)
_LINE = [Piece(_LOW, _HIGH, False, False)]


def pieces(tree: Tree) -> list[Piece] | None:
    """Return the sorted, disjoint pieces of a set of real numbers, or None for anything else."""
    found = _pieces(tree)
    return None if found is None or len(found) > _MOST else _merged(found)


def unknown(tree: Tree) -> str | None:
    """Return the only name in an inequality, or None."""
    found = set(names(tree))
    return found.pop() if len(found) == 1 else None


def _pieces(tree: Tree) -> list[Piece] | None:
    if not isinstance(tree, Call):
        return None
    op, args = tree
    if op == "reals":
        return _LINE
    if op == "interval" or (op == "tuple" and len(args) == 2):
        closed = [bool(arg) for arg in args[2:]] or [False, False]
        return _piece(args[0], args[1], *closed)
    if op == "set":
        points = [_piece(arg, arg, True, True) for arg in args]
        return None if None in points else [piece for point in points if point for piece in point]
    if op in ORDERS or op == "!=":
        without_bars = _without_bars(op, *args)
        return _solved(op, *args) if without_bars is None else _pieces(without_bars)
    if op == "in":
        return _pieces(args[1])
    if op in ("union", "or", "intersection", "and", "difference"):
        parts = [_pieces(arg) for arg in args]
        found = [part for part in parts if part is not None]
        return _combined(op, found) if len(found) == len(parts) else None
    return None


def _piece(low: Tree, high: Tree, has_low: bool, has_high: bool) -> list[Piece] | None:
    ends = approximate(low), approximate(high)
    if ends[0] is None or ends[1] is None or ends[0] > ends[1]:
        return None
    has_low, has_high = has_low and math.isfinite(ends[0]), has_high and math.isfinite(ends[1])
    return [Piece(EndPoint(ends[0], low), EndPoint(ends[1], high), has_low, has_high)]


def _without_bars(op: str, left: Tree, right: Tree) -> Tree | None:
    """Return a comparison of one absolute value with a number above 0 as two comparisons, or None."""
    if not (isinstance(left, Call) and left.op == "abs"):
        op, left, right = ORDERS.get(op, op), right, left
    bound = approximate(right)
    if not (isinstance(left, Call) and left.op == "abs") or bound is None or not bound > 0:
        return None
    if _has_bars(left.args[0]):
        return None  # each level would double the work
    inner, opposite = left.args[0], Call("neg", (right,))
    sides = (Call(op, (inner, right)), Call(ORDERS.get(op, op), (inner, opposite)))
    return Call("or" if op in (">", ">=", "=") else "and", sides)


def _has_bars(tree: Tree) -> bool:
    return isinstance(tree, Call) and (tree.op == "abs" or any(map(_has_bars, tree.args)))


def roots(tree: Tree) -> tuple[str, list[Tree]] | None:
    """Return the unknown of an equation and its real solutions; None where these are not easily known.

    >>> from thoughtmill.factory.answers.mathematics.reading import read
    >>> roots(read("|x-3| = 5"))[0], len(roots(read("x^2 = 4"))[1]), roots(read("x^2 + y^2 = 4"))
    ('x', 2, None)
    """
    name = unknown(tree)
    if name is None or not isinstance(tree, Call) or tree.op != "=":
        return None
    either = _without_bars("=", *tree.args)
    equations = either.args if isinstance(either, Call) else (tree,)
    found: list[Tree] = []
    for equation in equations:
        outside = _solved(">", *equation.args) if isinstance(equation, Call) else None
        inside = _solved("<", *equation.args) if isinstance(equation, Call) else None
        if outside is None or inside is None:
            return None
        found += [end.tree for end in dict.fromkeys(end for piece in [*outside, *inside] for end in piece[:2])
                  if math.isfinite(end.at)]  # fmt: skip
    return name, found


def _solved(op: str, left: Tree, right: Tree) -> list[Piece] | None:
    """Return the solutions of an inequality that is linear or quadratic in its only unknown."""
    difference = Call("+", (left, Call("neg", (right,))))
    name = unknown(difference)
    found = form(difference)
    if name is None or found is None or found.below != ONE:
        return None
    powers = [((name, 2),), ((name, 1),), ()]
    if powers[0] in found.above and set(found.above) <= set(powers):
        return _quadratic(op, *(found.above.get(term, Fraction(0)) for term in powers))
    slope = found.above.get(((name, 1),))
    if slope is None or any(
        factor == name for term in found.above for factor, _ in term if term != ((name, 1),)
    ):
        return None
    if name in (left, right):
        bound = right if left == name else left
    else:
        bound = Call("/", (Call("neg", (_without(difference, name),)), slope))
    op = ORDERS.get(op, op) if slope < 0 else op
    at = approximate(bound)
    if at is None:
        return None
    end = EndPoint(at, bound)
    below, above = Piece(_LOW, end, False, op == "<="), Piece(end, _HIGH, op == ">=", False)
    return [below, above] if op == "!=" else [below] if op[0] == "<" else [above]


def _quadratic(op: str, square: Fraction, slope: Fraction, constant: Fraction) -> list[Piece] | None:
    """Return where a quadratic polynomial is above or below 0: outside its two roots or between them."""
    discriminant = slope**2 - 4 * square * constant
    if discriminant <= 0 or op == "!=":
        return None
    root = Call("root", (discriminant, Fraction(2)))
    ends = []
    for sign in (-1, 1):
        tree = Call("/", (Call("+", (-slope, Call("*", (Fraction(sign), root)))), 2 * square))
        at = approximate(tree)
        if at is None:
            return None
        ends.append(EndPoint(at, tree))
    low, high = sorted(ends, key=lambda end: end.at)
    closed = op in ("<=", ">=")
    if (op[0] == "<") == (square > 0):
        return [Piece(low, high, closed, closed)]
    return [Piece(_LOW, low, False, closed), Piece(high, _HIGH, closed, False)]


def _without(tree: Tree, name: str) -> Tree:
    """Return a tree with 0 for a name."""
    if isinstance(tree, Call):
        return Call(tree.op, tuple([_without(arg, name) for arg in tree.args]))
    return Fraction(0) if tree == name else tree


def _combined(op: str, parts: Sequence[list[Piece]]) -> list[Piece] | None:
    if op in ("union", "or"):
        return [piece for part in parts for piece in part]
    total = parts[0]
    for part in parts[1:]:
        cut = _complement(part) if op == "difference" else part
        if len(total) * len(cut) > _MOST**2:
            return None
        total = [both for one in total for other in cut if (both := _overlap(one, other))]
    return total


def _complement(found: Sequence[Piece]) -> list[Piece]:
    total, low, has_low = [], _LOW, False
    for piece in _merged(found):
        if (gap := Piece(low, piece.low, has_low, not piece.has_low)) and _exists(gap):
            total.append(gap)
        low, has_low = piece.high, not piece.has_high
    last = Piece(low, _HIGH, has_low, False)
    return [*total, last] if _exists(last) else total


def _overlap(one: Piece, other: Piece) -> Piece | None:
    low, has_low = max(
        (one.low, one.has_low), (other.low, other.has_low), key=lambda end: (end[0].at, not end[1])
    )
    high, has_high = min(
        (one.high, one.has_high), (other.high, other.has_high), key=lambda end: (end[0].at, end[1])
    )
    both = Piece(low, high, has_low, has_high)
    return both if _exists(both) else None


def _exists(piece: Piece) -> bool:
    if math.isinf(piece.low.at) and piece.low.at == piece.high.at:
        return False
    return piece.low.at < piece.high.at or (
        piece.low.at == piece.high.at and piece.has_low and piece.has_high
    )


def _merged(found: Sequence[Piece]) -> list[Piece]:
    """Return pieces in their order, those that touch or overlap joined."""
    total: list[Piece] = []
    for piece in sorted(found, key=lambda each: (each.low.at, not each.has_low, each.high.at)):
        last = total[-1] if total else None
        if last is None or not _touch(last, piece):
            total.append(piece)
        elif (piece.high.at, piece.has_high) > (last.high.at, last.has_high):
            total[-1] = last._replace(high=piece.high, has_high=piece.has_high)
    return total


def _touch(one: Piece, other: Piece) -> bool:
    gap = other.low.at - one.high.at
    if math.isnan(gap) or gap < 0:
        return True
    return gap <= _NEAR * max(1.0, abs(one.high.at)) and (one.has_high or other.has_low)
