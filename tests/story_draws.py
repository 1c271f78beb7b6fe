"""Draws of every composition of the embedded stories, made once for all tests of a process."""

from collections.abc import Callable, Iterator
from itertools import islice
from random import Random
from typing import Generic, TypeVar

from thoughtmill.factory.problems.stories.compositions import Composition, compositions
from thoughtmill.factory.problems.stories.parts import Template
from thoughtmill.factory.problems.stories.telling import Numbers, draw_numbers

Drawn = TypeVar("Drawn")


class StoryDraws(Generic[Drawn]):
    """What `tell` makes of a template, a composition, numbers that fit and a random generator."""

    def __init__(self, tell: Callable[[Template, Composition, Numbers, Random], Drawn]) -> None:
        self.tell = tell
        self.drawn: dict[str, tuple[list[Drawn], Iterator[Drawn]]] = {}  # so far, and the further ones

    def of(self, template: Template, draws: int) -> list[Drawn]:
        """Return this many draws of each composition of a template: the same ones each time."""
        found = []
        for composition in compositions(template):
            before, further = self.drawn.setdefault(composition.name, ([], self._each(template, composition)))
            before += islice(further, max(0, draws - len(before)))
            found += before[:draws]
        return found

    def _each(self, template: Template, composition: Composition) -> Iterator[Drawn]:
        rng = Random(composition.name)
        while True:
            numbers = None
            while numbers is None:
                numbers = draw_numbers(template, composition.steps, rng)
            yield self.tell(template, composition, numbers, rng)
