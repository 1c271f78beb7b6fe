"""Draw other numbers for a problem, under the constraints that the parent itself keeps.

The draw is a random walk that begins at the parent's numbers: one or two numbers at a time change, and a
step is taken only if everything stays plausible. So each number is a possible one, however tight a problem
is. Kept are wholeness and decimals, signs, the order of what has one unit, the range of percentages, round
numbers, and the size of every intermediate result.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from thoughtmill.factory.answers.number import decimal_places
from thoughtmill.factory.growths.binding import Variable
from thoughtmill.factory.growths.slots import Slot

STEPS = (1000, 100, 50, 10, 5, 1)
WALK = 12
"""Proposals for each number of a problem."""
STRETCH = Fraction(2)
"""How many times larger or smaller an intermediate result may become."""
TIGHT = Fraction(3, 2)
"""The same, in stories of ages and bodies, where few numbers are plausible."""

CAPS = {
    **dict.fromkeys(("hours", "hour"), 24),
    **dict.fromkeys(("minutes", "minute", "seconds"), 60),
    **dict.fromkeys(("days", "day"), 7),
    "months": 12,
}
"""What a unit counts at most, where the parent stays below."""

NARROW = frozenset(("years", "year", "degrees"))
"""Units whose numbers, ages among them, change by a third at most."""
FEW = frozenset(
    "times children kids sons daughters siblings brothers sisters bathrooms bedrooms meals servings".split()
)
"""What nobody has many of."""

Values = tuple[Fraction, ...]
Pool = Sequence[Fraction] | range
Calculate = Callable[[Sequence[Fraction]], list[Fraction] | None]


@dataclass(frozen=True)
class Constraints:
    """What other numbers of a problem must keep.

    `calculate` returns the intermediate results, the answer last.
    """

    variables: Sequence[Variable]
    calculate: Calculate
    apart: frozenset[Fraction]
    """The numbers of the problem that stay, which no other number may become."""
    stretch: Fraction | None = STRETCH
    """How far intermediate results may move; None is any size."""
    still: tuple[Slot, ...] = ()
    """The other numbers of the problem: of a thing they count too, the order with them is kept."""
    most: Fraction | None = None
    """What no number and no result becomes more than, where the parent's is not."""

    def start(self) -> Values:
        """Return the parent's own numbers."""
        return tuple(variable.value for variable in self.variables)

    def hold(self, values: Values, results: Sequence[Fraction]) -> bool:
        """Return whether numbers are apart and in order, and their results like the parent's `results`."""
        if len({*values, *self.apart}) != len(values) + len(self.apart) or not self._in_order(values):
            return False
        found = self.calculate(values)
        return (
            found is not None
            and len(found) == len(results)
            and all(alike(old, new, self.stretch) for old, new in zip(results, found, strict=True))
            and self._below(self.start(), values)
            and self._below(results, found)
        )

    def _below(self, old: Sequence[Fraction], new: Sequence[Fraction]) -> bool:
        most = self.most
        return most is None or all(was > most or now <= most for was, now in zip(old, new, strict=True))

    def _in_order(self, values: Values) -> bool:
        told = [*zip(self.variables, values, strict=True)]
        pairs = [(one, other) for at, one in enumerate(told) for other in told[at + 1 :]]
        beside = [
            (one.value, new, slot.value)
            for one, new in told
            for slot in self.still
            if kind(one) == kind_of(slot)
        ]
        return (
            all((value < fixed) == (new < fixed) for value, new, fixed in beside)
            and all(
                (one.value < other.value) == (new < its)
                for (one, new), (other, its) in pairs
                if kind(one) == kind(other)
            )
            and all(
                _is_close(one.value, other.value) == _is_close(new, its)
                for (one, new), (other, its) in pairs
                if not any(slot.money or slot.percent for slot in (one.slots[0], other.slots[0]))
            )
        )


def _is_close(one: Fraction, other: Fraction) -> bool:
    """Return whether neither number is in the other twice: of two packs of 10, no 14 balloons are left."""
    return max(one, other) < 2 * min(one, other)


def kind(variable: Variable) -> tuple[str, bool, bool]:
    """Return the thing that a variable counts; two variables of a thing keep their order."""
    return kind_of(variable.slots[0])


def kind_of(slot: Slot) -> tuple[str, bool, bool]:
    """Return the thing that a number of a problem counts."""
    unit = "" if slot.money else slot.unit.removesuffix("s")
    return unit, slot.money, slot.percent


def alike(old: Fraction, new: Fraction, stretch: Fraction | None = STRETCH) -> bool:
    """Return whether a result may take the place of another: its sign, wholeness, decimals and size.

    >>> alike(Fraction(6), Fraction(9)), alike(Fraction(6), Fraction(9, 2)), alike(Fraction(6), Fraction(60))
    (True, False, False)
    """
    if old.denominator == 1 and old.numerator > 0:  # most results, and a walk asks for many
        size, whole = old.numerator, new.numerator
        if new.denominator != 1 or whole <= 0 or stretch is None:
            return new.denominator == 1 and whole > 0
        up, down = stretch.numerator, stretch.denominator
        return size * down <= whole * up and whole * down <= size * up
    if old <= 0 or new <= 0:
        return old == new or (old < 0 and alike(-old, -new, stretch))
    if (old < 1) != (new < 1) or (stretch and not old / stretch <= new <= old * stretch):
        return False
    places, others = decimal_places(old), decimal_places(new)
    return (places is None and others != 0) or (
        others is not None and places is not None and others <= places
    )


def candidates(variable: Variable) -> list[Fraction]:
    """Return the numbers that a variable may become, itself among them.

    Round numbers stay round, small ones small: half to twice its size.
    """
    value, slot = variable.value, variable.slots[0]
    places = max(decimal_places(value) or 0, len(slot.text.partition(".")[2]))
    unit = 10**places
    size = int(value * unit)
    step = next(step for step in STEPS if size % step == 0 and (size >= 4 * step or step == 1))
    low, high = size // 2, 2 * size + (2 if size < 5 else 0)
    if slot.percent:
        low, high = max(low, 5), min(high, 95) if value < 100 else high
    if slot.unit in NARROW and value > 5:
        low, high = size * 3 // 4, size * 4 // 3
    if slot.unit in FEW:
        high = min(high, max(size, 6))
    cap = CAPS.get(slot.unit)
    if cap and size <= cap * unit:
        high = min(high, cap * unit - 1 if size < cap * unit else high)
    least = 2 if places == 0 else 1
    first = -(-max(low, least) // step) * step
    return [Fraction(each, unit) for each in range(first, high + 1, step) if (places == 0 or each % unit)]


def draws(constraints: Constraints, pools: Sequence[Pool], random: Random) -> Iterator[Values]:
    """Yield draw after draw from the pools of the variables, all of which hold; the caller stops."""
    start = constraints.start()
    results = constraints.calculate(start)
    if results is None:
        return
    movable = [at for at, pool in enumerate(pools) if len(pool) > 1]
    while movable:
        now = start
        for _ in range(WALK * len(movable)):
            changed = list(now)
            for at in random.sample(movable, min(len(movable), random.choice((1, 1, 2)))):
                changed[at] = _chosen(pools[at], random)
            proposed = tuple(changed)
            if proposed != now and constraints.hold(proposed, results):
                now = proposed
        yield now


def _chosen(pool: Pool, random: Random) -> Fraction:
    return Fraction(random.choice(pool)) if isinstance(pool, range) else random.choice(pool)
