"""Estimates, against what runs then cost."""

from collections.abc import Mapping
from pathlib import Path
from statistics import fmean

import pyarrow.parquet as pq
import pytest

from tests.fake_endpoint import FakeEndpoint
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.endpoint.estimate import CostEstimate, estimates, likely_completion
from thoughtmill.factory.teachers.endpoint.prices import Price
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.openai import OpenAITeacher, estimate
from thoughtmill.factory.thoughts.prompts import load

THREE = ("cot", "pot", "eot")
PRICES = {"tiny": Price(prompt=1.0, completion=2.0)}


def ask(text: str, thought: str = "cot", **parameters: object) -> Request:
    return Request(
        {},
        thought,
        0,
        ({"role": "user", "content": text},),
        {"model": "tiny", "max_tokens": 100, **parameters},
    )


def plan(
    *requests: Request,
    prices: Mapping[str, Price] = PRICES,
    held: frozenset[str] = frozenset(),
    typical: Mapping[str, tuple[float, float]] = {},
) -> list[CostEstimate]:
    settings = EndpointSettings(base_url="http://here", model="tiny", prices=prices)
    return estimates(requests, settings, held.__contains__, lambda model: typical)


def test_without_history_prompts_are_reckoned_by_length_and_completions_at_their_longest() -> None:
    (cot,) = plan(ask("x" * 380))
    assert (cot.requests, cot.held, cot.prompt_tokens, cot.completion_tokens) == (1, 0, 125.0, 100)
    assert cot.cost_usd == pytest.approx((125 * 1.0 + 100 * 2.0) / 1e6)


def test_without_history_completions_are_half_as_long_again_as_the_examples_of_their_prompt() -> None:
    examples = [{"role": "assistant", "content": "x" * length} for length in (32, 96)]
    assert likely_completion(examples, 1024) == pytest.approx(1.5 * 64 / 3.2)
    assert likely_completion(examples, None) == pytest.approx(1.5 * 64 / 3.2)
    assert likely_completion(examples, 20) == 20


def test_the_guess_is_within_a_quarter_of_what_the_prompts_of_a_real_model_had() -> None:
    folder = Path(__file__).parents[1] / "examples" / "local-ledger"
    for path in folder.glob("*.parquet"):
        rows = pq.read_table(path, columns=["thought", "prompt_tokens"]).to_pylist()
    mean = {
        thought: fmean(row["prompt_tokens"] for row in rows if row["thought"] == thought) for thought in THREE
    }
    problem = {"problem": "A gardener plants 6 rows of 15 tulips. " * 4}
    for thought in THREE:
        messages = load(thought, Path(__file__).parents[1] / "data" / "exemplars.jsonl").messages(problem)
        (found,) = plan(Request({}, thought, 0, messages, {"model": "tiny", "max_tokens": 100}))
        assert found.prompt_tokens == pytest.approx(mean[thought], rel=0.25)


def test_the_most_it_can_cost_is_what_a_budget_would_hold_back() -> None:
    (cot,) = plan(ask("x" * 380))
    assert cot.most_usd == pytest.approx((400 * 1.0 + 100 * 2.0) / 1e6)


def test_history_is_believed_over_rules_of_thumb() -> None:
    (cot,) = plan(ask("x"), typical={"cot": (40.0, 7.0)})
    assert (cot.prompt_tokens, cot.completion_tokens) == (40.0, 7.0)


def test_thoughts_are_told_apart_and_keep_their_order() -> None:
    assert [(each.thought, each.requests) for each in plan(ask("a", "pot"), ask("a"), ask("b", "pot"))] == [
        ("pot", 2),
        ("cot", 1),
    ]


def test_a_repeated_request_costs_nothing() -> None:
    (cot,) = plan(ask("a"), ask("a"))
    assert (cot.requests, cot.held) == (2, 1)


def test_an_unknown_price_makes_an_unknown_cost_and_never_a_free_one() -> None:
    (cot,) = plan(ask("a"), prices={})
    assert (cot.cost_usd, cot.most_usd) == (None, None)


def test_completions_of_any_length_have_no_most() -> None:
    (cot,) = plan(ask("a", max_tokens=None), typical={"cot": (10.0, 5.0)})
    assert cot.most_usd is None
    assert cot.cost_usd == pytest.approx(20 / 1e6)


def test_an_estimate_asks_nothing_and_knows_what_the_ledger_holds(tmp_path: Path) -> None:
    with FakeEndpoint() as endpoint:
        settings = EndpointSettings(base_url=endpoint.url, transport="raw", prices=PRICES)
        teacher = OpenAITeacher(settings, tmp_path / "ledger.sqlite")
        bought = list(teacher.complete([ask("a"), ask("b")]))
        (cot,) = estimate(settings, map(ask, "abcd"), tmp_path / "ledger.sqlite")
        assert endpoint.asked == {"a": 1, "b": 1}
        then = list(teacher.complete([ask("c"), ask("d")]))
    assert len(bought) == cot.held == 2
    assert (cot.prompt_tokens, cot.completion_tokens) == (20.0, 10.0)
    assert cot.cost_usd == pytest.approx(sum(PRICES["tiny"].cost_usd(10, 0, 5) or 0 for _ in then))
