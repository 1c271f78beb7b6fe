"""The growth `bags`: the same problem about boxes."""

from collections.abc import Iterator
from random import Random

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.growths import Barren, Child, Parent
from thoughtmill.factory.solvers.solvers import Solvers


def grow(parent: Parent, count: int, random: Random, solvers: Solvers) -> Iterator[Child | Barren]:
    """Yield the problem about boxes with the parent's verified expression, or say why not."""
    record = parent.first("expression")
    if record is None:
        yield Barren("it has no verified expression")
        return
    text = parent.problem["problem"].replace("bags", "boxes")
    answer = Answer(parent.problem["answer"], parent.problem["answer_kind"])
    yield Child({"expression": record["rationale"]}, text, answer)
