"""The numbers of a problem, each with a name from the words beside it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.solutions import names

ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
COUNTS = {word: Fraction(number) for number, word in enumerate(f"{ONES} seventeen eighteen nineteen".split())}
COUNTS |= {word: Fraction(10 * number) for number, word in enumerate(TENS.split(), 2)}
FACTORS = {
    2: "half halves twice double doubles doubled couple",
    3: "third thirds triple thrice",
    4: "quarter quarters",
    12: "dozen",
}
IMPLIED = {word: Fraction(factor) for factor, words in FACTORS.items() for word in words.split()}
FURTHER = {
    2: "parents twins both pair pairs halved doubling every_other round_trip weekend weekends sunday",
    3: "triplets tripled triples",
    4: "quadruple quadruples quadrupled quarterly fourth fourths",
    5: "weekday weekdays workday workdays workweek school_days fifth fifths nickel nickels",
    6: "sixth sixths",
    7: "seventh sevenths",
    8: "eighth eighths",
    9: "ninth ninths",
    10: "tenth tenths dime dimes decade decades",
}
FURTHER_IMPLIED = IMPLIED | {word: Fraction(n) for n, words in FURTHER.items() for word in words.split()}
"""Words that imply a number, which nobody calls a factor: they are only looked for, never calculated with."""
PARTS = re.compile(r"(?<![\d./])(\d{1,3})\s?/\s?(\d{1,3})(?![\d/])")
PART_OF = re.compile(
    r"[ -](hal(?:f|ves)|third|fourth|quarter|fifth|sixth|seventh|eighth|ninth|tenth)s?\b(?!-)"
)
"""What a number in words is a part of, if not a noun: `one-fourth`, `three eighths`."""
CONVERTED = {
    2: "average perimeter rectangle round trip each way",
    3: "yard feet foot",
    4: "quarter month square side",
    5: "week school work",
    7: "week day daily",
    10: "dime decade",
    12: "month year annual dozen inch foot feet",
    16: "ounce pound",
    24: "hour day",
    30: "month day",
    31: "month day",
    36: "yard inch",
    52: "week year",
    60: "minute hour second",
    100: "% percent cent meter",
    365: "day year",
    1000: "gram liter meter kilo kg km",
}
"""Units between which a number converts: nobody states it, and a problem may state another of its value."""
NOUN = re.compile(r"[ -]([A-Za-z]{3,})")
NUMBER = re.compile(r"(?<![\w.])(\d(?:[\d,]*\d)?(?:\.\d+)?|\.\d+)|([A-Za-z]+)")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a problem: its names, the best first, and the noun beside it.

    A factor and a part of a fraction have no names.
    """

    value: Fraction
    names: tuple[str, ...]
    noun: str = ""


def implied_in(problem: str) -> frozenset[Fraction]:
    """Return the numbers that words of a problem imply.

    Of a fraction these are its two parts.

    >>> implied_in("Half of a dozen") == {2, 12}, implied_in("2/3 of them, every other day") == {2, 3}
    (True, True)
    """
    words = re.findall(r"[a-z]+", problem.lower())
    pairs = [f"{one}_{other}" for one, other in pairwise(words)]
    parts = {Fraction(part) for found in PARTS.finditer(problem) for part in found.groups()}
    return frozenset(parts | {FURTHER_IMPLIED[word] for word in (*words, *pairs) if word in FURTHER_IMPLIED})


def is_converted(value: Fraction, text: str) -> bool:
    """Return whether a number may convert units of a text in lower case.

    >>> is_converted(Fraction(60), "she reads for two hours"), is_converted(Fraction(60), "60 pens")
    (True, False)
    """
    units = CONVERTED.get(value.numerator, "").split() if value.denominator == 1 else ()
    return any(unit in text for unit in units)


def quantities(problem: str) -> Iterator[Quantity]:
    """Yield the numbers of a problem in their order; a percentage is both the number and its hundredth.

    The parts of a fraction have no names.

    >>> [(each.names, str(each.value)) for each in quantities("Mia has 12 pens, twice as many as 3 friends.")]
    [(('pens', 'mia_pens'), '12'), ((), '2'), (('friends',), '3')]
    """
    fractions = {at for found in PARTS.finditer(problem) for at in (found.start(1), found.start(2))}
    for found in NUMBER.finditer(problem):
        digits, word = found.groups()
        if word and word.lower() in IMPLIED:
            yield Quantity(IMPLIED[word.lower()], ())
        value = answers.value(digits) if digits else COUNTS.get(word.lower())
        if value is None:
            continue
        after = problem[found.end() : found.end() + 60]
        part = found.start() in fractions or (word and PART_OF.match(after))
        wanted = () if part else names.of_given(problem[: found.start()], after)
        noun = NOUN.match(after)
        yield Quantity(value, tuple(wanted), noun[1].lower() if noun else "")
        if wanted and wanted[0].startswith("percent"):
            yield Quantity(value / 100, tuple(name.replace("percent", "share") for name in wanted))
