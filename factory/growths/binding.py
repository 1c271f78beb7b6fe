"""Bind the numbers of a problem to the figures of a program, of equations or of a chain, by value.

A variable is a number that the problem may state otherwise (`slots`). A figure stands for it when it has its
value and nothing else has; of a percentage also its hundredth, and what it leaves or adds: 20 % off is 0.8.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from thoughtmill.factory.growths.slots import Slot


@dataclass(frozen=True, slots=True)
class NumberForm:
    """A form in which a calculation may hold a number: its value, and how it is written of an unknown x."""

    written: str
    of: Callable[[Fraction], Fraction]


ITSELF = NumberForm("x", lambda value: value)
SHARE = NumberForm("(x / 100)", lambda value: value / 100)
HUNDREDTHS = (
    ITSELF,
    SHARE,
    NumberForm("(1 - x / 100)", lambda value: 1 - value / 100),
    NumberForm("(1 + x / 100)", lambda value: 1 + value / 100),
    NumberForm("(100 - x)", lambda value: 100 - value),
    NumberForm("(100 + x)", lambda value: 100 + value),
)

REPEATED = 12
"""A repeated figure up to this may be a constant instead of a number of the problem."""
CONSTANTS = frozenset(map(Fraction, (14, 16, 24, 30, 52, 60, 100, 365, 1000)))


@dataclass(frozen=True, slots=True)
class Variable:
    """A number of the problem and the slots that state it, several if the text repeats it."""

    value: Fraction
    slots: tuple[Slot, ...]

    @property
    def forms(self) -> tuple[NumberForm, ...]:
        """Return in which forms a calculation may hold it."""
        first = self.slots[0]
        cents = (ITSELF, SHARE) if first.unit in ("cent", "cents") else (ITSELF,)
        return HUNDREDTHS if first.percent else cents


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure is: a variable, by its place in the list, in a form."""

    variable: int
    form: NumberForm


def variables(slots: Sequence[Slot]) -> list[Variable]:
    """Return the numbers that may be redrawn, without a number that counts two things."""
    grouped: dict[tuple[Fraction, str, bool], list[Slot]] = {}
    for slot in slots:
        grouped.setdefault((slot.value, slot.unit, slot.money), []).append(slot)
    values = [value for value, _, _ in grouped]
    shares = [told[0].value for told in grouped.values() if told[0].percent]
    left = {Fraction(50), 100 - sum(shares)}  # such a share may be itself, or what it or all of them leave
    return [
        Variable(value, tuple(told))
        for (value, _, _), told in grouped.items()
        if values.count(value) == 1
        and all(slot.kept is None for slot in told)
        and not (told[0].percent and value in left)
    ]


def bind(figures: Sequence[Fraction], known: Sequence[Variable]) -> list[Bound | None]:
    """Return the variable of each figure; None where it is a constant, or may be several variables."""
    meant: dict[Fraction, list[Bound]] = {}
    for at, variable in enumerate(known):
        for form in variable.forms:
            meant.setdefault(form.of(variable.value), []).append(Bound(at, form))
    unclear = {
        bound.variable
        for found in meant.values()
        if len({each.variable for each in found}) > 1
        for bound in found
    }
    unclear &= {bound.variable for figure in figures for bound in meant.get(figure, ())}
    unclear |= {
        bound.variable
        for figure in set(figures)
        if figures.count(figure) > 1 and (figure <= REPEATED or figure in CONSTANTS)
        for bound in meant.get(figure, ())
    }
    found = []
    for figure in figures:
        bounds = [bound for bound in meant.get(figure, ()) if bound.variable not in unclear]
        found.append(bounds[0] if bounds else None)
    return found


def used(bounds: Iterable[Bound | None]) -> set[int]:
    """Return the variables that figures are bound to."""
    return {bound.variable for bound in bounds if bound is not None}


def filled(
    figures: Sequence[Fraction], bounds: Sequence[Bound | None], values: Sequence[Fraction]
) -> list[Fraction]:
    """Return the figures for other values of the variables."""
    return [
        figure if bound is None else bound.form.of(values[bound.variable])
        for figure, bound in zip(figures, bounds, strict=True)
    ]
