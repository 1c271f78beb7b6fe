"""Steps: every calculation that a chain states, recomputed exactly.

>>> [str(step) for step in steps("48 / 2 = <<48/2=24>>24 clips, and 24 + 48 = 70 in all")]
['48/2 = 24', '24+48 = 70, which is 72']

A step is right when its result is the exact value rounded or cut to the digits that it shows, so less than
one unit of the last of them away: `7 / 2 = 3` teams is right, `7 / 2 = 5` wrong, and so is `1 / 4 = 1`, for
nothing less than one is rounded to a whole number. A percentage is taken as a share or as a plain number
(`20% + 30% = 50%`), whichever makes the step right. What may mean something else is no step when it is not
right: `$80 + 5% = $84`, `3 / 1/2 = 6`, `1/4 cup = 2 ounces`.

A wrong step is a flag and not a rejection: strong teachers' answers are right in spite of most of them.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.solvers import equalities
from thoughtmill.factory.solvers.arithmetic import evaluate

MARK = re.compile(r"<<([^<>\n]*)>>")
_UNCLEAR = re.compile(r"[0-9)][-+][0-9.,]+%|/[0-9]+/|^[0-9]+/[0-9]+$")
_DECIMALS = re.compile(r"\.([0-9]+)")
_DIGITS_ALONE = re.compile(r"-?[0-9.,]+%?")
_NOISE = Fraction(1, 10**12)


class ChainStep(NamedTuple):
    """A stated calculation: its two sides as written, its exact value, and the stated value.

    `right` says whether the two agree within the digits shown.
    """

    expression: str
    result: str
    exact: Fraction
    stated: Fraction
    right: bool

    def __str__(self) -> str:
        written = f"{self.expression} = {self.result}"
        return written if self.right else f"{written}, which is {answers.exact_text(self.exact)}"


@lru_cache(maxsize=16)
def steps(text: str) -> tuple[ChainStep, ...]:
    """Return the steps of a text in their order, in marks (`<<48/2=24>>`) and in sentences, in linear time.

    A calculation that a mark and its sentence state alike is one step. The latest texts are remembered.
    """
    found: list[ChainStep] = []
    for line in text.splitlines():
        if "=" in line or "\N{ALMOST EQUAL TO}" in line:
            found += _line_steps(line)
    return tuple(found)


def calculations(text: str) -> tuple[str, ...]:
    """Return the steps of a text without spaces, by which chains are the same whatever their words.

    >>> calculations("48 / 2 = 24 clips, and so 48 + 24 = 72.")
    ('48/2=24', '48+24=72')
    """
    return tuple("".join(f"{step.expression}={step.result}".split()) for step in steps(text))


def _line_steps(line: str) -> Iterator[ChainStep]:
    seen: set[tuple[Fraction, Fraction]] = set()
    for part in (*MARK.findall(line), MARK.sub("", line)):
        for equality in equalities.find(part):
            step = _recomputed(equality)
            if step is not None and (step.exact, step.stated) not in seen:
                seen.add((step.exact, step.stated))
                yield step


def _recomputed(equality: equalities.Equality) -> ChainStep | None:
    """Return the step of an equality, or None when a side has no value."""
    left, right = evaluate(equality.left), evaluate(equality.right)
    opening = right if equality.opening == equality.right else evaluate(equality.opening)
    if left is None or opening is None:
        return None
    agree = left == opening or any(
        _agree(exact, stated, written)
        for exact in _senses(equality.left, left)
        for value, written in ((right, equality.right), (opening, equality.opening))
        if value is not None
        for stated in _senses(written, value)
    )
    if not agree and _UNCLEAR.search(equality.left) and not (left > 1 and equality.left.count("/") == 1):
        return None
    return ChainStep(equality.left, equality.opening, left, opening, agree)


def _senses(written: str, value: Fraction) -> list[Fraction]:
    """Return the values that an expression may mean: as written, and with percentages as plain numbers."""
    plain = evaluate(written.replace("%", "")) if "%" in written else None
    return [value] if plain is None else [value, plain]


def _agree(exact: Fraction, stated: Fraction, written: str) -> bool:
    """Return whether a stated value is the exact one to the digits written."""
    if not _DIGITS_ALONE.fullmatch(written):
        return abs(exact - stated) <= _NOISE * abs(exact)
    decimals = _DECIMALS.search(written)
    unit = Fraction(1, 10 ** len(decimals[1])) if decimals else Fraction(abs(exact) >= 1)
    return abs(exact - stated) < unit or abs(exact - stated) <= _NOISE * abs(exact)
