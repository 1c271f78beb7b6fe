"""Write numbers into a text in the style of the numbers that they replace.

>>> from thoughtmill.factory.growths.slots import find
>>> text = "Each of the five friends pays $1,250 for an 8-day trip and $7.50 for a map."
>>> replaced(text, dict(zip(find(text), map(Fraction, ("9", "3400", "5", "6.25")))))
'Each of the nine friends pays $3,400 for a 5-day trip and $6.25 for a map.'
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Protocol, TypeVar

from thoughtmill.factory.answers.number import decimal_places, exact_text
from thoughtmill.factory.answers.number_words import SMALL

WORDS = {size: word for word, size in SMALL.items()}
_ARTICLE = re.compile(r"\b([Aa])n? $")


class Written(Protocol):
    """A number where it is written in a text."""

    @property
    def start(self) -> int:
        """Return where it begins."""
        ...

    @property
    def end(self) -> int:
        """Return where it ends."""
        ...


Place = TypeVar("Place", bound=Written)


def replaced(text: str, values: Mapping[Place, Fraction]) -> str:
    """Return a text with other numbers in some places, and the articles before them."""
    parts, at = [], 0
    for place in sorted(values, key=lambda place: place.start):
        written = styled(values[place], text[place.start : place.end])
        parts += [with_article(text[at : place.start], written), written]
        at = place.end
    return "".join([*parts, text[at:]])


def styled(value: Fraction, like: str) -> str:
    """Return a number as another is written: in words, with separators of thousands, with two decimals.

    >>> styled(Fraction(12000), "1,500"), styled(Fraction(5), "7.50"), styled(Fraction(25), "Twelve")
    ('12,000', '5.00', 'Twenty-five')
    """
    if like[0].isalpha():
        word = in_words(value)
        return word.capitalize() if like[0].isupper() else word
    decimals = len(like.partition(".")[2])
    places = decimal_places(value)
    if places is None:
        return exact_text(value)
    if decimals == 2 or 0 < places <= decimals:
        text = f"{float(round(value, decimals)):.{decimals}f}" if places <= decimals else exact_text(value)
    else:
        text = exact_text(value)
    whole, point, rest = text.partition(".")
    return f"{int(whole):,}{point}{rest}" if "," in like and value >= 1000 else text


def in_words(value: Fraction) -> str:
    """Return a whole number up to 99 in words, any other in figures."""
    if value.denominator != 1 or not 0 <= value < 100:
        return exact_text(value)
    number = int(value)
    if number in WORDS:
        return WORDS[number]
    return f"{WORDS[number // 10 * 10]}-{WORDS[number % 10]}"


def with_article(before: str, number: str) -> str:
    """Return the text before a number with `a` or `an` at its end as the number needs it."""
    article = _ARTICLE.search(before)
    if article is None:
        return before
    vowel = re.match(r"8|1[18](?!\d)|1[18],?\d{3}(?!\d)|[aeiou](?!ne\b)|x$", number.lower())
    return f"{before[: article.start()]}{article[1]}{'n' if vowel else ''} "
