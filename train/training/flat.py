"""Flat passes: the examples of a pass in one row, padded to one of few shapes; pure functions all."""

from collections.abc import Sequence
from dataclasses import dataclass

from thoughtmill.train.training.batches import IGNORED, Tokens
from thoughtmill.train.training.plan import TrainingPlan

SHAPES, LEAST, TAUGHT = 12, 256, 64
"""The most lengths of passes; the least multiple of their tokens, and that of their taught positions."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a pass: its tokens, the positions that are taught, the spans that attend by themselves."""

    tokens: int
    taught: int
    spans: int


def passes(lengths: Sequence[int], chosen: Sequence[int], pass_tokens: int) -> list[list[int]]:
    """Cut the examples of a step, in order, into passes of at most `pass_tokens` tokens where they fit.

    >>> passes([5, 4, 3, 9], [0, 1, 2, 3], 9)
    [[0, 1], [2], [3]]
    """
    cut: list[list[int]] = [[]]
    for one in chosen:
        if cut[-1] and sum(lengths[other] for other in cut[-1]) + lengths[one] > pass_tokens:
            cut.append([])
        cut[-1].append(one)
    return cut


def shapes_of(plan: TrainingPlan, pass_tokens: int) -> dict[int, Shape]:
    """Return the shapes that fit every pass of a plan, by their tokens: at most `SHAPES`."""
    cut = [part for step in plan.steps for part in passes(plan.lengths, step, pass_tokens)]
    sizes = [sum(plan.lengths[one] for one in part) for part in cut]
    unit, longest = LEAST, max(plan.lengths)
    while len({-(-size // unit) for size in sizes}) > SHAPES:
        unit *= 2
    found: dict[int, Shape] = {}
    for part, size in zip(cut, sizes, strict=True):
        tokens = -(-size // unit) * unit
        taught = -(-sum(len(plan.encoded[one][1]) for one in part) // TAUGHT) * TAUGHT
        spans = len(part) + -(-(tokens - size) // longest)
        before = found.get(tokens, Shape(tokens, 0, 0))
        found[tokens] = Shape(tokens, max(taught, before.taught), max(spans, before.spans))
    return found


def flat(encoded: Sequence[Tokens], part: Sequence[int], shape: Shape, longest: int, pad: int) -> list[int]:
    """Return a pass as one list: tokens, places, taught positions, what follows each, ends of the spans.

    The tokens that fill it up are spans too, and spans that are left over are empty; nothing of either is
    taught.
    """
    ids: list[int] = []
    places: list[int] = []
    taught: list[int] = []
    following: list[int] = []
    ends = [0]
    for prompt, target in (encoded[one] for one in part):
        first = len(ids) + len(prompt) - 1
        ids += prompt + target
        places += range(len(prompt) + len(target))
        taught += range(first, first + len(target))
        following += target
        ends.append(len(ids))
    while ends[-1] < shape.tokens:
        more = min(longest, shape.tokens - ends[-1])
        places += range(more)
        ends.append(ends[-1] + more)
    ids += [pad] * (shape.tokens - len(ids))
    left = shape.taught - len(taught)
    taught, following = taught + [0] * left, following + [IGNORED] * left
    return [*ids, *places, *taught, *following, *ends, *[shape.tokens] * (shape.spans + 1 - len(ends))]
