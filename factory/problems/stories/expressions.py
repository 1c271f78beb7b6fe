"""Exact numbers, and expressions over named numbers: what the calculations of a story are written in."""

import ast
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache

Number = int | Fraction
Values = Mapping[str, Number]
Formula = Callable[[Values], Number]


def tidy(number: Number) -> Number:
    """Return the number as an int where it is one, so that it prints and divides as one."""
    return number.numerator if number.denominator == 1 else number


@cache
def formula(expression: str) -> Formula:
    """Return the function of named numbers that an expression stands for; exact, also when it divides.

    Expressions are Thoughtmill's own: names, whole numbers, `+ - * / // %` and brackets. Anything else is a
    ValueError.

    >>> formula("price * percent / 100")({"price": 50, "percent": 15})
    Fraction(15, 2)
    """
    compute = _compile(ast.parse(expression, mode="eval").body)
    return lambda values: tidy(compute(values))


def _compile(node: ast.expr) -> Formula:
    match node:
        case ast.Constant(value=int() as value):
            return lambda values: value
        case ast.Name(id=name):
            return lambda values: values[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            return _OPERATIONS[type(op)](_compile(left), _compile(right))
    raise ValueError(f"not an expression of a story: {ast.unparse(node)}")


_OPERATIONS: dict[type[ast.operator], Callable[[Formula, Formula], Formula]] = {
    ast.Add: lambda a, b: lambda values: a(values) + b(values),
    ast.Sub: lambda a, b: lambda values: a(values) - b(values),
    ast.Mult: lambda a, b: lambda values: a(values) * b(values),
    ast.Div: lambda a, b: lambda values: Fraction(a(values)) / b(values),
    ast.FloorDiv: lambda a, b: lambda values: a(values) // b(values),
    ast.Mod: lambda a, b: lambda values: a(values) % b(values),
}


def show(number: Number) -> str:
    """Write a number as canonical exact text: a whole number, an exact decimal, or else a fraction.

    >>> show(18), show(Fraction(9, 2)), show(Fraction(1, 3))
    ('18', '4.5', '1/3')
    """
    if number.denominator == 1:
        return str(number.numerator)
    for digits in (1, 2, 3):
        if 10**digits % number.denominator == 0:
            return f"{float(number):.{digits}f}"
    return str(number)


def dollars(number: Number) -> str:
    """Write an amount of money the way a price tag does.

    >>> dollars(5), dollars(Fraction(9, 2))
    ('$5', '$4.50')
    """
    return f"${number}" if number.denominator == 1 else f"${float(number):.2f}"
