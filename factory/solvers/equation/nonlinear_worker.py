"""The worker of sympy, which solves systems that are not linear.

It never sees a text: expressions come as nested lists of operations from a fixed table, exact numbers and the
positions of names (`x0`, `x1`, ...). A request is `{"equations", "conditions", "whole", "answer", "size"}`; a
reply is `{"answer"}` or `{"failure", "detail"}`. A request for `exact` forms gets that of the answer too, or
the `values` of several solutions. Where the answer rests on a root that no closed form gives,
the reply has `root` too: its position and the ends of an interval that holds no other root.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import sympy
from sympy.polys.polyerrors import BasePolynomialError

from thoughtmill.factory.solvers.equation.isolation import FAR, NARROWEST, Root, real_roots

DIGITS = 12  # significant, of an irrational answer
_PRECISION = 40
_LONGEST_FORM = 300  # characters of a closed form
_NOISE = sympy.Rational(1, 10**25)
_CLOSED_FORM = 4
"""The highest degree of a polynomial whose roots sympy writes with root signs."""

_GIVES_UP = (
    NotImplementedError, ValueError, TypeError, ArithmeticError, AttributeError, LookupError, AssertionError,
    RecursionError, BasePolynomialError,
)  # fmt: skip

_OPERATIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / _nonzero(b),
    "//": lambda a, b: sympy.floor(a / _nonzero(b)),
    "mod": lambda a, b: a - b * sympy.floor(a / _nonzero(b)),
    "^": lambda a, b: a**b,
    "neg": lambda a: -a,
    "max": sympy.Max,
    "min": sympy.Min,
    "sum": sympy.Add,
    "abs": sympy.Abs,
    "floor": sympy.floor,
    "ceil": sympy.ceiling,
    "int": lambda a: sympy.sign(a) * sympy.floor(sympy.Abs(a)),
    "round": lambda a, digits=0: sympy.floor(a * 10**digits + sympy.Rational(1, 2)) / 10**digits,
    "factorial": sympy.factorial,
    "sqrt": sympy.sqrt,
}
_RELATIONS = {
    ">": lambda a, b: a - b > _NOISE,
    ">=": lambda a, b: a - b > -_NOISE,
    "<": lambda a, b: b - a > _NOISE,
    "<=": lambda a, b: b - a > -_NOISE,
    "!=": lambda a, b: abs(a - b) > _NOISE,
}


def reply(request: dict[str, Any]) -> dict[str, Any]:
    """Solve a system; where sympy gives up, it is `no_answer`."""
    try:
        return solve(request)
    except _GIVES_UP as error:
        return {"failure": "no_answer", "detail": f"sympy gives up: {type(error).__name__}"}


def solve(request: dict[str, Any]) -> dict[str, Any]:
    """Find the only real value of the answer in all solutions that meet the conditions."""
    symbols = [sympy.Symbol(f"x{at}", real=request["real"] or None) for at in range(request["size"])]
    answer = symbols[request["answer"]]
    try:
        equations = [_built(a, symbols) - _built(b, symbols) for a, b in request["equations"]]
    except ZeroDivisionError:
        return {"failure": "inconsistent", "detail": "a division by zero"}
    polynomial = _polynomial(equations)
    proofs: dict[Any, Root] = {}
    if polynomial:
        solutions = _branches(equations, polynomial.gen, sympy.real_roots(polynomial))
    else:
        solutions, proofs = _solved(equations, symbols, request["conditions"])
    if not solutions:
        if polynomial and not polynomial.count_roots():
            return {"failure": "nonreal", "detail": "a polynomial without a real root"}
        return {"failure": "inconsistent", "detail": "sympy finds no solution"}
    real = [solution for solution in solutions if all(_is_real(value) for value in solution.values())]
    if not real:
        return {"failure": "nonreal", "detail": f"{len(solutions)} complex solutions"}
    kept = [solution for solution in real if _meets(solution, request, symbols)]
    if not kept:
        return {"failure": "inconsistent", "detail": "no solution meets the conditions"}
    values = [solution.get(answer, answer) for solution in kept]
    if any(value.free_symbols for value in values):
        return {"failure": "underdetermined", "detail": "the answer depends on an unknown"}
    texts = sorted({_text(value) for value in values})
    if len(texts) > 1:
        failed = {"failure": "ambiguous", "detail": "solutions " + ", ".join(texts)[:200]}
        return failed | ({"values": _forms(values)} if request.get("exact") else {})
    root = _isolated(polynomial, kept[0][polynomial.gen]) if polynomial else None
    for name, value in reversed(kept[0].items()):
        if value in proofs and not value.is_Rational:
            root = [symbols.index(name), proofs[value].low, proofs[value].high]
    forms = _forms(values[:1]) if request.get("exact") else []
    return {"answer": texts[0]} | ({"root": root} if root else {}) | ({"exact": forms[0]} if forms else {})


def _polynomial(equations: list[Any]) -> Any:
    """Return the polynomial of an equation of one unknown that is too high for a closed form, or None."""
    for equation in equations:
        if len(equation.free_symbols) == 1:
            [unknown] = equation.free_symbols
            above = sympy.fraction(sympy.together(equation))[0]
            if above.is_polynomial(unknown) and sympy.degree(above, unknown) > _CLOSED_FORM:
                return sympy.Poly(above, unknown)
    return None


def _solved(
    equations: list[Any], symbols: list[Any], conditions: list[Any]
) -> tuple[list[dict[Any, Any]], dict[Any, Root]]:
    """Return what sympy's `solve` finds; where it finds no closed form, real roots and what proves them.

    With Lambert's function it may find one root of several.
    """
    try:
        solutions = sympy.solve(equations, symbols, dict=True)
        if not any(value.has(sympy.LambertW) for solution in solutions for value in solution.values()):
            return solutions, {}
    except NotImplementedError:
        solutions = []
    function = _of_one_unknown(equations)
    [unknown] = function.free_symbols
    bounds = _bounds(conditions, symbols.index(unknown))
    roots = {root.value: root for root in real_roots(function, unknown, *bounds)}
    others = [equation for equation in equations if equation != function]
    return _branches(others, unknown, list(roots)), roots


def _of_one_unknown(equations: list[Any]) -> Any:
    """Return an equation of a single unknown, once those that give a name its value are put into the others.

    Raises NotImplementedError where there is none.
    """
    while True:
        for equation in equations:
            if len(equation.free_symbols) == 1:
                return equation
        found = next(filter(None, map(_given, equations)), None)
        if found is None:
            raise NotImplementedError("no equation has a single unknown")
        equation, name, value = found
        equations = [each.subs(name, value) for each in equations if each is not equation]


def _given(equation: Any) -> tuple[Any, Any, Any] | None:
    """Return an equation, a name and its value by the rest, where the name is a term of the equation."""
    for name in sorted(equation.free_symbols, key=str):
        factor = equation.coeff(name)
        rest = equation - factor * name
        if factor.is_Rational and factor and name not in rest.free_symbols:
            return equation, name, -rest / factor
    return None


def _bounds(conditions: list[Any], unknown: int) -> tuple[Fraction, Fraction]:
    """Return the ends of where an unknown may lie, by the conditions that compare it with a number."""
    low, high = -FAR, FAR
    for relation, one, other in conditions:
        if one == unknown and isinstance(other, str) and relation[0] in "<>":
            number = Fraction(other)  # at which a logarithm may have no value
            if relation[0] == ">":
                low = max(low, number + NARROWEST)
            else:
                high = min(high, number - NARROWEST)
    return low, high


def _branches(equations: list[Any], unknown: Any, roots: list[Any]) -> list[dict[Any, Any]]:
    """Return the solutions of equations, one or more for each value of an unknown."""
    return [
        {unknown: root, **solution}
        for root in dict.fromkeys(roots)
        for solution in _solutions([equation.subs(unknown, root) for equation in equations])
    ]


def _solutions(equations: list[Any]) -> list[dict[Any, Any]]:
    """Solve equations of which some may have no unknown left; these must hold."""
    left = [equation for equation in equations if equation.free_symbols]
    numbers = [equation.evalf(_PRECISION) for equation in equations if not equation.free_symbols]
    if not all(number.is_finite and abs(number) < _NOISE for number in numbers):
        return []
    return sympy.solve(left, dict=True) if left else [{}]


def _isolated(polynomial: Any, root: Any) -> list[Any] | None:
    """Return a root's position and a short interval in which Sturm's theorem counts no other root.

    None where the root is rational, and needs no interval.
    """
    if root.is_Rational:
        return None
    middle = Decimal(str(sympy.re(root.evalf(_PRECISION)).evalf(DIGITS)))
    unit = Decimal(10) ** (middle.adjusted() - DIGITS + 1)
    low, high = middle - unit, middle + unit
    if polynomial.sqf_part().count_roots(sympy.Rational(str(low)), sympy.Rational(str(high))) != 1:
        raise ValueError("two roots are too near to each other")
    return [int(str(polynomial.gen)[1:]), str(low), str(high)]


def _built(tree: Any, symbols: list[Any]) -> Any:
    """Make a sympy expression: a name is its position, a number is text such as `-1/3`."""
    if isinstance(tree, int):
        return symbols[tree]
    if isinstance(tree, str):
        above, _, below = tree.partition("/")
        return sympy.Rational(int(above), int(below or 1))
    return _OPERATIONS[tree[0]](*[_built(arg, symbols) for arg in tree[1:]])


def _nonzero(divisor: Any) -> Any:
    """Return a divisor; sympy itself divides by zero and goes on with infinity."""
    if divisor == 0:
        raise ZeroDivisionError
    return divisor


def _is_real(value: Any) -> bool:
    """Tell whether a value is real; roots of cubics are so without looking like it."""
    if value.free_symbols:
        return True
    number = value.evalf(_PRECISION)
    return bool(number.is_number and number.is_finite and abs(sympy.im(number)) < _NOISE)


def _meets(solution: dict[Any, Any], request: dict[str, Any], symbols: list[Any]) -> bool:
    """Tell whether a solution meets the conditions, as far as it says anything about them."""
    for relation, one, other in request["conditions"]:
        sides = [_built(side, symbols).subs(solution) for side in (one, other)]
        if not any(side.free_symbols for side in sides):
            numbers = [sympy.re(side.evalf(_PRECISION)) for side in sides]
            if not _RELATIONS[relation](*numbers):
                return False
    wholes = [solution[symbols[at]] for at in request["whole"] if symbols[at] in solution]
    numbers = [sympy.re(value.evalf(_PRECISION)) for value in wholes if not value.free_symbols]
    return all(abs(number - round(number)) < _NOISE for number in numbers)


def _forms(values: list[Any]) -> list[str]:
    """Return the closed forms of values in LaTeX, by size; none at all where one is missing or long."""
    found = sorted(set(values), key=lambda value: sympy.re(value.evalf(_PRECISION)))
    texts = [str(sympy.latex(value, ln_notation=True)) for value in found]
    short = all(len(text) <= _LONGEST_FORM for text in texts)
    return texts if short and not any(value.has(sympy.CRootOf, sympy.Float) for value in found) else []


def _text(value: Any) -> str:
    if value.is_Rational:
        return f"{value.p}/{value.q}"
    return str(sympy.re(value.evalf(_PRECISION)).evalf(DIGITS))
