"""The worker that compares answers by their values and by computer algebra.

It never sees a text: trees come as nested lists of operations from fixed tables, exact numbers and the
positions of names. A request is `[question, trees, names]`. Values are taken at fixed rational points, with
50 digits; a point where a part is not real or not defined says nothing, unless i is in it.
"""

import random
from typing import Any

import mpmath
from mpmath import mp, mpf

DIGITS = 50
_NOISE = mpf(10) ** -30
_TRIES, _ENOUGH = 60, 8
_LARGEST = mpf(10) ** 6  # exponents and factorials beyond would take time without measure


class NoValue(Exception):
    """A part that is not defined, or not real, at a point."""


def reply(request: list[Any]) -> Any:
    """Answer one question: `sampled`, `proved`, `proportion` or `value`."""
    question, trees, size = request
    mp.dps = DIGITS
    return {"sampled": _sampled, "proved": _proved, "proportion": _proportion, "value": _value}[question](
        trees, size
    )


def _points(trees: list[Any], size: int) -> Any:
    """Yield the values of all trees at points where all are defined."""
    numbers = random.Random("thoughtmill/sampling")
    operations = _operations(trees)
    complexes = "i" in operations
    whole = not operations.isdisjoint(("sum", "prod"))  # bounds of sums are whole
    found = 0
    for at in range(_TRIES if size else 1):
        spread = (1, 3, 12)[at % 3]
        point = [mpf(numbers.randint(1, 997)) * spread / 997 for _ in range(size)]
        if whole:
            point = [mpf(numbers.randint(1, 12)) for _ in range(size)]
        elif at % 4 == 3:
            point = [-number if numbers.random() < 0.5 else number for number in point]
        try:
            yield [_evaluated(tree, point, complexes) for tree in trees]
        except (NoValue, ArithmeticError, ValueError, KeyError, TypeError, mpmath.libmp.NoConvergence):
            continue
        found += 1
        if found == _ENOUGH:
            return


def _sampled(trees: list[Any], size: int) -> bool | None:
    """Return whether two trees agree at every point; None at fewer points than count as proof."""
    seen = 0
    for left, right in _points(trees, size):
        if abs(left - right) > _NOISE * max(abs(left), abs(right)):
            return False
        seen += 1
    return True if seen >= (3 if size else 1) else None


def _proportion(trees: list[Any], size: int) -> int | None:
    """Return the sign of the constant ratio of two trees, 0 when it is not constant."""
    ratios = []
    for left, right in _points(trees, size):
        if not left and not right:
            continue
        if not left or not right:
            return 0
        ratios.append(left / right)
        if abs(ratios[-1] - ratios[0]) > _NOISE * abs(ratios[0]):
            return 0
    if len(ratios) < (3 if size else 1):
        return None
    return 0 if mpmath.im(ratios[0]) else 1 if ratios[0] > 0 else -1


def _value(trees: list[Any], size: int) -> str | None:
    if size:
        return None
    for (number,) in _points(trees, 0):
        return None if mpmath.im(number) else str(mpmath.nstr(mpmath.re(number), 30))
    return None


def _operations(trees: Any) -> set[str]:
    """Return the operations of nested trees."""
    if not isinstance(trees, list):
        return set()
    mine = {trees[0]} if trees and isinstance(trees[0], str) else set()
    return mine.union(*(_operations(each) for each in trees))


def _evaluated(tree: Any, point: list[Any], complexes: bool) -> Any:
    """Return the value of a tree at a point. Raises `NoValue` where it has none."""
    if isinstance(tree, int):
        return point[tree]
    if isinstance(tree, str):
        above, _, below = tree.partition("/")
        return mpf(int(above, 16)) / int(below, 16)
    if tree[0] in _BOUND:
        return _bounded(tree, point, complexes)
    value = _OPERATIONS[tree[0]](*[_evaluated(arg, point, complexes) for arg in tree[1:]])
    if not complexes and mpmath.im(value):
        raise NoValue
    if not mpmath.isfinite(value):
        raise NoValue
    return value


_BOUND = ("sum", "prod", "integral")
_MOST_TERMS = 2000


def _bounded(tree: Any, point: list[Any], complexes: bool) -> Any:
    """Return the value of a sum, product or integral at a point, its own name aside."""
    op, body, own, *bounds = tree
    low, high = [_evaluated(bound, point, complexes) for bound in bounds]

    def value(at: Any) -> Any:
        return _evaluated(body, [*point[:own], at, *point[own + 1 :]], complexes)

    if op == "integral":
        found, error = mpmath.quad(value, [low, high], error=True)
        if error > _NOISE**2 * max(1, abs(found)) and error > _NOISE / 1000 * abs(found):
            raise NoValue
        return found
    if mpmath.im(low) or mpmath.im(high) or not mpmath.isint(low) or not mpmath.isint(high):
        raise NoValue
    if high - low > _MOST_TERMS:
        raise NoValue
    terms = [value(mpf(at)) for at in range(int(low), int(high) + 1)]
    return mpmath.fsum(terms) if op == "sum" else mpmath.fprod(terms)


