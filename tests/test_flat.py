"""Flat passes: every example keeps its tokens, its places and what it is taught; padding teaches nothing."""

from itertools import pairwise

import pytest

from tests.test_learning import ENCODED, LENGTHS
from thoughtmill.train.training.batches import IGNORED
from thoughtmill.train.training.flat import LEAST, SHAPES, Shape, flat, passes, shapes_of
from thoughtmill.train.training.plan import TrainingPlan

LONGEST, PAD = max(LENGTHS), 7


def plan(encoded: list[tuple[list[int], list[int]]], steps: list[list[int]]) -> TrainingPlan:
    lengths = [len(prompt) + len(target) for prompt, target in encoded]
    return TrainingPlan(
        encoded, lengths, steps, packs=True, records={}, left_out=0, longest=max(lengths), context=99, sha=""
    )


def parts(whole: list[int], shape: Shape) -> list[list[int]]:
    """Cut a flat pass into its tokens, places, taught positions, what follows them, and ends of spans."""
    sizes = [shape.tokens, shape.tokens, shape.taught, shape.taught, shape.spans + 1]
    ends = [sum(sizes[: at + 1]) for at in range(len(sizes))]
    assert ends[-1] == len(whole)
    return [whole[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def test_each_example_lies_in_a_span_of_its_own_and_its_places_begin_at_zero() -> None:
    ids, places, _, _, ends = parts(flat(ENCODED, [1, 0], Shape(40, 16, 8), LONGEST, PAD), Shape(40, 16, 8))
    begin = 0
    for (prompt, target), end in zip([ENCODED[1], ENCODED[0]], ends[1:], strict=False):
        assert ids[begin:end] == prompt + target
        assert places[begin:end] == list(range(end - begin))
        begin = end
    assert ids[begin:] == [PAD] * (40 - begin)


def test_the_token_after_each_taught_position_is_the_one_that_is_taught_there() -> None:
    shape = Shape(40, 16, 8)
    ids, _, taught, following, _ = parts(flat(ENCODED, [0, 3, 2], shape, LONGEST, PAD), shape)
    wanted = [token for one in (0, 3, 2) for token in ENCODED[one][1]]
    assert [ids[at + 1] for at in taught[: len(wanted)]] == following[: len(wanted)] == wanted
    assert following[len(wanted) :] == [IGNORED] * (16 - len(wanted))


def test_padding_is_cut_into_spans_no_longer_than_an_example_and_spans_left_over_are_empty() -> None:
    shape = Shape(40, 16, 9)
    *_, ends = parts(flat(ENCODED, [0, 1], shape, LONGEST, PAD), shape)
    sizes = [end - begin for begin, end in pairwise(ends)]
    assert sum(sizes) == 40
    assert max(sizes) <= LONGEST
    assert sizes[-1] == 0


def test_passes_keep_the_order_and_the_limit_and_an_example_over_it_is_alone() -> None:
    cut = passes([5, 4, 30, 3, 9], [4, 0, 1, 2, 3], 14)
    assert cut == [[4, 0], [1], [2], [3]]


@pytest.mark.parametrize("longest", [40, 4000])
def test_every_pass_of_a_plan_fits_one_of_few_shapes(longest: int) -> None:
    encoded = [([1] * (1 + at % longest), [2] * (1 + at * 7 % 50)) for at in range(400)]
    found = plan(encoded, [list(range(at, at + 1 + at % 17)) for at in range(380)])
    shapes = shapes_of(found, 8192)
    assert len(shapes) <= SHAPES
    for step in found.steps:
        for part in passes(found.lengths, step, 8192):
            size = sum(found.lengths[one] for one in part)
            shape = shapes[min(tokens for tokens in shapes if tokens >= size)]
            whole = flat(encoded, part, shape, max(found.lengths), PAD)
            assert len(parts(whole, shape)[0]) == shape.tokens
            assert shape.tokens % LEAST == 0
