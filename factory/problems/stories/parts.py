"""What a story is made of: draws, moves, steps and templates, all of them data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import gcd
from random import Random

from thoughtmill.factory.problems.stories.expressions import Number, Values, formula

Draw = Callable[[Random, Values], Number | None]
"""Draws a number of the story, given those drawn before and the amount so far, `it`; None: there is none."""

PERCENTS = (5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90)


def span(low: int, high: int, step: int = 1) -> Draw:
    """Draw a whole number from low to high, both included."""
    return lambda rng, values: low + step * rng.randrange((high - low) // step + 1)


def cents(low: int, high: int, step: int = 50) -> Draw:
    """Draw an amount of dollars from low to high that is a multiple of `step` cents."""
    return lambda rng, values: Fraction(low * 100 + step * rng.randrange((high - low) * 100 // step + 1), 100)


def pick(*numbers: Number) -> Draw:
    """Draw one of the numbers."""
    return lambda rng, values: rng.choice(numbers)


def of(expression: str) -> Draw:
    """Compute the number from others, so that the story comes out even; it is a number of the problem."""
    compute = formula(expression)
    return lambda rng, values: compute(values)


def below(name: str = "it", low: int = 2, high: int = 90) -> Draw:
    """Draw a whole number from low to high that is less than the named one by low or more."""

    def draw(rng: Random, values: Values) -> Number | None:
        most = min(int(values[name]) - low, high)
        return None if most < low else rng.randint(low, most)

    return draw


def divisor(name: str = "it", low: int = 2, high: int = 9) -> Draw:
    """Draw a divisor of the named number, from low to high."""

    def draw(rng: Random, values: Values) -> Number | None:
        fitting = [number for number in range(low, high + 1) if values[name] % number == 0]
        return rng.choice(fitting) if fitting else None

    return draw


def size(low: int, high: int) -> Draw:
    """Draw the size of a group, from low to high, of which the amount so far fills at least two."""

    def draw(rng: Random, values: Values) -> Number | None:
        most = min(int(values["it"]) // 2, high)
        return None if most < low else rng.randint(low, most)

    return draw


def percent(name: str = "it", low: int = 5, high: int = 90) -> Draw:
    """Draw a usual percentage from low to high of which the named number has a whole share."""

    def draw(rng: Random, values: Values) -> Number | None:
        fitting = [p for p in PERCENTS if low <= p <= high and values[name] * p % 100 == 0]
        return rng.choice(fitting) if fitting else None

    return draw


def numerator(denominator: str = "denominator") -> Draw:
    """Draw the numerator of a proper fraction in lowest terms over the named denominator, at least 2."""

    def draw(rng: Random, values: Values) -> Number | None:
        under = int(values[denominator])
        return rng.choice([above for above in range(2, under) if gcd(above, under) == 1])

    return draw


@dataclass(frozen=True, eq=False)
class Move:
    """One calculation: the value `name` is `expression`, said in `sentence` where its mark is `{=}`.

    `it` in an expression is the amount so far. Values lie from low to high and are multiples of 1/unit: 1 for
    whole things and people, 100 for money with cents.
    """

    name: str
    expression: str
    sentence: str
    rule: str
    low: int = 2
    high: int = 999
    unit: int = 1


@dataclass(frozen=True, eq=False)
class Step:
    """One event of a story: it takes a state, draws numbers, tells what happens, and gives a state.

    `kind` is the name that compositions are made of: two stories with steps of the same kinds are composed
    alike, whatever their words. `texts` are wordings of the event. A draw whose name begins with `_` stays
    hidden: neither told nor given. `asks` are wordings of the question when the story ends here.
    """

    kind: str
    takes: str
    gives: str
    draws: Mapping[str, Draw]
    texts: tuple[str, ...]
    moves: tuple[Move, ...]
    asks: tuple[str, ...]

    def told(
        self, *texts: str, asks: tuple[str, ...] = (), draws: Mapping[str, Draw] | None = None
    ) -> "Step":
        """Return the same step in other words, and with numbers of another range where that is due."""
        return replace(self, texts=texts, asks=asks or self.asks, draws=draws or self.draws)


@dataclass(frozen=True, eq=False)
class Template:
    """A story: an opening, and a pool of follow-up steps of which a composition is an ordered choice.

    `start` names the amount that the opening leaves, by default its last move's. `slots` are the nouns to
    draw from. `asides` are sentences beside the point, with a number `idle` from 2 to 12. `relations` are the
    equations of the problem as stated, for stories with an unknown. A template that is `reserved` is for the
    split `test_templates` alone.
    """

    name: str
    opening: Step
    pool: tuple[Step, ...] = ()
    slots: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    asides: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()
    start: str = ""
    reserved: bool = False


def pool(own: tuple[Step, ...], *shared: Step) -> tuple[Step, ...]:
    """Return a template's steps in wordings of its own, and the shared ones of all other kinds."""
    kinds = {(step.kind, step.takes) for step in own}
    return own + tuple(step for step in shared if (step.kind, step.takes) not in kinds)


def opening(
    kind: str,
    gives: str,
    draws: Mapping[str, Draw],
    texts: tuple[str, ...],
    moves: tuple[Move, ...] = (),
    asks: tuple[str, ...] = (),
) -> Step:
    """Return a step that begins a story."""
    return Step(kind, "", gives, draws, texts, moves, asks)
