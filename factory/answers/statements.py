r"""Statements: the only number that a phrase such as `$18 a day` or `x = \frac{1}{2}` states, or none.

>>> stated("**$18,000.** per year"), stated(r"x = 2\frac{1}{2}"), stated("3 hours and 30 minutes")
('18000', '2.5', '3.5')
>>> stated("12 or 13"), stated("3-5 apples"), stated("3:30"), stated(r"2\sqrt{3}")
(None, None, None, None)

A percentage is the number before `%`, as a problem that asks for a percentage wants it; it is a value only
where the text writes the value (`25% = 0.25`). So is a figure before `dozen`, while `two dozen` in words
is 24. A length of time in two units, like feet and inches or dollars and cents, is read in the larger. A time
of day and a ratio (`3:30`) are no single number, nor are ranges, alternatives, lists and unfinished
calculations.
"""

import re
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

from thoughtmill.factory.answers.number import PLAIN, decimal_places, exact_text, figures
from thoughtmill.factory.answers.numbers_in_text import Number, find

_MARKUP = (
    (re.compile(r"(?<=[0-9])(?=\\[dtc]?frac)"), " "),
    (re.compile(r"(?<=[0-9])(?:\{,\}|,? ?\\[,!] ?)(?=[0-9]{3})"), ","),
    (
        re.compile(r"\\[dtc]?frac ?(?:\{ ?(-?[0-9.,]+) ?\}|([0-9])) ?(?:\{ ?([0-9.,]+) ?\}|([0-9]))"),
        r"\1\2/\3\4 ",
    ),
    (re.compile(r"\\(?:text|mathrm|mathbf|textbf|mbox|boxed|fbox)\b ?"), " "),
    (re.compile(r"\\(?:left|right|quad|qquad|displaystyle)\b|\\[()\[\],;! ]|\^\{?\\circ\}?|\*\*|__|`"), " "),
    (re.compile(r"(?<=[A-Za-z])\^\{?[23]\}?|\\(?=[$%])"), ""),
    (re.compile(r"\\approx\b|≈"), "="),
    (re.compile(r"\\(?:times|cdot)\b"), "×"),
)


def _ungrouped(found: re.Match[str]) -> str:
    return re.sub(r"[ \u00a0\u202f\u2009',]", "", found[0])


def _continental(found: re.Match[str]) -> str:
    return found[1] + found[2].replace(".", "") + "." + found[3]


_SPACE = r"[\u00a0\u202f\u2009]"
_APART = re.compile(r"^-[ \t]+(?=[$€£¥₹]?[0-9.])")
_DRESSED = re.compile(r"[\\*_`^{≈]")
"""What every pattern of `_MARKUP` needs."""

