"""Presets: which parameters the models of a family take."""

import re
from pathlib import Path
from typing import Any

import pytest

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.teachers.endpoint.presets import PRESETS, fitted, preset_of

DEFAULTS = {"model": "m", "temperature": 0.0, "top_p": 1.0, "max_tokens": 1024, "seed": 1}


@pytest.mark.parametrize(
    ("model", "preset"),
    [
        ("gpt-4o-mini", "plain"),
        ("gpt-5-chat-latest", "plain"),
        ("gpt-5.2", "openai-reasoning"),
        ("o3", "openai-reasoning"),
        ("o4-mini-2025-04-16", "openai-reasoning"),
        ("openai/gpt-5-mini", "openai-reasoning"),
        ("olmo-2", "plain"),
        ("gpt-oss-120b", "gpt-oss"),
        ("openai/gpt-oss-20b", "gpt-oss"),
        ("deepseek-reasoner", "deepseek"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "deepseek"),
        ("Qwen/Qwen3-8B", "qwen3"),
        ("qwen-plus", "qwen3"),
        ("Qwen2.5-Math-7B", "plain"),
        ("claude-opus-4-6", "anthropic"),
        ("gemini-2.5-flash", "gemini"),
        ("mistral-small", "plain"),
    ],
)
def test_a_preset_is_chosen_by_the_models_name(model: str, preset: str) -> None:
    assert preset_of(model) == preset


def test_a_router_leaves_out_itself_what_a_model_refuses() -> None:
    assert preset_of("openai/o3", "https://openrouter.ai/api/v1") == "openrouter"


@pytest.mark.parametrize("preset", ["plain", "gpt-oss", "deepseek", "qwen3", "openrouter"])
def test_most_families_take_the_defaults_unchanged(preset: str) -> None:
    assert fitted(DEFAULTS, preset, "cot") == DEFAULTS


@pytest.mark.parametrize(
    ("preset", "sent"),
    [
        ("openai-reasoning", {"max_completion_tokens": 1024, "seed": 1}),
        ("anthropic", {"temperature": 0.0, "max_tokens": 1024}),
        ("gemini", {"temperature": 0.0, "top_p": 1.0, "max_tokens": 1024}),
    ],
)
def test_what_a_family_refuses_is_left_out_or_renamed(preset: str, sent: dict[str, Any]) -> None:
    assert fitted(DEFAULTS, preset, "cot") == {"model": "m", **sent}


@pytest.mark.parametrize(
    ("preset", "more"),
    [
        ("openai-reasoning", {"max_completion_tokens": 3072}),
        ("anthropic", {"max_tokens": 3072, "thinking": {"type": "enabled", "budget_tokens": 2048}}),
        ("qwen3", {"max_tokens": 3072, "thinking_budget": 2048}),
        ("openrouter", {"max_tokens": 3072, "reasoning": {"max_tokens": 2048}}),
        ("deepseek", {"max_tokens": 3072}),
        ("plain", {"max_tokens": 3072}),
    ],
)
def test_a_budget_for_thinking_is_set_as_the_family_sets_it_and_does_not_shorten_the_answer(
    preset: str, more: dict[str, Any]
) -> None:
    sent = fitted({**DEFAULTS, "thinking_tokens": 2048}, preset, "cot")
    assert "thinking_tokens" not in sent
    assert sent.items() >= more.items()


def test_geminis_budget_is_in_googles_own_part_of_the_body() -> None:
    sent = fitted({**DEFAULTS, "thinking_tokens": 2048}, "gemini", "cot")
    thinking = {"thinking_budget": 2048, "include_thoughts": True}
    assert sent["extra_body"] == {"google": {"thinking_config": thinking}}


def test_a_temperature_is_left_out_where_it_is_refused_beside_thinking() -> None:
    assert "temperature" not in fitted({**DEFAULTS, "thinking_tokens": 2048}, "anthropic", "cot")


def test_a_word_that_a_family_does_not_know_is_named_with_its_line() -> None:
    with pytest.raises(
        ThoughtmillError,
        match=r"generate\.sampling\.pot: `reasoning_effort: huge`: the preset gpt-oss of m knows low, medium",
    ):
        fitted({**DEFAULTS, "reasoning_effort": "huge"}, "gpt-oss", "pot")
    assert fitted({**DEFAULTS, "reasoning_effort": "huge"}, "plain", "pot")["reasoning_effort"] == "huge"


def test_the_table_has_the_families_of_the_documentation() -> None:
    assert set(PRESETS) >= {
        "openai-reasoning",
        "deepseek",
        "qwen3",
        "gpt-oss",
        "anthropic",
        "gemini",
        "plain",
    }


def test_the_page_of_providers_has_a_line_for_each_preset() -> None:
    page = (Path(__file__).parents[1] / "docs" / "providers.md").read_text()
    rows = [line.split("|") for line in page.splitlines() if re.match(r"\| `[\w-]+` \|", line)]
    assert sorted(row[1].strip(" `") for row in rows) == sorted(PRESETS)
    for _, name, _, omits, renames, *_ in rows:
        preset = PRESETS[name.strip(" `")]
        assert {*re.findall(r"`(\w+)`", omits)} <= preset.omits | preset.omits_with_budget
        assert {*re.findall(r"`(\w+)`", renames)} == {*preset.renames, *preset.renames.values()}
