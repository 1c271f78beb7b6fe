"""Presets: which parameters the models of a family take. Pure.

A preset is a line of `PRESETS`. It is chosen by the model's name, unless `generate.openai.preset` names one.
It leaves out parameters that the family refuses, renames others, checks values, and knows where a
budget for thinking is set. `plain` passes everything on.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from thoughtmill.factory.core.errors import ThoughtmillError

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh")
LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
Budget = Callable[[int], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Preset:
    """The parameters that the models of a family take.

    `models` is a pattern of their names. `omits` are parameters that they refuse, `omits_with_budget` those
    that they refuse beside a budget. `renames` gives their own names for ours, `values` the words that a
    parameter may have. `budget` returns the parameters that set a budget for thinking, in tokens.
    """

    models: str
    omits: frozenset[str] = frozenset()
    omits_with_budget: frozenset[str] = frozenset()
    renames: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    budget: Budget = lambda tokens: {}


def _gemini(tokens: int) -> Mapping[str, Any]:
    thinking = {"thinking_budget": tokens, "include_thoughts": True}
    return {"extra_body": {"google": {"thinking_config": thinking}}}


PRESETS: dict[str, Preset] = {
    "gpt-oss": Preset(r"gpt-oss", values={"reasoning_effort": ("low", "medium", "high")}),
    "openai-reasoning": Preset(
        r"(^|/)(o\d|gpt-[5-9](?!.*chat))",
        omits=frozenset({"temperature", "top_p", "presence_penalty", "frequency_penalty", "logit_bias"}),
        renames={"max_tokens": "max_completion_tokens"},
        values={"reasoning_effort": EFFORTS, "verbosity": ("low", "medium", "high")},
    ),
    "deepseek": Preset(r"deepseek"),
    "qwen3": Preset(r"qwen-?[3-9]|qwq|qwen-(plus|max|turbo|flash)", budget=lambda n: {"thinking_budget": n}),
    "anthropic": Preset(
        r"claude",
        omits=frozenset({"top_p", "seed"}),  # newer ones refuse top_p beside a temperature; seed is ignored
        omits_with_budget=frozenset({"temperature"}),
        budget=lambda tokens: {"thinking": {"type": "enabled", "budget_tokens": tokens}},
    ),
    "gemini": Preset(
        r"gemini",
        omits=frozenset({"seed"}),
        values={"reasoning_effort": EFFORTS[:5]},
        budget=_gemini,
    ),
    # A router itself leaves out parameters that a model refuses.
    "openrouter": Preset(r"(?!)", budget=lambda tokens: {"reasoning": {"max_tokens": tokens}}),
    "mistral": Preset(r"(?!)", renames={"seed": "random_seed"}),
    "plain": Preset(r""),
}
RESPONSES = {  # the names of the Responses API for those of chat completions
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "reasoning_effort": "reasoning",
    "response_format": "text",
}
NOT_IN_RESPONSES = frozenset({"seed", "stop", "presence_penalty", "frequency_penalty", "logit_bias"})
HOSTS = {"openrouter.ai": "openrouter", "api.mistral.ai": "mistral"}  # whatever the model


@lru_cache(maxsize=1024)
def preset_of(model: str, url: str = "") -> str:
    """Return the name of the preset for a model behind a URL.

    >>> preset_of("o4-mini"), preset_of("openai/gpt-oss-20b"), preset_of("gpt-4o")
    ('openai-reasoning', 'gpt-oss', 'plain')
    """
    by_host = [preset for host, preset in HOSTS.items() if host in url]
    found = (name for name, preset in PRESETS.items() if re.search(preset.models, model.lower()))
    return by_host[0] if by_host else next(found)


def fitted(parameters: Mapping[str, Any], name: str, thought: str) -> dict[str, Any]:
    """Return the parameters as the models of a preset take them.

    Tokens for thinking are added to the limit of the completion. A word that the family does not know raises
    a `ThoughtmillError`.

    >>> asked = {"model": "o3", "temperature": 0.2, "max_tokens": 64, "thinking_tokens": 100}
    >>> fitted(asked, "openai-reasoning", "cot")
    {'model': 'o3', 'max_completion_tokens': 164}
    """
    preset = PRESETS[name]
    thinking = parameters.get("thinking_tokens")
    omits = preset.omits | preset.omits_with_budget if thinking else preset.omits
    given = {preset.renames.get(key, key): value for key, value in parameters.items() if key not in omits}
    for key, known in preset.values.items():
        if isinstance(given.get(key), str) and given[key] not in known:
            raise ThoughtmillError(
                f"params.yaml: generate.sampling.{thought}: `{key}: {given[key]}`: the preset {name} of "
                f"{parameters['model']} knows {', '.join(known)}; another preset is chosen with `preset`"
            )
    if not thinking:
        return given
    del given["thinking_tokens"]
    longer = {key: given[key] + thinking for key in LIMITS if isinstance(given.get(key), int)}
    return {**preset.budget(thinking), **given, **longer}


def asked_as(sent: str, given: Iterable[str]) -> str:
    """Return which of the given parameters is sent under this name; the name itself if none is.

    >>> asked_as("max_output_tokens", ["seed", "max_tokens"]), asked_as("thinking", ["thinking_tokens"])
    ('max_tokens', 'thinking_tokens')
    """
    names = {sent, *(ours for ours, theirs in RESPONSES.items() if theirs == sent)}
    for preset in PRESETS.values():
        names |= {ours for ours, theirs in preset.renames.items() if theirs in names}
        if sent in preset.budget(1):
            names.add("thinking_tokens")
    return next((name for name in given if name in names), sent)


def for_responses(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a chat completion as the Responses API takes them; it is to store nothing.

    >>> for_responses({"model": "gpt-4o", "max_tokens": 64, "seed": 1})
    {'store': False, 'model': 'gpt-4o', 'max_output_tokens': 64}
    """
    given: dict[str, Any] = {"store": False}
    for name, value in parameters.items():
        if name == "reasoning_effort":
            given["reasoning"] = {"effort": value, "summary": "auto"}
        elif name == "response_format":
            schema = value.get("json_schema", {})
            given["text"] = {"format": {"type": value.get("type"), **schema}}
        elif name not in NOT_IN_RESPONSES:
            given[RESPONSES.get(name, name)] = value
    return given
