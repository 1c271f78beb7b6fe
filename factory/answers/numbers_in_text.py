"""Numbers in running text: figures, fractions, scientific notation and number words, each with its place.

>>> [str(number.value) for number in find("Two dozen eggs at $1,250.50, 3/4 of them, three and a half times")]
['24', '2501/2', '3/4', '7/2']
"""

import re
import string
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from thoughtmill.factory.answers.number import DIGITS, PLAIN, VULGAR, fits, value
from thoughtmill.factory.answers.number_words import MULTIPLIERS, PART, PARTS, SCALES, SMALL, quantity

_WORD = "|".join(sorted([*SMALL, *MULTIPLIERS, *PART, *PARTS], key=len, reverse=True))
_VULGAR = "".join(VULGAR)
_DECIMAL = rf"{DIGITS}(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|\.[0-9]+"
_NUMBER = re.compile(
    r"(?P<sign>(?<![\w)\]%])-)?(?:[$€£¥₹] ?(?P<inner>-)?)?(?<![a-z0-9_.])"
    rf"(?P<figure>[0-9]+ [0-9]+ ?/ ?[0-9]+(?![0-9.])|[0-9]* ?[{_VULGAR}]"
    rf"|(?>{_DECIMAL})(?: ?/ ?(?>{_DECIMAL}))?)"
    r"(?: ?(?:×|\*|x|\\times|\\cdot) ?10 ?(?:\^|\*\*) ?\{?(?P<power>[-+]?[0-9]{1,4})\}?)?"
    rf"(?: (?P<scale>{'|'.join(SCALES)})\b)?(?P<half> and a half\b)?"
    rf"|\b(?P<words>(?:an? )?(?:{_WORD})(?:(?: and an? | and | an? |[ -])(?:{_WORD}))*)\b"
)

_BEGINS = re.compile(rf"[0-9]+|[a-z]+|[-.$€£¥₹{_VULGAR}]| (?=[{_VULGAR}])")
_OPENING_WORDS = frozenset({*SMALL, *MULTIPLIERS, *PART, *PARTS, "a", "an"})
"""With these places alone `_NUMBER` is tried, which takes a third of the time."""

_ONE_FOR_ONE = {code: text for code, text in PLAIN.items() if len(text) == 1}  # keeps every character's place
_ONE_FOR_ONE |= {ord(letter): letter.lower() for letter in string.ascii_uppercase}  # IGNORECASE is far slower


class Number(NamedTuple):
    """A number of a text: its exact value, its place, and whether it is written in words."""

    value: Fraction
    start: int
    end: int
    in_words: bool = False


@lru_cache(maxsize=256)
def find(text: str) -> tuple[Number, ...]:
    """Return the numbers of a text from left to right, in time linear in its length.

    A hyphen is a minus sign unless a letter, a figure or a closing bracket precedes it (`3-5` holds 3
    and 5). A percentage is the number before `%`. Ordinals in words (`the third`) are no numbers. The latest
    texts are remembered: each thought is held against the same problem in several ways.
    """
    return tuple(_found(text))


def _found(text: str) -> Iterator[Number]:
    text = text.translate(_ONE_FOR_ONE)
    end = 0
    for place in _BEGINS.finditer(text):
        begin = place.start()
        if begin < end or ((opening := place[0]).isalpha() and opening not in _OPENING_WORDS):
            continue
        found = _NUMBER.match(text, begin)
        if found is None:
            continue
        end = found.end()
        sign, inner, figure, power, scale, half, words = found.groups()
        if words:
            yield from _in_words(words, found.start("words"))
            continue
        number = value(figure)
        if number is not None and (power or scale or half):
            number = _scaled(number, power, scale, half)
        if number is not None and fits(number):
            yield Number(-number if sign or inner else number, *found.span())


def _scaled(number: Fraction, power: str | None, scale: str | None, half: str | None) -> Fraction | None:
    """Return a number times a power of ten (`x 10^3`) and a scale (`thousand`), `and a half`."""
    if power:
        ten = value(f"1e{power}")
        if ten is None:
            return None
        number *= ten
    if scale:
        number *= SCALES[scale]
    return number + Fraction(1, 2) if half else number


def _in_words(text: str, offset: int) -> Iterator[Number]:
    """Yield the numbers that a row of number words makes: `five and twenty-one` are two."""
    tokens = list(re.finditer(r"[a-z]+", text))
    words = [token[0] for token in tokens]
    at = 0
    while at < len(words):
        number, after = quantity(words, at)
        if after > at:
            yield Number(number, offset + tokens[at].start(), offset + tokens[after - 1].end(), in_words=True)
        at = max(after, at + 1)
