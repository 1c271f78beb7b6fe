"""Read how many tokens an answer used, in the names of each provider. Pure."""

from collections.abc import Iterable
from typing import Any

from thoughtmill.factory.teachers.endpoint.lenient_json import count, mapping


def usage_of(envelope: dict[str, Any]) -> dict[str, Any]:
    """Return the usage of an envelope; Groq's streams and Moonshot's choices have it further inside."""
    choices = envelope.get("choices")
    inside = mapping(choices[0]).get("usage") if isinstance(choices, list) and choices else None
    groq = mapping(envelope.get("x_groq")).get("usage")
    return mapping(envelope.get("usage") or envelope.get("usageMetadata") or groq or inside)


def tokens(usage: dict[str, Any]) -> tuple[int | None, int | None, int | None]:
    """Return the tokens of the prompt, of its cached part and of the completion, as they are billed.

    Where the total is larger than prompt and completion together (Gemini, Grok), the rest is reasoning that
    is billed as completion. Anthropic counts cached tokens beside the prompt's.
    """
    prompt = _first(usage, "prompt_tokens", "input_tokens", "promptTokenCount")
    completion = _first(usage, "completion_tokens", "output_tokens", "candidatesTokenCount")
    details = mapping(usage.get("prompt_tokens_details") or usage.get("input_tokens_details"))
    cached = count(details.get("cached_tokens"))
    if cached is None:
        cached = _first(usage, "prompt_cache_hit_tokens", "cached_tokens", "cachedContentTokenCount")
    beside = count(usage.get("cache_read_input_tokens"))
    if prompt is not None and beside is not None and cached is None:
        cached, prompt = beside, prompt + beside + (count(usage.get("cache_creation_input_tokens")) or 0)
    total = _first(usage, "total_tokens", "totalTokenCount")
    if None not in {prompt, completion, total}:
        completion = max(completion or 0, (total or 0) - (prompt or 0))
    return prompt, cached, completion


def reasoning_tokens(usage: dict[str, Any]) -> int | None:
    """Return the tokens of the reasoning."""
    details = mapping(usage.get("completion_tokens_details") or usage.get("output_tokens_details"))
    found = count(details.get("reasoning_tokens"))
    return _first(usage, "reasoning_tokens", "thoughtsTokenCount") if found is None else found


def _first(usage: dict[str, Any], *names: str) -> int | None:
    """Return the first of these counts that is there."""
    counts: Iterable[int | None] = (count(usage.get(name)) for name in names)
    return next((each for each in counts if each is not None), None)
