"""The numbers of a problem that may be others, and why the rest are kept.

A number is kept where another would make the problem odd: in dates, clock times, ordinals, names
(`Route 66`), facts (`7 days in a week`, `4 wheels`), parts (`3 of them`), fractions, ratios, and small
numbers in words.

>>> slots = find("On May 5, Ann's 3 cars with 4 wheels each drove 60 miles for $12.50.")
>>> [(slot.text, slot.kept) for slot in slots]
[('5', 'date'), ('3', None), ('4', 'fact'), ('60', None), ('12.50', None)]
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.answers.numbers_in_text import find as numbers

FIGURES = re.compile(rf"{answers.DIGITS}(?:\.[0-9]+)?|\.[0-9]+")
MONTHS = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_LABEL = re.compile(
    r"\b(?:room|route|highway|chapter|grade|level|page|day|week|month|year|hour|phase|stage|step|part|part"
    r"|round|game|quarter|lane|gate|flight|bus|car|train|house|apartment|number|no|size|type|class|team|group"
    r"|box|bag|jar|machine|store|shop|side|stop|season|episode|volume|book|lesson|unit|channel|option|plan"
    r"|version|figure|table|section|question|problem|test|exam|quiz|century|iphone|xbox|playstation|windows"
    r"|apollo|under|age|ages|aged|over|formula|interstate|pier|floor|tank|tray|tower|tube|pile|row|set|tier"
    r"|zone|district|door|player|child|student|person|worker|container|bucket|basket|pack|factor|of) #?$",
    re.IGNORECASE,
)
_LABELS_OF_PEOPLE = re.compile(r"\b(?:over|under|age|ages|aged|of|by a factor of) $", re.IGNORECASE)
_DATE_BEFORE = re.compile(rf"\b{MONTHS}\.? $", re.IGNORECASE)
_DATE_AFTER = re.compile(rf"(?:st|nd|rd|th)?(?: of)? {MONTHS}\b", re.IGNORECASE)
_CLOCK_AFTER = re.compile(r"(?::[0-9]|\s?(?:[ap]\.?m\b\.?|o['\u2019]?clock|noon|midnight))", re.IGNORECASE)
_CLOCK_BEFORE = re.compile(r"[0-9]:$|\b(?:at|until|till|from|before|after|by|around) $", re.IGNORECASE)
_GLUED_AFTER = re.compile(
    r"(?:st|nd|rd|th)\b|[A-Za-z_]|[:/^*+x×][0-9]|-[0-9]|\s*/\s*[0-9]|\s?[-+*x×=÷]\s?[0-9]"
)
_GLUED_BEFORE = re.compile(r"[A-Za-z_#@][-]?$|[0-9][:/^*+x×-]$|[0-9]\s?[-+*x×=÷]\s?$|[A-Za-z]\($")
_CONVERSIONS = {
    2: "pints cups halves sides parents",
    3: "teaspoons",
    4: "quarts quarter quarters seasons",
    5: "nickel fingers toes school work weekdays workdays working",
    6: "sides",
    7: "days day",
    10: "cents dime millimeters",
    12: "months month inches inch eggs",
    14: "days",
    16: "ounces ounce oz",
    24: "hours hour hr",
    25: "cents",
    28: "days",
    29: "days",
    30: "days day",
    31: "days day",
    36: "inches",
    48: "hours",
    50: "cents states",
    52: "weeks week cards",
    60: "minutes minute seconds second",
    90: "degrees degree",
    100: "percent cents centimeters %",
    180: "degrees degree",
    360: "degrees degree",
    365: "days day",
    366: "days",
    500: "sheets",
    1000: "grams milliliters meters kilograms ml g m",
    1760: "yards",
    2000: "pounds calories",
    5280: "feet",
}
_FACTS = re.compile(
    r"[ -](?:legs?|wheels?|tires?|tyres?|eyes?|ears?|arms?|hands?|fingers?|toes?|wings?|sides?|corners?"
    r"|sided|edges?|angles?|vertices|strings?|quarters?|halves|half|thirds?|fourths?|fifths?|sixths?|eighths?"
    r"|tenths?|nickels?|dimes?|penn(?:y|ies)|bills?|coins?|notes?|parents?|twins?|grandparents?|decades?"
    r"|wheelers?|wheeled|legged|story|storey|way|time|sheets? of|in-1|by|speed|percenters?|degrees?"
    r"|nights? a week|days? a week|times a week|days? per week|times per week|days? (?:each|every) week"
    r"|seats?)\b",
    re.IGNORECASE,
)
_EQUAL = re.compile(r"\b(?:is|are) equal to $|\bequals? $", re.IGNORECASE)
_IN_A_UNIT = re.compile(
    r" [a-z]+ (?:in|to) (?:a|an|one|each|every) (?:gallon|quart|pint|cup|pound|ounce|ton|mile|yard|foot|inch"
    r"|kilometer|meter|liter|kilogram|hour|minute|day|week|month|year|dozen|dollar)\b"
)
_MONEY_PIECE = re.compile(r"[ -](?:dollar |cent )?(?:bills?|coins?|notes?|pieces?)\b", re.IGNORECASE)
_PARTS = frozenset("third fourth fifth sixth seventh eighth ninth tenth".split())
_NOT_COUNTED = frozenset(
    " and to was were is in he she they it the a his her but when if there how".split(" ")
)
_UNIT = re.compile(r"\s*[- ]?\s*(?:of (?:the|these|those|his|her|their|its|my|our) )?([A-Za-z%]+)")


@dataclass(frozen=True, slots=True)
class Slot:
    """A number of a problem's text; `kept` says why it has to be left alone, in a word.

    `unit` is the word after it, `percent` whether it counts hundredths, and `in_words` whether it is spelled.
    """

    start: int
    end: int
    text: str
    value: Fraction
    unit: str
    percent: bool
    money: bool
    in_words: bool
    kept: str | None


def find(problem: str) -> tuple[Slot, ...]:
    """Return the numbers of a problem in their order."""
    return tuple(_found(problem))


def _found(problem: str) -> Iterator[Slot]:
    for number in numbers(problem):
        start, end, kept = number.start, number.end, None
        if not number.in_words:
            figure = FIGURES.search(problem, start, end)
            whole = figure is not None and figure.end() == end
            start, kept = (figure.start(), None) if figure and whole else (start, "fraction")
        before, after = problem[max(0, start - 40) : start], problem[end : end + 40]
        unit = _UNIT.match(after)
        word = unit[1].lower() if unit else ""
        percent = word in ("%", "percent")
        money = before.endswith("$")
        if number.in_words:
            kept = _kept_in_words(number.value, problem[start:end], word)
        kept = kept or _kept(number.value, before, after, word, money)
        yield Slot(start, end, problem[start:end], number.value, word, percent, money, number.in_words, kept)


def _kept(value: Fraction, before: str, after: str, unit: str, money: bool) -> str | None:
    """Return why a number in figures is left alone, or None."""
    if value <= 1 and value.denominator == 1:
        return "unit"
    if _DATE_BEFORE.search(before) or _DATE_AFTER.match(after) or (_is_year(value, unit) and not money):
        return "date"
    if _CLOCK_AFTER.match(after) or (_CLOCK_BEFORE.search(before) and value <= 12 and not unit and not money):
        return "clock"
    if _GLUED_AFTER.match(after) or _GLUED_BEFORE.search(before):
        return "ordinal" if re.match(r"(?:st|nd|rd|th)\b", after) else "name"
    if not money and _LABEL.search(before) and not _LABELS_OF_PEOPLE.search(before):
        return "name"
    if unit in _CONVERSIONS.get(int(value) if value.denominator == 1 else -1, "").split() and not money:
        return "fact"
    if after.startswith(" of them"):
        return "part"
    if _EQUAL.search(before) or _IN_A_UNIT.match(after):
        return "fact"
    if (not money and _FACTS.match(after)) or _MONEY_PIECE.match(after):
        return "fact"
    return None


def _kept_in_words(value: Fraction, text: str, unit: str) -> str | None:
    """Return why a number in words is not changed; small numbers count people whom the story then names."""
    if value.denominator != 1:
        return "fraction"
    if value <= 4 or value > 20:
        return "word"
    if "dozen" in text or text.split(maxsplit=1)[0].lower() in ("a", "an"):
        return "word"
    return "fraction" if unit.removesuffix("s") in _PARTS else None


def _is_year(value: Fraction, unit: str) -> bool:
    return value.denominator == 1 and 1700 <= value <= 2100 and unit in _NOT_COUNTED
