"""Prices: given, or from the kept list."""

import pytest

from thoughtmill.factory.teachers.endpoint.money import Budget
from thoughtmill.factory.teachers.endpoint.prices import Price, listed, price_of

OPENAI = "https://api.openai.com/v1"


@pytest.mark.parametrize(
    ("model", "url"),
    [
        ("gpt-4o-mini", OPENAI),
        ("o4-mini", OPENAI),
        ("gpt-4o-mini", "https://us.openai.azure.com/openai/deployments/mini"),
        ("claude-opus-4-6", "https://api.anthropic.com/v1"),
        ("gemini-2.5-flash", "https://generativelanguage.googleapis.com/v1beta/openai"),
        ("openai/o3", "https://openrouter.ai/api/v1"),
        ("deepseek-reasoner", "https://api.deepseek.com"),
        ("mistral-small-latest", "https://api.mistral.ai/v1"),
        ("openai/gpt-oss-20b", "https://api.groq.com/openai/v1"),
    ],
)
def test_models_of_paid_providers_are_listed_with_cheaper_cached_tokens(model: str, url: str) -> None:
    price = listed(model, url)
    assert price is not None
    assert 0 < price.prompt < price.completion
    assert price.cached is not None
    assert price.cached < price.prompt


@pytest.mark.parametrize(
    ("model", "url"),
    [
        ("gpt-4o-mini", "http://localhost:8000/v1"),
        ("a model of ours", OPENAI),
        ("gpt-4o-mini", "https://gateway.example.com"),
        ("gpt-4o-mini", ""),
    ],
)
def test_what_is_not_listed_has_no_price(model: str, url: str) -> None:
    assert listed(model, url) is None


def test_a_tier_of_service_has_its_own_price() -> None:
    flex, usual = (price_of({"model": "o3", **tier}, {}, OPENAI) for tier in ({"service_tier": "flex"}, {}))
    assert flex is not None
    assert usual is not None
    assert flex.prompt == usual.prompt / 2


def test_a_price_that_is_given_goes_before_the_list() -> None:
    given = {"gpt-4o-mini": Price(prompt=1, completion=2)}
    assert price_of({"model": "gpt-4o-mini"}, given, OPENAI) == given["gpt-4o-mini"]


def test_a_budget_needs_no_price_for_a_listed_model() -> None:
    budget = Budget(5.0, {}, url=OPENAI)
    assert budget.most_usd([], {"model": "gpt-4o-mini", "max_tokens": 1000}) == pytest.approx(0.0006, rel=0.5)
