"""Building: the trees that the grammar makes of parts it has read."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from thoughtmill.factory.answers.mathematics.tokens import Unreadable
from thoughtmill.factory.answers.mathematics.tree import Call, Tree


def negated(sign: str, tree: Tree) -> Tree:
    """Return a tree with the sign before it."""
    if sign == "-":
        return -tree if isinstance(tree, Fraction) else Call("neg", (tree,))
    return tree if sign == "+" else Call(sign, (tree,))


def divided(above: Tree, below: Tree) -> Tree:
    """Return a quotient; the quotient of two numbers is a number."""
    if isinstance(above, Fraction) and isinstance(below, Fraction) and below:
        return above / below
    return Call("/", (above, below))


def product(factors: Sequence[Tree]) -> Tree:
    """Return the product of factors. Raises `Unreadable` for words among them."""
    if len(factors) > 1 and any(isinstance(factor, Call) and factor.op == "text" for factor in factors):
        raise Unreadable("words in a product")
    matrices = [factor for factor in factors if isinstance(factor, Call) and factor.op == "matrix"]
    if len(factors) > 1 and len(matrices) == 1:
        return _scaled(matrices[0], product([factor for factor in factors if factor is not matrices[0]]))
    return factors[0] if len(factors) == 1 else Call("*", tuple(factors))


def _scaled(matrix: Call, scale: Tree) -> Tree:
    """Return a matrix with all its entries multiplied."""
    rows = [row.args for row in matrix.args if isinstance(row, Call)]
    return Call("matrix", tuple([Call("row", tuple([_times(scale, each) for each in row])) for row in rows]))


def _times(scale: Tree, entry: Tree) -> Tree:
    if isinstance(scale, Fraction) and isinstance(entry, Fraction):
        return scale * entry
    return Call("*", (scale, entry))


def is_numeral(digits: str, base: int) -> bool:
    """Return whether a text is a numeral of a base."""
    whole = digits.replace(".", "", 1)
    return whole.isalnum() and digits == digits.upper() and all(int(digit, 36) < base for digit in whole)


def bracketed(opening: str, tree: Tree, closing: str) -> Tree:
    """Return the tree of a bracket: a group, tuple, interval, set, or the rows of a matrix."""
    parts = tree.args if isinstance(tree, Call) and tree.op == "list" else (tree,)
    if opening == "\\{":
        return Call("set", parts)
    if (opening, closing) == ("[", "]"):
        rows = [_entries(part) for part in parts if isinstance(part, Call) and part.op in _ROWS]
        if len(rows) == len(parts):
            return Call("matrix", tuple(Call("row", row) for row in rows))
    if len(parts) == 1:
        if (opening, closing) in _PAIRED:
            return Call("bracket", parts) if opening == "[" else tree
        raise Unreadable("a bracket that nothing closes")
    if (opening, closing) == ("(", ")"):
        return Call("tuple", parts)
    if len(parts) == 2:
        closed = (Fraction(int(opening == "[")), Fraction(int(closing == "]")))
        return Call("interval", (*parts, *closed))
    if (opening, closing) == ("[", "]"):
        return Call("tuple", parts)
    raise Unreadable("brackets of two kinds")


_ROWS = frozenset({"tuple", "interval", "bracket"})
_PAIRED = frozenset({("(", ")"), ("[", "]")})


def _entries(part: Call) -> tuple[Tree, ...]:
    """Return the parts of a tuple, or of brackets that were taken for an interval."""
    return part.args[:2] if part.op == "interval" else part.args


def _matrix(arguments: tuple[Tree, ...]) -> Tree:
    """Return the matrix of `Matrix([[1, 2], [3, 4]])`, or the column of `Matrix([1, 2])`."""
    rows = arguments[0] if len(arguments) == 1 else ""
    if not isinstance(rows, Call) or rows.op not in {"matrix", *_ROWS}:
        raise Unreadable("a matrix of something else")
    return (
        rows
        if rows.op == "matrix"
        else Call("matrix", tuple(Call("row", (each,)) for each in _entries(rows)))
    )


def _pair(op: str) -> Callable[[tuple[Tree, ...]], Tree]:
    def build(arguments: tuple[Tree, ...]) -> Tree:
        if len(arguments) != 2:
            raise Unreadable(f"{op} of {len(arguments)} parts")
        return Call(op, arguments if op == "=" else (*arguments, Fraction(1), Fraction(1)))

    return build


CONSTRUCTORS: dict[str, Callable[[tuple[Tree, ...]], Tree]] = {
    "matrix": _matrix,
    "equation": _pair("="),
    "interval": _pair("interval"),
    "finite": lambda arguments: Call("set", arguments),
    "union": lambda arguments: Call("union", arguments),
    "cis": lambda arguments: Call(
        "+", (Call("cos", arguments), Call("*", (Call("i", ()), Call("sin", arguments))))
    ),
}
"""What sympy's classes write as text, and `cis`."""
