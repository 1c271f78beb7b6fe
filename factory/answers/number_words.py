"""Number words: `twenty-one`, `two thirds`, `half a dozen`, `three and a quarter`.

>>> in_words("twenty-one"), in_words("two thirds"), in_words("minus five"), in_words("five or six")
(Fraction(21, 1), Fraction(2, 3), Fraction(-5, 1), None)
"""

import re
from collections.abc import Sequence
from fractions import Fraction

SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
MULTIPLIERS = SCALES | {"dozen": 12}

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
SMALL = {word: size for size, word in enumerate(_ONES.split())}
SMALL |= {word: 10 * size for size, word in enumerate(_TENS.split(), start=2)}
PART = {"half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}
PARTS = {"halves": 2} | {f"{word}s": size for word, size in PART.items() if size > 2}

_WORDS = re.compile(r"(?:(minus|negative) )?([a-z]+(?:[ -][a-z]+)*)")


def in_words(text: str) -> Fraction | None:
    """Return the number that a whole text writes in words, or None."""
    found = _WORDS.fullmatch(text.casefold().strip()) if len(text) <= _LONGEST else None
    if found is None:
        return None
    words = re.split("[ -]", found[2])
    number, after = quantity(words, 0)
    if not 0 < after == len(words):
        return None
    return -number if found[1] else number


_LONGEST = 200


def quantity(words: Sequence[str], at: int) -> tuple[Fraction, int]:
    """Read `two thirds`, `a half`, `half a dozen`, `three and a quarter` or a cardinal.

    Here and below, when nothing is read, the end is the beginning.
    """
    if words[at] == "half" and words[at + 1 : at + 2] == ["a"] and _word(words, at + 2) in MULTIPLIERS:
        return Fraction(MULTIPLIERS[words[at + 2]], 2), at + 3
    number, after = _share(words, at)
    if after > at:
        return number, after
    whole, after = _cardinal(words, at)
    if after > at and _word(words, after) == "and":
        number, end = _share(words, after + 1)
        if end > after + 1:
            return whole + number, end
    return Fraction(whole), after


def _share(words: Sequence[str], at: int) -> tuple[Fraction, int]:
    """Read a part of one: `half`, `a third`, `one third`, `two thirds`; a bare `third` is an ordinal."""
    if _word(words, at) == "half":
        return Fraction(1, 2), at + 1
    if _word(words, at) in ("a", "an", "one") and _word(words, at + 1) in PART:
        return Fraction(1, PART[words[at + 1]]), at + 2
    if SMALL.get(_word(words, at), 0) > 1 and _word(words, at + 1) in PARTS:
        return Fraction(SMALL[words[at]], PARTS[words[at + 1]]), at + 2
    return Fraction(0), at


def _cardinal(words: Sequence[str], at: int) -> tuple[int, int]:
    """Read a whole number: `two thousand and five`, `a hundred`, `two dozen`."""
    total, limit = 0, 10**15
    while True:
        size, after = _below_thousand(words, at)
        scale = MULTIPLIERS.get(_word(words, after), 1)
        if after == at or not 1 < scale < limit:
            return total + size, after
        total, limit, at = total + size * scale, scale, after + 1
        if _word(words, at) == "and" and _word(words, at + 1) in SMALL and scale >= 1000:
            at += 1


def _below_thousand(words: Sequence[str], at: int) -> tuple[int, int]:
    size, after = _below_hundred(words, at)
    if _word(words, after) != "hundred" or after == at:
        return size, after
    after += 1
    step = 1 if _word(words, after) == "and" else 0
    rest, end = _below_hundred(words, after + step)
    return (size * 100 + rest, end) if end > after + step else (size * 100, after)


def _below_hundred(words: Sequence[str], at: int) -> tuple[int, int]:
    word = _word(words, at)
    if word in ("a", "an"):
        return (1, at + 1) if _word(words, at + 1) in MULTIPLIERS else (0, at)
    if word not in SMALL:
        return 0, at
    ones = SMALL.get(_word(words, at + 1), 0)
    return (SMALL[word] + ones, at + 2) if SMALL[word] >= 20 and 0 < ones < 10 else (SMALL[word], at + 1)


def _word(words: Sequence[str], at: int) -> str:
    return words[at] if at < len(words) else ""
