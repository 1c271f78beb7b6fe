"""Costs, bounds and budgets."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.teachers.endpoint.money import (
    Budget,
    likely_tokens,
    longest_completion,
    most_prompt_tokens,
)
from thoughtmill.factory.teachers.endpoint.prices import Price

PRICES = {"tiny": Price(prompt=1.0, cached=0.25, completion=4.0)}
COUNT = st.integers(0, 10**7)


def messages(*texts: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text} for text in texts]


def test_a_million_tokens_of_each_kind_cost_their_price() -> None:
    assert PRICES["tiny"].cost_usd(10**6, 0, 0) == 1.0
    assert PRICES["tiny"].cost_usd(10**6, 10**6, 0) == 0.25
    assert PRICES["tiny"].cost_usd(0, 0, 10**6) == 4.0


def test_without_a_price_of_their_own_cached_tokens_cost_as_others() -> None:
    assert Price(prompt=1.0, completion=4.0).cost_usd(1000, 600, 0) == pytest.approx(0.001)


@pytest.mark.parametrize("usage", [(None, None, 5), (5, None, None), (None, None, None)])
def test_a_cost_without_usage_is_unknown(usage: tuple[Any, Any, Any]) -> None:
    assert PRICES["tiny"].cost_usd(*usage) is None


@given(prompt=COUNT, cached=COUNT, completion=COUNT)
def test_no_cost_is_above_that_of_a_prompt_without_cache(prompt: int, cached: int, completion: int) -> None:
    cost = PRICES["tiny"].cost_usd(prompt, cached, completion)
    most = PRICES["tiny"].cost_usd(prompt, 0, completion)
    assert cost is not None
    assert most is not None
    assert 0 <= cost <= most * (1 + 1e-12)


def test_a_price_below_zero_is_no_price() -> None:
    with pytest.raises(ValidationError):
        Price(prompt=-1, completion=1)


@given(st.lists(st.text(max_size=40), max_size=5))
def test_the_bound_of_a_prompt_is_above_one_token_per_byte(texts: list[str]) -> None:
    assert most_prompt_tokens(messages(*texts)) >= sum(len(text.encode()) for text in texts)
    assert likely_tokens(messages(*texts), {"max_tokens": 7}) <= most_prompt_tokens(messages(*texts)) + 8


def test_the_longest_completion_is_what_the_request_says() -> None:
    assert longest_completion({"max_tokens": 9}) == 9
    assert longest_completion({"max_completion_tokens": 8, "max_tokens": None}) == 8
    assert longest_completion({}) is None


def test_without_a_budget_nothing_is_held_and_everything_is_affordable() -> None:
    budget = Budget(None, {})
    assert budget.most_usd(messages("a"), {"model": "unpriced"}) == 0
    assert budget.affords(10**9)


def test_a_budget_with_an_unknown_price_refuses_to_start() -> None:
    with pytest.raises(ThoughtmillError, match="the price of `other` is unknown"):
        Budget(1.0, PRICES).most_usd(messages("a"), {"model": "other", "max_tokens": 5})


def test_a_budget_with_completions_of_any_length_refuses_to_start() -> None:
    with pytest.raises(ThoughtmillError, match="give `max_tokens`"):
        Budget(1.0, PRICES).most_usd(messages("a"), {"model": "tiny"})


def test_the_most_a_request_can_cost_is_prompt_and_longest_completion() -> None:
    most = Budget(1.0, PRICES).most_usd(messages("abcd"), {"model": "tiny", "max_tokens": 1000})
    assert most == pytest.approx((16 + len("user") + len("abcd") + 4 * 1000) / 1e6)


@given(
    max_usd=st.floats(0, 100),
    requests=st.lists(st.tuples(st.floats(0, 10), st.floats(0, 1), st.integers(0, 5)), max_size=100),
)
def test_a_budget_is_never_overspent_in_whatever_order_answers_come(
    max_usd: float, requests: list[tuple[float, float, int]]
) -> None:
    budget = Budget(max_usd, PRICES)
    held: list[tuple[float, float]] = []
    for most, share, settle in requests:
        if budget.affords(most):
            budget.hold(most)
            held.append((most, most * share))
        for _ in range(min(settle, len(held))):
            budget.settle(*held.pop(0))
    for each in held:
        budget.settle(*each)
    assert budget.spent_usd <= max_usd + 1e-9
    assert abs(budget.held_usd) < 1e-9


def test_what_is_held_back_cannot_be_held_twice() -> None:
    budget = Budget(1.0, PRICES)
    budget.hold(0.6)
    assert not budget.affords(0.5)
    budget.settle(0.6, 0.1)
    assert budget.affords(0.9)
    assert not budget.affords(0.91)
