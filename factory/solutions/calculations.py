"""The calculations in a line of a worked solution: calculator marks, and equalities written in the sentence.

>>> [(one.expression, one.after) for one in calculations("She sold 48/2 = <<48/2=24>>24 clips in May.")]
[('48 / 2', ' clips in May.')]
>>> [(one.expression, str(one.value)) for one in calculations("So 1,000 x 20% = $200 and 200 + 5 = 205.")]
[('1000 * (20 / 100)', '200'), ('200 + 5', '205')]
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.solvers.arithmetic import evaluate

MARK = re.compile(r"<<([^<>]*)>>")
NAME = re.compile(r"[a-z_][a-z0-9_]*")
TOKEN = re.compile(r"\s*(?:(\d+\.?\d*|\.\d+)|([a-z_][a-z0-9_]*)|(//|[-+*/%()]))")
SHOWN = re.compile(r"\s*[$€£¥]?\s*(-?(?:\d(?:[\d,]*\d)?(?:\.\d+)?|\.\d+))")
SIGNS = str.maketrans(
    {"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "[": "(", "]": ")"} | dict.fromkeys("$€£¥")
)
WRITTEN = "0123456789.,+-*/×÷−–()$%xX "
PERCENT = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*%(?!\s*[\w(.])")


class UnusableSolution(ValueError):
    """Why nothing can be compiled from a solution, in words."""


@dataclass(frozen=True, slots=True)
class Calculation:
    """One calculation: its name where the mark gives one, its expression in one spelling, and its value.

    `before` and `after` are the text of the line around the calculation; `after` begins behind the value.
    """

    name: str | None
    expression: str
    value: Fraction
    before: str
    after: str


def calculations(line: str) -> Iterator[Calculation]:
    """Yield the calculations of a line from left to right, or raise `UnusableSolution` at a broken mark."""
    begin = 0
    for mark in MARK.finditer(line):
        yield from _written(line, begin, mark.start())
        begin = mark.end()
        yield _marked(mark[1], line[: mark.start()], line[begin:])
    yield from _written(line, begin, len(line))


def tokens(expression: str) -> list[str]:
    """Cut an expression into numbers, names, signs and brackets; `UnusableSolution` at anything else.

    >>> spelled(tokens("2(1,000 + .5) x 20%"))
    '2 * (1000 + 0.5) * (20 / 100)'
    """
    expression = PERCENT.sub(r"(\1/100)", expression.translate(SIGNS)).strip()
    expression = re.sub(r"(?<=[\d\s)])\s*[xX](?=[\s\d(.])", "*", re.sub(r"(?<=\d),(?=\d{3})", "", expression))
    found: list[str] = []
    at = 0
    while at < len(expression):
        token = TOKEN.match(expression, at)
        if token is None:
            raise UnusableSolution(f"`{expression[:60]}` is not a calculation")
        number, at = token[1], token.end()
        if token[3] == "(" and found and (found[-1] == ")" or found[-1][0].isdigit()):
            found.append("*")
        found.append(_plain(number) if number else token[0].strip())
    return found


def spelled(parts: list[str]) -> str:
    """Join tokens in one spelling: blanks around operators, none inside brackets or after a sign.

    >>> spelled(["-", "(", "a", "+", "2", ")", "*", "3"])
    '-(a + 2) * 3'
    """
    text, operand = "", False
    for part in parts:
        binary = operand and part not in "()"
        text += f" {part} " if binary else part
        operand = part == ")" or part[-1].isalnum() or part[-1] == "_"
    return text


def is_calculation(expression: str) -> bool:
    """Return whether an expression calculates: a number or a name alone does not."""
    return " " in expression


def _plain(number: str) -> str:
    whole = number.isdigit() and number[0] != "0"
    return number if whole else answers.exact_text(Fraction(number.rstrip(".")))


def shows(shown: Fraction, value: Fraction) -> bool:
    """Return whether a shown value is the value, or the value rounded to the decimals that are shown.

    >>> shows(Fraction("3.33"), Fraction(10, 3)), shows(Fraction(3), Fraction(10, 3))
    (True, False)
    """
    places = answers.decimal_places(shown)
    return shown == value or (bool(places) and abs(shown - value) * 2 <= Fraction(1, 10 ** (places or 0)))


def _marked(mark: str, before: str, after: str) -> Calculation:
    *names, expression, shown = mark.split("=") if mark.count("=") else ("", "")
    value = answers.value(shown.translate(SIGNS).rstrip("% "))
    name = names[0].strip() if len(names) == 1 else None
    if not expression.strip() or value is None or len(names) > 1 or (name and not NAME.fullmatch(name)):
        raise UnusableSolution(f"the mark `{mark}` is not `expression=value`")
    value = value / 100 if shown.strip().endswith("%") else value
    parts = tokens(expression)
    exact = evaluate("".join(parts)) if name is None else value
    if exact is None or not shows(value, exact):
        raise UnusableSolution(f"the mark `{mark}` does not compute")
    spelling = spelled(parts)
    if not is_calculation(spelling):
        spelling = _said(before.rstrip(" =$€£¥"), value) or spelling
    number = SHOWN.match(after)
    return Calculation(name, spelling, value, before, after[number.end() :] if number else after)


def _written(line: str, begin: int, end: int) -> Iterator[Calculation]:
    """Yield the equalities in the sentence itself, `20/4 = 5`, where they are plain."""
    pieces = line[begin:end].split("=")
    at = begin
    for left, right in pairwise(pieces):
        at += len(left) + 1
        number = SHOWN.match(right)
        value = answers.value(number[1]) if number else None
        spelling = None if value is None else _said(left, value)
        if spelling and number and value is not None:
            yield Calculation(None, spelling, value, line[: at - 1], line[at + number.end() : end])


def _said(before: str, value: Fraction) -> str | None:
    """Return the expression at the end of a text, where there is one and it has the value."""
    expression = before[len(before.rstrip(WRITTEN)) :].lstrip(" xX*/+,.)%")
    try:
        parts = tokens(expression)
    except UnusableSolution:
        return None
    return spelled(parts) if len(parts) > 2 and evaluate("".join(parts)) == value else None
