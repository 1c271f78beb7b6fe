r"""Values: when two numbers, algebraic expressions or quantities are equal.

>>> from thoughtmill.factory.answers.mathematics.reading import read
>>> scalars(read("2(a+b)"), read("2a+2b")), scalars(read(r"12\text{ cm}"), read(r"12\text{ m}"))
((True, 'normal_form'), (False, 'number'))
"""

from fractions import Fraction
from typing import TypeAlias

from thoughtmill.factory.answers import number as numbers
from thoughtmill.factory.answers.mathematics import normal, symbolic
from thoughtmill.factory.answers.mathematics.approximation import approximate
from thoughtmill.factory.answers.mathematics.building import is_numeral
from thoughtmill.factory.answers.mathematics.tree import Call, Tree, is_infinite, names
from thoughtmill.factory.answers.mathematics.units import Unit, unit

Verdict: TypeAlias = tuple[bool | None, str]
"""Whether two answers are equal (None is unknown), and the rule that decided."""

_DIFFERENT: Verdict = (False, "kind")


def scalars(left: Tree, right: Tree) -> Verdict:
    """Compare two values; a value without a unit or a base takes the unit or base of the other."""
    if "time" in (_op(left), _op(right)):
        return _times(left, right)
    if _op(left) == _op(right) == "ratio":
        return _ratios(left, right)
    one, other = _in_base_of(right, left), _in_base_of(left, right)
    scaled = None if one is None or other is None else _in_one_unit(one, other)
    if scaled is None:
        return _DIFFERENT
    left, right = scaled
    if left == right or is_infinite(left) or is_infinite(right):
        return left == right, "text" if left == right else "kind"
    first, second = normal.number(left), normal.number(right)
    if first is not None and second is not None:
        return numbers.same(first, second), "number"
    return _values(left, right, second if first is None else first)


def _values(left: Tree, right: Tree, decimal: Fraction | None) -> Verdict:
    """Compare two values, at most one of them a rational number."""
    decided = normal.same(left, right)
    if decided:
        return True, "normal_form"
    verdict: Verdict = (False, "normal_form")
    if decided is None:
        verdict = symbolic.compared(*sorted((left, right), key=repr))  # each pair in one order only
    exact = right if normal.number(left) is not None else left
    if verdict[0] or decimal is None or not numbers.decimal_places(decimal) or any(names(exact)):
        return verdict
    about = approximate(exact)  # a decimal and an irrational number, of which it may be the rounding
    if about is None or abs(about - float(decimal)) > 1e-3 * abs(about):
        return verdict
    value = symbolic.value(exact)
    return (True, "sampling") if value is not None and numbers.rounds(decimal, value) else verdict


def _in_base_of(numeral: Tree, tree: Tree) -> Tree | None:
    """Return a number in the base of a numeral beside it; None where the base does not have its digits."""
    if not isinstance(numeral, Call) or not isinstance(tree, Fraction):
        return tree
    if numeral.op == "neg" and _op(numeral.args[0]) == "base":
        inner = _in_base_of(numeral.args[0], -tree)
        return inner and Call("neg", (inner,))
    if numeral.op != "base" or not numbers.fits(tree):
        return tree
    figures, base = numbers.exact_text(tree), numeral.args[1]
    valid = isinstance(base, Fraction) and is_numeral(figures, int(base))
    return Call("base", (figures, base)) if valid else None


def _in_one_unit(left: Tree, right: Tree) -> tuple[Tree, Tree] | None:
    """Return two values without units, in the same one; None for units that measure different things."""
    if "quantity" not in (_op(left), _op(right)):
        return left, right
    (one, mine), (other, theirs) = _measured(left), _measured(right)
    if mine is None or theirs is None or mine == theirs:
        return one, other
    if mine.dimensions != theirs.dimensions:
        return None
    return Call("*", (one, mine.size / theirs.size)), other


def _measured(tree: Tree) -> tuple[Tree, Unit | None]:
    """Return a value and its unit; beside a quantity, the `m` of `12m` is the unit too."""
    if isinstance(tree, Call) and tree.op == "quantity":
        return tree.args[0], unit(tuple(str(word) for word in tree.args[1:]))
    if isinstance(tree, Call) and tree.op == "*" and isinstance(tree.args[-1], str):
        found = unit(tree.args[-1:])
        if found is not None:
            rest = tree.args[:-1]
            return (rest[0] if len(rest) == 1 else Call("*", rest)), found
    return tree, None


def _ratios(left: Tree, right: Tree) -> Verdict:
    """Compare ratios by their quotients; ratios that may be two times of day must be the same."""
    if not isinstance(left, Call) or not isinstance(right, Call) or len(left.args) != len(right.args):
        return _DIFFERENT
    if _is_clock(left) and _is_clock(right):
        return False, "number"
    first = [scalars(Call("/", (one, left.args[-1])), Call("/", (other, right.args[-1])))
             for one, other in zip(left.args[:-1], right.args[:-1], strict=True)]  # fmt: skip
    return next((verdict for verdict in first if not verdict[0]), first[-1])


def _is_clock(ratio: Call) -> bool:
    """Return whether a ratio may be a time of day: an hour and a minute of two figures."""
    if len(ratio.args) != 2 or not all(
        isinstance(arg, Fraction) and arg.denominator == 1 for arg in ratio.args
    ):
        return False
    hour, minute = ratio.args
    return isinstance(hour, Fraction) and isinstance(minute, Fraction) and hour <= 24 and 10 <= minute <= 59


def _times(left: Tree, right: Tree) -> Verdict:
    """Compare times of day; a time without `am` or `pm` takes the half of the day of the other."""
    one, other = _clock(left), _clock(right)
    if one is None or other is None or one[:2] != other[:2]:
        return False, "number"
    return one[2] == other[2] or not one[2] or not other[2], "number"


def _clock(tree: Tree) -> tuple[Tree, Tree, str] | None:
    if isinstance(tree, Call) and tree.op == "time":
        return tree.args[0], tree.args[1], str(tree.args[2])
    if isinstance(tree, Call) and tree.op == "ratio" and len(tree.args) == 2:
        hour, minute = tree.args
        late = isinstance(hour, Fraction) and hour.denominator == 1 and 13 <= hour <= 23 and _is_clock(tree)
        return (hour - 12, minute, "pm") if late and isinstance(hour, Fraction) else (hour, minute, "")
    return (tree, Fraction(0), "") if isinstance(tree, Fraction) else None


def _op(tree: Tree) -> str:
    return tree.op if isinstance(tree, Call) else ""
