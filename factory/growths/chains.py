"""Redraw a chain: each calculation is made again with other numbers, and its result replaces the old one.

>>> print(redrawn("4 bags hold 4 * 6 = 24 nuts.\\nSo 24 - 9 = 15 are left.\\n#### 15",
...               {Fraction(4): Fraction(5), Fraction(9): Fraction(8)}))
5 bags hold 5 * 6 = 30 nuts.
So 30 - 8 = 22 are left.
#### 22
"""

import re
from collections.abc import Collection, Mapping
from fractions import Fraction

from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.answers.number_words import SMALL
from thoughtmill.factory.growths.wording import styled
from thoughtmill.factory.solvers.arithmetic import evaluate

MAX_LENGTH = 4000

_WORDS = "|".join(sorted(SMALL, key=len, reverse=True))
_FIGURE = re.compile(
    rf"(?<![\w.])(?:{answers.DIGITS}(?:\.[0-9]+)?|\.[0-9]+)(?!(?:st|nd|rd|th)\b|\.?[0-9])|\b(?:{_WORDS})\b",
    re.IGNORECASE,
)
_FRACTION = re.compile(r"(?<![0-9.])([0-9]{1,3})\s?/\s?([0-9]{1,3})(?![0-9.])")
_WRITTEN = "0123456789.,%+-*/×÷()$€£xX \t"
_EQUALS = re.compile(r"\s*=\s*[$€£]?\s*$")


class _Unclear(ValueError):
    """A number of the chain may be more than one thing, or a calculation cannot be made again."""


def redrawn(
    chain: str, drawn: Mapping[Fraction, Fraction], fractions: Collection[Fraction] = ()
) -> str | None:
    """Return a chain for other numbers; None where the meaning of one of its numbers is not clear.

    `drawn` maps the problem's numbers to the new ones. The results of calculations follow, also where a
    sentence tells a result before it is calculated. Any other number is a constant, and so are the parts of
    the problem's `fractions`.
    """
    if len(chain) > MAX_LENGTH:
        return None
    try:
        first = _Redrawing(drawn, {}, fractions)
        first.text(chain)
        return _Redrawing(drawn, first.now, fractions).text(chain)
    except _Unclear:
        return None


class _Redrawing:
    """The numbers of a chain so far: the new values of each old value, the latest result last."""

    def __init__(
        self,
        drawn: Mapping[Fraction, Fraction],
        later: Mapping[Fraction, list[Fraction]],
        fractions: Collection[Fraction],
    ) -> None:
        self.now: dict[Fraction, list[Fraction]] = {old: [new] for old, new in drawn.items()}
        self.later, self.fractions = later, fractions

    def text(self, chain: str) -> str:
        """Return the whole chain, figure by figure from left to right."""
        old_parts: list[str] = []
        parts: list[str] = []
        at = 0
        for figure in _FIGURE.finditer(chain):
            between = chain[at : figure.start()]
            old_parts.append(between)
            parts.append(between)
            at = figure.end()
            value = _value(figure[0])
            if _EQUALS.search(between):
                new = self._result("".join(old_parts), "".join(parts), value)
            elif self._in_fraction(chain, figure):
                new = value
            else:
                in_calculation = _next_to_sign(between, chain[at : at + 4])
                new = self._new(value, in_calculation)
            written = figure[0] if new == value else styled(new, figure[0])
            old_parts.append(figure[0])
            parts.append(written)
        return "".join([*parts, chain[at:]])

    def _new(self, value: Fraction, in_calculation: bool) -> Fraction:
        """Return the new value of a number: in a calculation the latest result, elsewhere the only one."""
        found = self.now.get(value) or self.later.get(value, [value])
        if len(set(found)) > 1 and not in_calculation:
            raise _Unclear
        return found[-1]

    def _in_fraction(self, chain: str, figure: re.Match[str]) -> bool:
        """Return whether a figure is part of a fraction in the problem."""
        around = _FRACTION.search(chain, max(0, figure.start() - 8), figure.end() + 8)
        if around is None or not around.start() <= figure.start() < around.end():
            return False
        top, bottom = (int(part) for part in around.groups())
        return bool(bottom) and Fraction(top, bottom) in self.fractions

    def _result(self, old_text: str, new_text: str, value: Fraction) -> Fraction:
        """Calculate the result after an equals sign again; without a calculation, it is a known value."""
        old, new = _calculation(old_text), _calculation(new_text)
        if old is None or new is None:
            return self._new(value, in_calculation=True)
        before, after = evaluate(old), evaluate(new)
        if before is None or after is None or before != value:
            raise _Unclear
        places, others = answers.decimal_places(before), answers.decimal_places(after)
        if places is None or others is None or others > max(places, 2):
            raise _Unclear
        known = self.now.setdefault(value, [])
        if after in known:
            known.remove(after)
        known.append(after)
        return after


def _value(figure: str) -> Fraction:
    value = answers.value(figure)
    return Fraction(SMALL[figure.lower()]) if value is None else value


def _next_to_sign(before: str, after: str) -> bool:
    return bool(re.search(r"[-+*/×÷=(]\s*[$€£]?\s*$", before) or re.match(r"\s*[-+*/×÷=)%]", after))


def _calculation(text: str) -> str | None:
    """Return the calculation at the end of a text, before its sign of equality; None where there is none."""
    line = text.rpartition("\n")[2]
    left = _EQUALS.sub("", line)
    tail = left.rpartition("=")[2]
    written = tail[len(tail.rstrip(_WRITTEN)) :]
    expression = re.sub(r"(?<=[0-9)])\s*[xX]\s*(?=[$(0-9])", "*", written).lstrip("xX*/+)%.,× ÷").rstrip()
    return expression if re.search(r"[-+*/×÷%]", expression[1:]) else None
