"""Sampling: which token a uniform number points at."""

from random import Random

import pytest
import torch

from thoughtmill.train.writers.sampling import pick

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
