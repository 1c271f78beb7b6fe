"""Exact linear solving: known values first and repeatedly, then Gaussian elimination over the rationals.

A third of the systems that teachers write look non-linear (`money = price * count`) and are linear once
known values replace names; so substitution runs until nothing changes.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from thoughtmill.factory.answers.mathematics.tree import Call, Tree, names
from thoughtmill.factory.solvers.equation.tree import MAX_BITS, Unsolvable, fold

Equation = tuple[Tree, Tree]
Terms = dict[str, Fraction]

MAX_UNKNOWNS = 60  # in one elimination: keeps the worst text that fits the limits under a second

_CONSTANT = ""  # the key of the constant term; no name is empty


@dataclass(slots=True)
class Settled:
    """What is known for certain: values, and the equations that still have unknowns, values put in.

    `kind` is `straight` while every value came from `name = number`, else `linear`.
    """

    known: dict[str, Fraction] = field(default_factory=dict)
    rest: list[Equation] = field(default_factory=list)
    kind: str = "straight"


def settle(equations: Sequence[Equation]) -> Settled:
    """Find every value that substitution and elimination determine.

    Raises `Unsolvable` (`inconsistent`) on a contradiction, whatever part of the system it is in.

    >>> x_and_y = (Call("+", ("x", "y")), Fraction(10)), (Call("-", ("x", "y")), Fraction(4))
    >>> settle(x_and_y).known
    {'x': Fraction(7, 1), 'y': Fraction(3, 1)}
    """
    settled = Settled(rest=list(equations))
    _substitute(settled)
    while settled.rest and _eliminate(settled):
        settled.kind = "linear"
        _substitute(settled)
    return settled


def linear(tree: Tree) -> Terms | None:
    """Return a folded tree as its coefficients, the constant under the empty name; None if it is not linear.

    >>> linear(Call("*", (Fraction(2), Call("-", ("x", Fraction(1))))))
    {'x': Fraction(2, 1), '': Fraction(-2, 1)}
    """
    if isinstance(tree, Fraction):
        return {_CONSTANT: tree}
    if isinstance(tree, str):
        return {tree: Fraction(1)}
    if tree.op not in ("+", "-", "*", "/", "neg"):
        return None
    parts = [linear(arg) for arg in tree.args]
    one, other = parts[0], parts[-1]
    if one is None or other is None:
        return None
    if tree.op == "neg":
        return _sum({}, one, Fraction(-1))
    if tree.op in "+-":
        return _sum(one, other, Fraction(1 if tree.op == "+" else -1))
    return _product(one, other) if tree.op == "*" else _quotient(one, other)


def _product(one: Terms, other: Terms) -> Terms | None:
    if one.keys() <= {_CONSTANT}:
        one, other = other, one
    return _sum({}, one, other.get(_CONSTANT, Fraction(0))) if other.keys() <= {_CONSTANT} else None


def _quotient(one: Terms, other: Terms) -> Terms | None:
    divisor = other.get(_CONSTANT)
    return _sum({}, one, 1 / divisor) if other.keys() == {_CONSTANT} and divisor else None


def _sum(one: Terms, other: Terms, factor: Fraction) -> Terms:
    """Return `one + factor * other` without terms that cancel."""
    found = dict(one)
    for name, coefficient in other.items():
        value = found.get(name, 0) + factor * coefficient
        if value:
            found[name] = value
            if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
                raise Unsolvable("unparsable", f"a number of more than {MAX_BITS} bits")
        else:
            found.pop(name, None)
    return found


def _substitute(settled: Settled) -> None:
    """Settle equations of one unknown until none is left; each is looked at once for each of its names."""
    known, equations = settled.known, settled.rest
    unknown = [{name for side in equation for name in names(side)} - known.keys() for equation in equations]
    users: dict[str, list[int]] = {}
    for at, found in enumerate(unknown):
        for name in found:
            users.setdefault(name, []).append(at)
    ready = deque(at for at, found in enumerate(unknown) if len(found) <= 1)
    done: set[int] = set()
    while ready:
        at = ready.popleft()
        if at in done or not _settle_one(settled, equations[at]):
            continue
        done.add(at)
        for name in unknown[at] & known.keys():
            for user in users.pop(name, ()):
                unknown[user].discard(name)
                if len(unknown[user]) <= 1 and user not in done:
                    ready.append(user)
    settled.rest = [(fold(a, known), fold(b, known)) for at, (a, b) in enumerate(equations) if at not in done]


def _settle_one(settled: Settled, equation: Equation) -> bool:
    """Take the value that an equation of at most one unknown gives; say whether it is dealt with."""
    left, right = fold(equation[0], settled.known), fold(equation[1], settled.known)
    if isinstance(right, str):
        left, right = right, left
    if isinstance(left, str) and isinstance(right, Fraction):
        settled.known[left] = right
        return True
    terms = linear(Call("-", (left, right)))
    if terms is None:
        return False
    constant = terms.pop(_CONSTANT, Fraction(0))
    if not terms:
        _agree(constant, equation)
        return True
    if len(terms) > 1:
        return False
    [(name, coefficient)] = terms.items()
    settled.known[name] = -constant / coefficient
    settled.kind = "linear"
    return True


def _agree(difference: Fraction, equation: Equation) -> None:
    if difference:
        named = sorted({name for side in equation for name in names(side)})
        about = f"the values of {', '.join(named)}" if named else "the numbers"
        raise Unsolvable("inconsistent", f"an equation does not hold for {about}")


def _eliminate(settled: Settled) -> bool:
    """Bring the linear equations to reduced row echelon form; say whether that gave a new value."""
    rows: dict[str, Terms] = {}  # pivot name -> its terms
    for equation in settled.rest:
        terms = linear(Call("-", equation))
        if terms is None:
            continue
        for pivot in [name for name in terms if name in rows]:
            terms = _replaced(terms, pivot, rows[pivot])
        pivot = next((name for name in terms if name != _CONSTANT), _CONSTANT)
        if pivot == _CONSTANT:
            _agree(terms.get(_CONSTANT, Fraction(0)), equation)
            continue
        if len(rows) == MAX_UNKNOWNS:
            raise Unsolvable("unparsable", f"more than {MAX_UNKNOWNS} unknowns that depend on each other")
        row = _sum({}, {n: c for n, c in terms.items() if n != pivot}, -1 / terms[pivot])
        rows = {other: _replaced(equal, pivot, row) for other, equal in rows.items()} | {pivot: row}
    values = {
        name: row.get(_CONSTANT, Fraction(0)) for name, row in rows.items() if row.keys() <= {_CONSTANT}
    }
    settled.known |= values
    return bool(values)


def _replaced(terms: Terms, name: str, row: Terms) -> Terms:
    """Replace a name by its terms."""
    if name not in terms:
        return terms
    return _sum({n: c for n, c in terms.items() if n != name}, row, terms[name])
