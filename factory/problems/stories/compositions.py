"""Compositions: the ordered choices of steps a template allows, and which split they belong to."""

from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import blake2b
from typing import NamedTuple

from thoughtmill.factory.problems.stories.expressions import Number, show
from thoughtmill.factory.problems.stories.parts import Step, Template

MOST_MOVES = 4
HELD_OUT_OF_100 = 25
VALIDATION_OF_100 = 33
NUMBERS_OF_100 = {"validation": 10, "test_numbers": 10}


class Composition(NamedTuple):
    """A story's steps, the opening first; `name` joins their kinds."""

    name: str
    steps: tuple[Step, ...]
    moves: int


def _draw_of_100(text: str) -> int:
    """Return a number from 0 to 99 that depends on the text alone, on every machine."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) % 100


@cache
def held_out(templates: tuple[Template, ...]) -> frozenset[str]:
    """Return the names of the compositions that are for no split by numbers, in every template.

    They are a share of all, and one at least of each template, as far as training still has every step of
    every template in other compositions: new compositions of known steps. An opening alone never is held out.
    """
    of_template = {
        template: frozenset(composition.name for composition in compositions(template))
        for template in templates
    }
    names: set[str] = set()
    drawn = sorted(
        (_draw_of_100(f"composition {name}"), name)
        for name in frozenset().union(*of_template.values())
        if "+" in name
    )
    for draw, name in drawn:
        having = [known for known in of_template.values() if name in known]
        wanted = draw < HELD_OUT_OF_100 or any(names.isdisjoint(known) for known in having)
        if wanted and all(_kinds(known - names - {name}) == _kinds(known) for known in having):
            names.add(name)
    return frozenset(names)


def split_of_held_out(composition: str) -> str:
    """Return which split a held-out composition is for: a third is for choosing between settings."""
    chosen = _draw_of_100(f"validation {composition}") < VALIDATION_OF_100
    return "validation_compositions" if chosen else "test_compositions"


def _kinds(names: frozenset[str]) -> set[str]:
    """Return the kinds of steps that some compositions are made of."""
    return {kind for name in names for kind in name.split("+")}


def split_of_numbers(template: str, composition: str, numbers: Sequence[Number]) -> str:
    """Return which of train, validation and test_numbers a story with these numbers belongs to.

    It depends on nothing else, not even the seed: training data of one seed never holds the numbers that a
    test of another seed asks about.
    """
    drawn = _draw_of_100(f"numbers {template} {composition} {' '.join(map(show, numbers))}")
    for split, share in NUMBERS_OF_100.items():
        if drawn < share:
            return split
        drawn -= share
    return "train"


@cache
def compositions(template: Template) -> tuple[Composition, ...]:
    """Return all compositions of a template, short ones first, up to four calculations or two steps long."""
    found = _grow(template, (template.opening,))
    return tuple(sorted(found, key=lambda composition: (composition.moves, composition.name)))


def _grow(template: Template, steps: tuple[Step, ...]) -> Iterator[Composition]:
    moves = sum(len(step.moves) for step in steps)
    if moves > MOST_MOVES and len(steps) > 2:
        return
    if moves and steps[-1].asks:
        yield Composition("+".join(step.kind for step in steps), steps, moves)
    for step in template.pool:
        if step.takes == steps[-1].gives and all(step.kind != other.kind for other in steps):
            yield from _grow(template, (*steps, step))
