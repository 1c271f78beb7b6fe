"""Flat passes: every example keeps its tokens, its places and what it is taught; padding teaches nothing."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from tests.test_learning import ENCODED, LENGTHS
from thoughtmill.train.training.batches import IGNORED
from thoughtmill.train.training.flat import LEAST, NARROWEST, SHAPES, TAUGHT, Layout, Part, Shape, passes
from thoughtmill.train.training.plan import TrainingPlan

LONGEST, PAD = max(LENGTHS), 7


def plan(encoded: list[tuple[list[int], list[int]]], steps: list[list[int]]) -> TrainingPlan:
    lengths = [len(prompt) + len(target) for prompt, target in encoded]
    return TrainingPlan(
        encoded, lengths, steps, packs=True, records={}, left_out=0, longest=max(lengths), context=99, sha=""
    )


ALONE = Layout([plan(ENCODED, [[0, 1, 2, 3]])], 8192)


def parts(layout: Layout, part: Part, shape: Shape) -> dict[str, list[int]]:
    """Return the parts of a flat pass by name."""
    whole, found = layout.flat(part, shape, PAD), {}
    for name, size in layout.sizes(shape).items():
        found[name], whole = whole[:size], whole[size:]
    assert not whole
    return found


def test_each_example_lies_in_a_span_of_its_own_and_its_places_begin_at_zero() -> None:
    found = parts(ALONE, [(0, [1, 0])], Shape(40, 16, 8))
    begin = 0
    for (prompt, target), end in zip([ENCODED[1], ENCODED[0]], found["ends"][1:], strict=False):
        assert found["ids"][begin:end] == prompt + target
        assert found["places"][begin:end] == list(range(end - begin))
        begin = end
    assert found["ids"][begin:] == [PAD] * (40 - begin)


def test_the_token_after_each_taught_position_is_the_one_that_is_taught_there() -> None:
    found = parts(ALONE, [(0, [0, 3, 2])], Shape(40, 16, 8))
    wanted = [token for one in (0, 3, 2) for token in ENCODED[one][1]]
    count = len(wanted)
    assert [found["ids"][at + 1] for at in found["taught"][:count]] == found["next"][:count] == wanted
    assert found["next"][count:] == [IGNORED] * (16 - count)


def test_padding_is_cut_into_spans_no_longer_than_an_example_and_spans_left_over_are_empty() -> None:
    sizes = [end - begin for begin, end in pairwise(parts(ALONE, [(0, [0, 1])], Shape(40, 16, 9))["ends"])]
    assert sum(sizes) == 40
    assert max(sizes) <= LONGEST
    assert sizes[-1] == 0


def test_passes_keep_the_order_and_the_limit_and_an_example_over_it_is_alone() -> None:
    cut = passes([5, 4, 30, 3, 9], [4, 0, 1, 2, 3], 14)
    assert cut == [[4, 0], [1], [2], [3]]


def many(longest: int) -> TrainingPlan:
    """Return a plan of 120 steps of one to seventeen examples."""
    encoded = [([1] * (1 + at % longest), [2] * (1 + at * 7 % 50)) for at in range(140)]
    return plan(encoded, [list(range(at, at + 1 + at % 17)) for at in range(120)])


@pytest.mark.parametrize("longest", [40, 4000])
@pytest.mark.parametrize("count", [1, 3])
def test_every_pass_of_plans_fits_one_of_few_shapes(longest: int, count: int) -> None:
    layout = Layout([many(longest) for _ in range(count)], 8192)
    steps = [{number: one.steps[at] for number, one in enumerate(layout.plans)} for at in range(120)]
    shapes = layout.shapes(steps)
    assert len(shapes) <= SHAPES
    for step in steps:
        for part in layout.passes(step):
            shape = layout.fitting(part, shapes)
            assert shape in shapes
            assert len(parts(layout, part, shape)["ids"]) == shape.tokens
            assert shape.tokens % LEAST == 0


def test_a_pass_that_no_shape_holds_gets_one_that_does() -> None:
    layout = Layout([plan(ENCODED, [[0], [0, 1, 2, 3]])], 8192)
    shapes = layout.shapes([{0: [0]}])
    [part] = layout.passes({0: [0, 1, 2, 3] * 9})
    shape = layout.fitting(part, shapes)
    assert shape not in shapes
    assert sorted(parts(layout, part, shape)["next"][: 9 * 13])[0] != IGNORED


def test_rows_of_several_adapters_are_of_one_width_and_hold_every_example_of_the_step_once() -> None:
    layout = Layout([many(40), plan(ENCODED, [[0, 1, 2, 3]]), many(60)], 2048)
    step = {0: list(range(100)), 1: [0, 1, 2, 3], 2: list(range(50))}
    cut = layout.passes(step)
    assert len(cut) > 1
    held: dict[int, list[int]] = {0: [], 1: [], 2: []}
    for part in cut:
        shape = layout.shape(part, layout.tokens(part))
        found = parts(layout, part, shape)
        assert shape.tokens == NARROWEST * len(found["rows"]) <= 2048
        assert found["rows"][: len(part)] == [adapter for adapter, _ in part]
        assert set(range(0, shape.tokens, NARROWEST)) <= set(found["ends"])
        for at, after, adapter in zip(found["taught"], found["next"], found["taught_by"], strict=True):
            if after != IGNORED:
                assert found["rows"][at // NARROWEST] == adapter
                assert found["ids"][at + 1] == after
        for adapter, examples in part:
            held[adapter] += examples
    assert {adapter: sorted(examples) for adapter, examples in held.items()} == step


def test_a_single_mixed_row_gets_one_of_padding_beside_it() -> None:
    layout = Layout([plan(ENCODED, [[0]])] * 2, 8192)
    [part] = layout.passes({1: [0]})
    shape = layout.shape(part, layout.tokens(part))
    assert (shape.tokens, shape.taught) == (2 * NARROWEST, TAUGHT)
    assert parts(layout, part, shape)["rows"] == [1, 0]


class Counted(list[int]):
    """A list that counts how often it is read through."""

    read = 0

    def __iter__(self) -> Iterator[int]:
        self.read += 1
        return super().__iter__()


def test_laying_out_a_pass_does_not_look_at_every_example_of_its_plan() -> None:
    one = many(40)
    lengths = Counted(one.lengths)
    layout = Layout([replace(one, lengths=lengths)] * 2, 2048)
    shapes = layout.shapes([{0: step, 1: step} for step in one.steps])
    for step in one.steps:
        for part in layout.passes({0: step, 1: step}):
            layout.flat(part, layout.fitting(part, shapes), PAD)
    assert lengths.read == 2
