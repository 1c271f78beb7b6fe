"""Sampling: which token a uniform number points at, and how rows join and leave."""

from random import Random

import pytest
import torch

from thoughtmill.train.answering import GenerationRequest
from thoughtmill.train.policies.plans import SampleRequest
from thoughtmill.train.writers.sampling import (
    ROOM,
    ActiveBatch,
    ActiveSample,
    PreallocatedLayer,
    empty_cache,
    joined,
    pick,
)

LOGITS = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()


def pointed(uniform: float, temperature: float = 1.0, top_k: int = 4, top_p: float = 1.0) -> int:
    heat, point = torch.tensor([temperature]), torch.tensor([uniform])
    return int(pick(LOGITS[None], heat, point, top_k=top_k, top_p=top_p))


@pytest.mark.parametrize(
    ("uniform", "token"), [(0.0, 0), (0.49, 0), (0.51, 1), (0.79, 1), (0.81, 2), (0.949, 2), (0.96, 3)]
)
def test_tokens_are_laid_end_to_end_by_their_probability(uniform: float, token: int) -> None:
    assert pointed(uniform) == token


def test_temperature_zero_takes_the_likeliest_whatever_the_number() -> None:
    assert {pointed(uniform, temperature=0.0) for uniform in (0.0, 0.5, 0.999999)} == {0}


def test_top_k_leaves_the_likeliest_and_the_rest_of_the_line_is_theirs() -> None:
    assert [pointed(uniform, top_k=2) for uniform in (0.62, 0.63, 0.999999)] == [0, 1, 1]


def test_top_p_leaves_the_fewest_that_hold_as_much() -> None:
    assert pointed(0.999999, top_p=0.5) == 0
    assert pointed(0.999999, top_p=0.51) == 1
    assert pointed(0.999999, top_p=0.9) == 2


def test_heat_flattens_and_cold_sharpens() -> None:
    assert pointed(0.6, temperature=0.1) == 0
    assert pointed(0.6, temperature=100.0) == 2


def test_each_row_has_its_own_heat_and_number() -> None:
    rows = pick(
        LOGITS.expand(3, -1), torch.tensor([0.0, 1.0, 1.0]), torch.tensor([0.9, 0.9, 0.1]), top_k=4, top_p=1.0
    )
    assert rows.tolist() == [0, 2, 0]


def test_over_many_numbers_the_shares_are_the_probabilities() -> None:
    drawn = Random("shares")
    uniforms = torch.tensor([drawn.random() for _ in range(20_000)])
    heat = torch.ones(20_000)
    counts = pick(LOGITS.expand(20_000, -1), heat, uniforms, top_k=4, top_p=1.0).bincount(minlength=4)
    assert torch.allclose(counts / 20_000, LOGITS.exp(), atol=0.01)


def rows(*widths: int) -> ActiveBatch:
    """Return rows that have read so many tokens; each key says its row and column."""
    width = max(widths)
    mask = torch.tensor([[0] * (width - each) + [1] * each for each in widths])
    cache = empty_cache(False)
    keys = (
        torch.arange(1, width + 1).expand(len(widths), -1) * mask
        + 100 * torch.arange(len(widths))[:, None] * mask
    )
    cache.update(keys[:, None, :, None].float(), keys[:, None, :, None].float(), 0)
    made = [
        ActiveSample(
            GenerationRequest(SampleRequest(f"p{at}", "ir", 1), "ir", "", None, 0.0, ""),
            [],
            "ir",
            9,
            Random(0),
        )
        for at in range(len(widths))
    ]
    return ActiveBatch(made, cache, mask)


def keys(held: ActiveBatch) -> list[list[float]]:
    return [row[0, :, 0].tolist() for row in held.cache.layers[0].keys]


def test_the_columns_that_only_the_dropped_filled_go_with_them() -> None:
    held = rows(4, 2, 3)
    held.choose([1, 2])
    assert [row.request.wanted.problem_id for row in held.rows] == ["p1", "p2"]
    assert held.mask_BT.tolist() == [[0, 1, 1], [1, 1, 1]]
    assert keys(held) == [[0, 103, 104], [202, 203, 204]]


def test_rows_that_join_are_padded_to_the_wider() -> None:
    held = rows(1)
    held.join(rows(3, 2))
    assert held.mask_BT.tolist() == [[0, 0, 1], [1, 1, 1], [0, 1, 1]]
    assert keys(held) == [[0, 0, 1], [1, 2, 3], [0, 102, 103]]
    assert len(held.rows) == 3


def test_joining_pads_on_the_left_along_the_given_side() -> None:
    one, other = torch.ones(1, 2, 1), torch.ones(2, 1, 1)
    assert joined(one, other, 1).squeeze(2).tolist() == [[1, 1], [0, 1], [0, 1]]


def test_rows_of_one_adapter_stand_together_and_the_ended_are_left_out() -> None:
    held = rows(1, 2, 2, 3)
    for row, adapter in zip(held.rows, ("kg", "ir", "kg", "ir"), strict=True):
        row.adapter = adapter
    held.rows[2].ended = True
    assert held.live() == [1, 3, 0]


def test_keys_and_values_grow_without_moving_and_hold_all_that_was_added() -> None:
    layer, added = PreallocatedLayer(), torch.randn(2, 3, ROOM + 9, 4)
    layer.update(added[:, :, :5], -added[:, :, :5])
    places = set()
    for at in range(5, ROOM + 9):
        keys, values = layer.update(added[:, :, at : at + 1], -added[:, :, at : at + 1])
        assert torch.equal(keys, added[:, :, : at + 1])
        assert torch.equal(values, -keys)
        places.add(keys.data_ptr())
    assert len(places) == 2