def _power(base: Any, exponent: Any) -> Any:
    if abs(exponent) > _LARGEST:
        raise NoValue
    if not base and exponent.real <= 0:
        raise NoValue
    return base**exponent


def _root(number: Any, degree: Any) -> Any:
    if not mpmath.im(number) and number < 0 and degree % 2 == 1:
        return -((-number) ** (1 / degree))
    return number ** (1 / degree)


def _factorial(number: Any) -> Any:
    if mpmath.im(number) or number < 0 or number > _LARGEST:
        raise NoValue
    return mpmath.factorial(number)


def _log(number: Any, base: Any = 10) -> Any:
    if not number or base == 1:
        raise NoValue
    return mpmath.log(number) / mpmath.log(base)


def _real(rule: Any) -> Any:
    def value(*numbers: Any) -> Any:
        if any(mpmath.im(number) for number in numbers):
            raise NoValue
        return rule(*numbers)

    return value


_OPERATIONS: dict[str, Any] = {
    "+": lambda *parts: sum(parts, mpf(0)),
    "*": lambda *parts: mpmath.fprod(parts),
    "/": lambda above, below: above / below,
    "^": _power,
    "neg": lambda number: -number,
    "root": _root,
    "pi": lambda: +mp.pi,
    "e": lambda: +mp.e,
    "i": lambda: mpmath.mpc(0, 1),
    "bracket": lambda number: number,
    "deg": lambda number: number * mp.pi / 180,
    "percent": lambda number: number / 100,
    "abs": abs,
    "factorial": _factorial,
    "binom": _real(mpmath.binomial),
    "exp": lambda number: _power(+mp.e, number),
    "ln": lambda number: _log(number, mp.e),
    "log": _log,
    "max": _real(max),
    "min": _real(min),
    "floor": _real(mpmath.floor),
    "ceil": _real(mpmath.ceil),
    "mod": _real(lambda number, modulus: number - modulus * mpmath.floor(number / modulus)),
    "arcsin": mpmath.asin, "arccos": mpmath.acos, "arctan": mpmath.atan, "arccot": mpmath.acot,
    "arcsec": mpmath.asec, "arccsc": mpmath.acsc,
} | {
    name: getattr(mpmath, name) for name in ("sin", "cos", "tan", "sec", "csc", "cot", "sinh", "cosh", "tanh")
}  # fmt: skip


def _proved(trees: list[Any], size: int) -> bool | None:
    """Return whether sympy finds the difference of two trees to vanish, or to be a number that is not 0."""
    import sympy  # a second to load, and only these questions need it

    symbols = [sympy.Symbol(f"x{at}", positive=True) for at in range(size)]
    try:
        left, right = (_built(sympy, tree, symbols) for tree in trees)
        difference = sympy.simplify(left - right)
    except _GIVES_UP:
        return None
    return bool(difference == 0) if difference.is_Rational else None


_GIVES_UP = (
    KeyError, TypeError, ValueError, ArithmeticError, AttributeError, NotImplementedError, RecursionError,
)  # fmt: skip


def _built(sympy: Any, tree: Any, symbols: list[Any]) -> Any:
    """Return a tree as a sympy expression."""
    if isinstance(tree, int):
        return symbols[tree]
    if isinstance(tree, str):
        above, _, below = tree.partition("/")
        return sympy.Rational(int(above, 16), int(below, 16))
    op, args = tree[0], [_built(sympy, arg, symbols) for arg in tree[1:]]
    if op in _BOUND:
        kinds = {"sum": sympy.Sum, "prod": sympy.Product, "integral": sympy.Integral}
        return kinds[op](args[0], tuple(args[1:])).doit()
    if op in ("+", "*"):
        return (sympy.Add if op == "+" else sympy.Mul)(*args)
    if op in ("pi", "e", "i"):
        return {"pi": sympy.pi, "e": sympy.E, "i": sympy.I}[op]
    if op in _SYMBOLIC:
        return _SYMBOLIC[op](sympy, *args)
    return getattr(sympy, _SYMPY_NAMES[op])(*args)


_SYMPY_NAMES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "arccot": "acot", "arcsec": "asec",
                "arccsc": "acsc", "ln": "log", "abs": "Abs", "ceil": "ceiling", "max": "Max", "min": "Min",
                "binom": "binomial", "mod": "Mod"} | {
    name: name
    for name in "sin cos tan sec csc cot sinh cosh tanh exp factorial floor".split()
}  # fmt: skip
_SYMBOLIC: dict[str, Any] = {
    "/": lambda sympy, above, below: above / below,
    "^": lambda sympy, base, exponent: sympy.Pow(base, exponent),
    "neg": lambda sympy, number: -number,
    "root": lambda sympy, number, degree: sympy.root(number, degree),
    "bracket": lambda sympy, number: number,
    "deg": lambda sympy, number: number * sympy.pi / 180,
    "percent": lambda sympy, number: number / 100,
    "log": lambda sympy, number, base=10: sympy.log(number, base),
}
