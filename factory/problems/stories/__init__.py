"""The embedded problem set: word problems that Thoughtmill writes itself, each with its worked solution.

A story is a template (what it is about), a composition (which steps it takes, in which order), words and
numbers. Each of the three test splits holds one of them back: numbers, compositions, templates. The two
splits for choosing between settings hold back other numbers and other compositions.
"""

from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from random import Random
from typing import NamedTuple

import pydantic

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.problems.stories.compositions import (
    Composition,
    compositions,
    held_out,
    split_of_held_out,
    split_of_numbers,
)
from thoughtmill.factory.problems.stories.parts import Template
from thoughtmill.factory.problems.stories.telling import (
    answer_of,
    draw_numbers,
    draw_words,
    write_problem,
    write_solution,
)
from thoughtmill.factory.problems.stories.templates import TEMPLATES

SPLIT_BY_NUMBERS = ("train", "validation", "test_numbers")
SPLITS = (*SPLIT_BY_NUMBERS, "validation_compositions", "test_compositions", "test_templates")
ATTEMPTS = 2000  # a tenth succeed in the smaller splits, so after so many failures no new text is left


class StoriesSettings(pydantic.BaseModel, extra="forbid", frozen=True):
    """The number of stories of each split, and the seed they depend on."""

    seed: int = 1
    train: int = pydantic.Field(default=2400, ge=0)
    validation: int = pydantic.Field(default=200, ge=0)
    validation_compositions: int = pydantic.Field(default=200, ge=0)
    test_numbers: int = pydantic.Field(default=200, ge=0)
    test_compositions: int = pydantic.Field(default=200, ge=0)
    test_templates: int = pydantic.Field(default=200, ge=0)


class Story(NamedTuple):
    """A problem with its answer (canonical exact text), its worked solution, its template and composition."""

    template: str
    composition: str
    problem: str
    answer: str
    solution: str


Choices = dict[Template, dict[int, list[Composition]]]
"""The compositions of each template that a split may use, by how many calculations they take."""


def tell(split: str, count: int, seed: int) -> Iterator[Story]:
    """Yield `count` stories of a split, no two with the same text, in flat memory.

    Story i depends on the seed, the split and i (and, where a text was told before, is drawn again), so that
    asking for more only adds stories. Templates take turns. An unknown split is a ThoughtmillError.

    >>> [story.template for story in tell("train", 2, seed=1)]
    ['marbles', 'stickers']
    """
    if split not in SPLITS:
        raise ThoughtmillError(f"the embedded set has no split {split!r}; it has {', '.join(SPLITS)}")
    choices = _choices(split)
    templates = list(choices)
    seen: set[bytes] = set()
    for index in range(count):
        template = templates[index % len(templates)]
        rng = Random(f"{seed}/{split}/{index}")
        for _ in range(ATTEMPTS):
            story = _try(split, template, choices[template], rng)
            if story and (digest := blake2b(story.problem.encode(), digest_size=8).digest()) not in seen:
                seen.add(digest)
                yield story
                break
        else:
            raise ThoughtmillError(f"story {template.name!r} has no further text for {split}: ask for fewer")


def _splits_of(template: Template, composition: str) -> tuple[str, ...]:
    """Return the splits that may tell a composition of a template."""
    if template.reserved:
        return ("test_templates",)
    if composition in held_out(tuple(template for template in TEMPLATES if not template.reserved)):
        return (split_of_held_out(composition),)
    return SPLIT_BY_NUMBERS


@cache
def _choices(split: str) -> Choices:
    choices: Choices = {}
    for template in TEMPLATES:
        for composition in compositions(template):
            if split in _splits_of(template, composition.name):
                choices.setdefault(template, {}).setdefault(composition.moves, []).append(composition)
    return choices


def _try(split: str, template: Template, choices: dict[int, list[Composition]], rng: Random) -> Story | None:
    """Draw a story; None where its numbers do not come out well or belong to another split.

    The number of calculations is drawn first: long compositions are many more than short ones.
    """
    composition = rng.choice(choices[rng.choice(list(choices))])
    numbers = draw_numbers(template, composition.steps, rng)
    if numbers is None:
        return None
    if split in SPLIT_BY_NUMBERS:
        belongs = split_of_numbers(template.name, composition.name, tuple(numbers.givens.values()))
        if belongs != split:
            return None
    words = draw_words(template, rng)
    problem = write_problem(template, composition.steps, words, numbers, rng)
    solution = write_solution(template, composition, words, numbers)
    return Story(template.name, composition.name, problem, answer_of(composition.steps, numbers), solution)