_SEPARATED = re.compile(r"[0-9][ \u00a0\u202f\u2009'][0-9]{3}(?![0-9])|[0-9],[0-9]|[0-9]\.[0-9]+[.,][0-9]")
_GROUPS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(?<![\w.,])[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}(?![\w,])"), _ungrouped),  # 1,00,000 in India
    (re.compile(rf"(?<=[$€£¥₹]) ?[0-9]{{1,3}}(?:[ '{_SPACE[1:-1]}][0-9]{{3}})+(?![0-9])"), _ungrouped),
    (re.compile(rf"(?<![\w.,])[0-9]{{1,3}}(?:(?:{_SPACE}|')[0-9]{{3}})+(?![0-9])"), _ungrouped),
    (re.compile(r"^\W*[0-9]{1,3}(?: [0-9]{3})+(?=[^\w/+*=-][^0-9/+*=-]*$|$)"), _ungrouped),
    (re.compile(r"(?<![0-9.,] )(?<![\w.,])[0-9]{1,3}(?: [0-9]{3})*(?: 000)(?! ?[0-9])"), _ungrouped),
    (re.compile(r"(?<![\w.,])([0-9]{1,3})\.([0-9]{3}(?:\.[0-9]{3})*),([0-9]+)(?![\w,])"), _continental),
    (re.compile(r"(?<![\w.,(\[{])(0|[1-9][0-9]*),([0-9]{1,2}|[0-9]{4,})(?![\w,]|\s*[)\]}])"), r"\1.\2"),
    (re.compile(r"(?<![\w.,(\[{])0,([0-9]{3})(?![\w,]|\s*[)\]}])"), r"0.\1"),
)
_END = re.compile(
    r"[\n;]|\((?=[^)])|[.!?](?=[\s\"')]|$)|,? (?:because|since|so|which|where|as)\b", re.IGNORECASE
)
_LEAD = re.compile(
    r"(?:[\s:~*$\"'{(\[]"
    r"|\b(?:about|approximately|around|roughly|exactly|only|just|is|a total of|equal to"
    r"|minus|negative)\b){0,20}",
    re.IGNORECASE,
)
_JOINS = re.compile(
    r"\b(?:or|and|to|but|not|nor|through|versus|vs|out of|by|x|times|plus|minus|divided)\b"
    r"|[+*/×÷^~]|[-,:/&]\s*$|^[^A-Za-z]*$|^\s*%?\s*of\s*[$€£¥₹]?$",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\s*(?:[^\s,]+\s+)?to\s*[$€£¥₹]?", re.IGNORECASE)
_TO = re.compile(r"\bto\b", re.IGNORECASE)
"""A `to` that gives no range follows the answer: `15 hours to read 3 books`."""

_MEASURE = re.compile(r"-[A-Za-z]")
_LISTED = re.compile(r",(?=\s)|\b(?:or|and)\b", re.IGNORECASE)
_OR = re.compile(r"\bor\b", re.IGNORECASE)
_OPERATOR_AFTER = re.compile(
    r"\s*[+*×÷^]\s*[\w(\\$]|\s*/\s*[0-9(]|\s*[+×÷]\s*$|\s+-\s+[A-Za-z(]|[xyznkKMB]\b"
    r"|\.[0-9]|[xX_]\w|[²³]|\s(?:squared|cubed)\b"
)
_NEGATIVE = re.compile(r"\b(?:minus|negative)\s+[$€£¥₹]?$", re.IGNORECASE)
_OPERATOR_BEFORE = re.compile(r"[\w)%]\s*[+*/×÷^]\s*$|[\w)%]\s*-\s+$")

_UNITS = {
    "feet": "foot",
    "inches": "inch",
    "hr": "hour",
    "hrs": "hour",
    "h": "hour",
    "min": "minute",
    "mins": "minute",
}
_SMALLER = {
    ("hour", "minute"): 60,
    ("minute", "second"): 60,
    ("day", "hour"): 24,
    ("week", "day"): 7,
    ("year", "month"): 12,
    ("foot", "inch"): 12,
    ("dollar", "cent"): 100,
    ("pound", "ounce"): 16,
}
_BETWEEN = re.compile(r"[ -]?([A-Za-z]+),?(?: and)? ")
_UNIT = re.compile(r"[ -]?([A-Za-z]+)")


def stated(span: str, last: bool = False) -> str | None:
    """Return the canonical text of the number that a phrase states, or None when it is not a single one.

    The number comes first in the phrase (`18 dollars for 3 days`); in a whole sentence that opens with other
    words, and with `last`, it comes last. The text after the last equals sign is the statement.
    """
    span = plain(span)
    number = figures(span.strip().rstrip("."))
    if number is not None:
        return number
    clause = _after_equals(span, _OR) if last else _after_equals(_clause(span), _LISTED)
    if clause is None or re.search(r"\\[A-Za-z]", clause):
        return None
    numbers = [number for number in find(clause) if not _pronoun(number)] or list(find(clause))
    if not numbers:
        return None
    numbers = [numbers[0], *(number for number in numbers[1:] if not _MEASURE.match(clause, number.end))]
    at = 0 if not last and _LEAD.fullmatch(clause, 0, numbers[0].start) else len(numbers) - 1
    compound = _compound(clause, numbers[-2:] if at else numbers[:2])
    if compound is not None:
        return exact_text(compound) if len(numbers) == 2 else None
    if (same := _same(clause, numbers[-2:] if at else numbers[:2])) is not None:
        return exact_text(same)
    if not _stands_alone(clause, numbers, at):
        return None
    negative = _NEGATIVE.search(clause, 0, numbers[at].start)
    return exact_text(-numbers[at].value if negative else numbers[at].value)


def leads(span: str) -> bool:
    """Return whether a phrase opens with a number, but for words such as `about`."""
    span = plain(span)
    numbers = find(span)
    return bool(numbers) and _LEAD.fullmatch(span, 0, numbers[0].start) is not None


def mentions(span: str) -> bool:
    """Return whether there is any number in a phrase, single or not."""
    return bool(find(plain(span)))


@lru_cache(maxsize=64)
def plain(span: str) -> str:
    """Return a phrase without markdown and LaTeX marks; the latest phrases are cached."""
    if not span.isascii():
        span = span.translate(PLAIN)
    if span[:1] == "-":
        span = _APART.sub("-", span)
    if _SEPARATED.search(span):
        span = _separators(span)
    if not _DRESSED.search(span):
        return span
    for pattern, replacement in _MARKUP:
        span = pattern.sub(replacement, span)
    return span


def _separators(span: str) -> str:
    """Return a phrase with the separators of its numbers as English has them: none, and a decimal point.

    Spaces group thousands where a sign of currency precedes the number, where they cannot break a line, and
    where the number is all there is. A comma with other than three digits after it is a decimal comma, but
    not within brackets.
    """
    for pattern, replacement in _GROUPS:
        span = pattern.sub(replacement, span)
    return span


def _clause(span: str) -> str:
    """Return a phrase up to where it turns to something else, after its first number."""
    numbers = find(span)
    end = _END.search(span, numbers[0].end) if numbers else None
    return span[: end.start()] if end else span


def _after_equals(clause: str, several: re.Pattern[str]) -> str | None:
    """Return the text after the last equals sign; None when several things are set equal (`x = 5, y = 3`)."""
    *before, stated = clause.split("=")
    return None if any(several.search(piece) for piece in before[1:]) else stated


def _pronoun(number: Number) -> bool:
    return number.in_words and number.value == 1


def _stands_alone(clause: str, numbers: list[Number], at: int) -> bool:
    """Return whether a number is neither part of a calculation nor joined to the number beside it."""
    number = numbers[at]
    before = clause[max(0, number.start - 10) : number.start]
    if _OPERATOR_AFTER.match(clause, number.end) or _OPERATOR_BEFORE.search(before):
        return False
    if len(numbers) == 1:
        return True
    left, right = (numbers[at - 1], number) if at else (number, numbers[1])
    between = clause[left.end : right.start]
    if not at and not _RANGE.fullmatch(between):
        between = _TO.sub("", between)
    return _JOINS.search(between) is None


def _same(clause: str, pair: list[Number]) -> Fraction | None:
    """Return the value that two numbers with `or` between them share: `14/3 or 4.67` is `14/3`.

    One of the two may be a fraction that the other rounds to the digits it shows.
    """
    if len(pair) < 2 or not _OR.search(clause, pair[0].end, pair[1].start):
        return None
    for exact, shown in (pair, pair[::-1]):
        places = decimal_places(shown.value)
        rounded = places is not None and abs(exact.value - shown.value) * 10**places <= Fraction(1, 2)
        if exact.value == shown.value or (rounded and decimal_places(exact.value) is None):
            return exact.value
    return None


def _compound(clause: str, pair: list[Number]) -> Fraction | None:
    """Return a quantity given in two units as a number of the larger: `3 hours and 30 minutes` is 3.5."""
    if len(pair) < 2:
        return None
    large, small = pair
    between = _BETWEEN.fullmatch(clause, large.end, small.start)
    after = _UNIT.match(clause, small.end)
    if between is None or after is None:
        return None
    ratio = _SMALLER.get((_singular(between[1]), _singular(after[1])))
    return large.value + small.value / ratio if ratio and 0 <= small.value < ratio else None


def _singular(unit: str) -> str:
    unit = unit.lower()
    return _UNITS.get(unit, unit.removesuffix("s"))
