"""Arithmetic: the exact value of an expression of numbers, read by our own grammar and never by `eval`.

>>> evaluate("2 * (3 + 4) / 6"), evaluate("50% * $1,200"), evaluate("17 // 5 + 17 % 5"), evaluate("2^-1")
(Fraction(7, 3), Fraction(600, 1), Fraction(5, 1), Fraction(1, 2))
>>> evaluate("1 / 0"), evaluate("9**9**9"), evaluate("3 apples"), evaluate("__import__('os')")
(None, None, None, None)

    sum      = product (("+" | "-") product)*
    product  = signed (("*" | "/" | "//" | "%") signed | "(" ...)*     a bracket multiplies: 2(3 + 4)
    signed   = ("+" | "-") signed | power
    power    = percent (("^" | "**") signed)?
    percent  = primary "%"?                                            unless a number or bracket follows
    primary  = number | "(" sum ")"
"""

import re
from fractions import Fraction
from functools import lru_cache
from math import floor

from thoughtmill.factory.answers.number import DECIMAL, MAX_LENGTH, SIGNS, fits, value

MAX_TOKENS = 500
MAX_DEPTH = 50
MAX_EXPONENT = 400

_OPERATORS = SIGNS | {ord(sign): "*" for sign in "×·∙⋅"} | {ord("÷"): "/", ord("["): "(", ord("]"): ")"}
_TOKEN = re.compile(rf"\s*(?:[$€£¥₹]\s*)?({DECIMAL}|\*\*|//|[-+*/%^()])")

_SIMPLE = re.compile(r"(\()?([0-9]{1,15})(?(1)\))(?: *([-+*/]) *(\()?([0-9]{1,15})(?(4)\)))?")
"""A number, or two with a sign between them, perhaps in brackets: most expressions."""


class _NoValueError(Exception):
    """The expression is not one, or its value is too long to keep."""


@lru_cache(maxsize=256)
def evaluate(expression: str) -> Fraction | None:
    """Return the exact value of an expression of numbers, or None when it has none.

    `%` after a number or bracket is a percentage, and between two it is the remainder. Signs of
    currency and thousands separators are passed over. Sizes are bounded before anything is computed.
    """
    if expression.isdecimal() and expression.isascii():
        return value(expression)  # most results
    if simple := _SIMPLE.fullmatch(expression):
        return _simple(int(simple[2]), simple[3], int(simple[5] or 0))
    tokens = _tokens(expression)
    if not tokens:
        return None
    reader = _Reader(tokens)
    try:
        number = reader.sum()
    except (_NoValueError, ZeroDivisionError):
        return None
    return number if reader.at == len(tokens) else None


def _simple(number: int, operator: str | None, other: int) -> Fraction | None:
    """Return what the grammar gives, an order of magnitude sooner."""
    if operator is None:
        return Fraction(number)
    if operator == "/":
        return Fraction(number, other) if other else None
    if operator == "*":
        return Fraction(number * other)
    return Fraction(number + other if operator == "+" else number - other)


def _tokens(expression: str) -> list[str]:
    """Return the tokens of an expression; none when it is too long or holds anything else."""
    text = expression.translate(_OPERATORS).strip()
    tokens: list[str] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or len(tokens) >= MAX_TOKENS:
            return []
        tokens.append(found[1])
        at = found.end()
    return tokens


def _kept(number: Fraction) -> Fraction:
    if not fits(number):
        raise _NoValueError
    return number


class _Reader:
    """Reads tokens by the grammar of this module, from left to right, one method a rule."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def sum(self) -> Fraction:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _NoValueError
        number = self.product()
        while self.next in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            number = _kept(number + sign * self.product())
        self.depth -= 1
        return number

    def product(self) -> Fraction:
        number = self.signed()
        while self.next in ("*", "/", "//", "%", "("):
            operator = "*" if self.next == "(" else self.take()
            other = self.signed()
            number = _kept(_multiplied(number, operator, other))
        return number

    def signed(self) -> Fraction:
        negative = False
        while self.next in ("+", "-"):
            negative ^= self.take() == "-"
        number = self.power()
        return -number if negative else number

    def power(self) -> Fraction:
        base = self.percent()
        if self.next not in ("^", "**"):
            return base
        self.take()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _NoValueError
        exponent = self.signed()
        self.depth -= 1
        return _raised(base, exponent)

    def percent(self) -> Fraction:
        number = self.primary()
        after = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else ""
        if self.next == "%" and not (after == "(" or after[:1].isdigit() or after[:1] == "."):
            self.take()
            return number / 100
        return number

    def primary(self) -> Fraction:
        token = self.take()
        if token == "(":
            number = self.sum()
            if self.take() != ")":
                raise _NoValueError
            return number
        number_read = value(token)
        if number_read is None:
            raise _NoValueError
        return number_read

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.next
        self.at += 1
        return token


def _multiplied(number: Fraction, operator: str, other: Fraction) -> Fraction:
    if operator == "*":
        return number * other
    if operator == "/":
        return number / other
    quotient = Fraction(floor(number / other))
    return quotient if operator == "//" else number - quotient * other


def _raised(base: Fraction, exponent: Fraction) -> Fraction:
    """Return a power with a whole exponent that is small enough for its value to be kept."""
    if exponent.denominator != 1 or abs(exponent) > MAX_EXPONENT or (base == 0 and exponent < 0):
        raise _NoValueError
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if bits * abs(exponent) > 8 * MAX_LENGTH:
        raise _NoValueError
    return _kept(base ** int(exponent))
