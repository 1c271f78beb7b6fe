"""Providers on loopback, each with its own path, key, errors and shape of answers.

A provider is a line of `PROVIDERS`. It answers a prompt with 42, refuses the prompt `too long` and, where it
moderates, the prompt `forbidden`, in its own words. It refuses parameters as the real one does.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.loopback import LoopbackServer

KEY = "sk-the-right-key-0123456789"
Answer = tuple[int, Any]  # the status; a JSON value, or a body as text


def openai_error(status: int, message: str, **more: Any) -> Answer:
    return status, {"error": {"message": message, "type": "invalid_request_error", "param": None, **more}}


def flat_error(status: int, message: str) -> Answer:
    return status, {"object": "error", "message": message, "type": "BadRequestError", "code": status}


def chat(message: Mapping[str, Any], finish_reason: str = "stop", **usage: Any) -> Answer:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish_reason}
    counts = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, **usage}
    return 200, {"object": "chat.completion", "model": "served", "choices": [choice], "usage": counts}


def responses(body: Mapping[str, Any]) -> Answer:
    thinks = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "6 * 7"}]}
    says = {"type": "message", "content": [{"type": "output_text", "text": "42", "annotations": []}]}
    usage = {"input_tokens": 10, "output_tokens": 5, "output_tokens_details": {"reasoning_tokens": 3}}
    whole = {"object": "response", "model": "served", "status": "completed", "usage": usage}
    return 200, {**whole, "output": [thinks, says]}


def streamed(body: Mapping[str, Any]) -> Answer:
    deltas = [{"role": "assistant"}, {"reasoning_content": "6 *"}, {"reasoning_content": " 7"}]
    deltas += [{"content": "4"}, {"content": "2"}]
    chunks: list[Any] = [{"model": "served", "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    if body.get("stream_options"):
        chunks.append({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}})
    events = [": keep-alive", *(f"data: {json.dumps(chunk)}" for chunk in chunks), "data: [DONE]"]
    return 200, "\n\n".join(events) + "\n\n"


def refuse(*names: str, error: Callable[[str], Answer]) -> Callable[[Mapping[str, Any]], Answer | None]:
    """Refuse each of these parameters."""
    return lambda body: next((error(name) for name in names if name in body), None)


def _anthropic(body: Mapping[str, Any]) -> Answer | None:
    if {"temperature", "top_p"} <= body.keys():
        return openai_error(400, "`temperature` and `top_p` cannot both be specified for this model.")
    return None


def _openrouter(body: Mapping[str, Any]) -> Answer | None:
    routed = body.get("provider") == {"order": ["together"]}
    return None if routed else openai_error(404, "No endpoints found that match your data policy.")


def _qwen(body: Mapping[str, Any]) -> Answer | None:
    message = "parameter.enable_thinking must be set to false for non-streaming calls"
    return None if body.get("stream") else openai_error(400, message, code="invalid_parameter_error")


def _only(*names: str) -> Callable[[Mapping[str, Any]], Answer | None]:
    """Refuse whatever is not in a list, as pydantic does."""

    def refusal(body: Mapping[str, Any]) -> Answer | None:
        extra = [name for name in body if name not in names]
        detail = [{"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra"} for name in extra]
        return (422, {"object": "error", "message": {"detail": detail}}) if extra else None

    return refusal


@dataclass(frozen=True)
class Provider:
    """One provider: where it is asked, what it refuses, and how it answers."""

    path: str
    too_long: Answer
    answer: Callable[[Mapping[str, Any]], Answer]
    model: str = "served"
    settings: Mapping[str, Any] = field(default_factory=dict)
    sampling: Mapping[str, Any] = field(default_factory=dict)
    moderated: Answer | None = None
    refuses: Callable[[Mapping[str, Any]], Answer | None] = lambda body: None
    wrong_key: Answer | None = None
    key_header: tuple[str, str] = ("Authorization", f"Bearer {KEY}")
    reasoning: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)


THINKS = {"content": "42", "reasoning_content": "6 * 7"}
REASONS = {"content": "42", "reasoning": "6 * 7"}
THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": "6 * 7"}]}
PARTS = [THOUGHT, {"type": "text", "text": "42"}]
CALLS = [{"id": "1", "type": "function", "function": {"name": "json_tool_call", "arguments": "42"}}]
BLOCKS = [{"type": "thinking", "thinking": "6 * 7", "signature": "c2ln"}]
CONTEXT = "This model's maximum context length is 8 tokens. However, you requested 9 tokens."
WRONG = openai_error(401, "Incorrect API key provided", code="invalid_api_key")
GEMINI_KEY = 400, [{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}]
MISTRALS = ("model", "messages", "temperature", "top_p", "max_tokens", "random_seed", "stream", "stop")

PROVIDERS: dict[str, Provider] = {
    "OpenAI": Provider(
        "/v1/chat/completions",
        openai_error(400, CONTEXT, code="context_length_exceeded", param="messages"),
        lambda body: chat({"content": "42", "refusal": None}),
        model="gpt-4o-mini",
        moderated=openai_error(400, "Invalid prompt: your prompt was flagged", code="invalid_prompt"),
        wrong_key=WRONG,
    ),
    "OpenAI, reasoning": Provider(
        "/v1/chat/completions",
        openai_error(400, "Your input exceeds the context window of this model."),
        lambda body: chat({"content": "42"}, completion_tokens_details={"reasoning_tokens": 3}),
        model="o4-mini",
        sampling={"reasoning_effort": "low", "service_tier": "flex"},
        refuses=refuse(
            "max_tokens",
            "temperature",
            "top_p",
            error=lambda name: openai_error(400, f"Unsupported parameter: '{name}'", param=name),
        ),
        wrong_key=WRONG,
    ),
    "OpenAI, responses": Provider(
        "/v1/responses",
        openai_error(400, "Your input exceeds the context window of this model."),
        responses,
        model="gpt-5-mini",
        settings={"api": "responses"},
        sampling={"reasoning_effort": "low"},
        refuses=refuse(
            "messages",
            "max_tokens",
            "max_completion_tokens",
            "seed",
            "reasoning_effort",
            error=lambda name: openai_error(400, f"Unknown parameter: '{name}'.", param=name),
        ),
        wrong_key=WRONG,
        reasoning="6 * 7",
    ),
    "Azure": Provider(
        "/openai/deployments/mini/chat/completions",
        openai_error(400, CONTEXT, code="context_length_exceeded"),
        lambda body: chat({"content": "42"}),
        settings={"api_version": "2024-10-21"},
        moderated=openai_error(
            400,
            "The prompt is triggering Azure OpenAI's content management policy.",
            code="content_filter",
            innererror={"code": "ResponsibleAIPolicyViolation"},
        ),
        wrong_key=(401, {"error": {"code": "401", "message": "Access denied due to invalid key"}}),
        key_header=("api-key", KEY),
        query={"api-version": "2024-10-21"},
    ),
    "Anthropic": Provider(
        "/v1/chat/completions",
        openai_error(400, "prompt is too long: 9 tokens > 8 maximum", code="invalid_request_error"),
        lambda body: chat({"content": "42"}, "stop"),
        model="claude-opus-4-6",
        refuses=_anthropic,
        wrong_key=openai_error(401, "invalid x-api-key", code="authentication_error"),
    ),
    "Gemini": Provider(
        "/v1beta/openai/chat/completions",
        (
            400,
            [
                {
                    "error": {
                        "code": 400,
                        "message": "exceeds the maximum number of tokens",
                    }
                }
            ],
        ),
        lambda body: chat({"content": "42"}, total_tokens=18),
        model="gemini-2.5-flash",
        refuses=refuse(
            "seed",
            error=lambda name: (
                400,
                [{"error": {"code": 400, "message": f'Unknown name "{name}": Cannot find field.'}}],
            ),
        ),
        wrong_key=GEMINI_KEY,
    ),
    "OpenRouter": Provider(
        "/api/v1/chat/completions",
        (200, {"error": {"message": f"This endpoint's {CONTEXT[13:]}", "code": 400}}),
        lambda body: (200, "\n         \n" + json.dumps(chat({**REASONS, "refusal": None})[1])),
        settings={"preset": "openrouter"},
        sampling={"extra_body": {"provider": {"order": ["together"]}}},
        moderated=(403, {"error": {"code": 403, "message": "served requires moderation on OpenAI."}}),
        refuses=_openrouter,
        wrong_key=(401, {"error": {"code": 401, "message": "No auth credentials found"}}),
        reasoning="6 * 7",
    ),
    "DeepSeek": Provider(
        "/chat/completions",
        openai_error(400, CONTEXT),
        lambda body: chat(THINKS, prompt_cache_hit_tokens=8),
        model="deepseek-reasoner",
        moderated=openai_error(400, "Content Exists Risk"),
        wrong_key=openai_error(401, "Authentication Fails (no such user)"),
        reasoning="6 * 7",
    ),
    "Mistral": Provider(
        "/v1/chat/completions",
        (400, {"object": "error", "message": "Prompt contains 9 tokens, too large for model with 8 maximum"}),
        lambda body: chat({"content": PARTS}),
        settings={"preset": "mistral"},
        refuses=_only(*MISTRALS),
        wrong_key=(401, {"detail": "Unauthorized"}),
        reasoning="6 * 7",
    ),
    "Together": Provider(
        "/v1/chat/completions",
        openai_error(422, "`inputs` tokens + `max_new_tokens` must be <= 8. Given: 9"),
        lambda body: chat({"content": "42", "tool_calls": []}, "eos"),
        wrong_key=openai_error(401, "Invalid API key provided."),
    ),
    "Groq": Provider(
        "/openai/v1/chat/completions",
        openai_error(413, "Request too large for model", code="request_too_large"),
        lambda body: chat(REASONS),
        model="openai/gpt-oss-20b",
        refuses=refuse("logprobs", error=lambda name: openai_error(400, f"property '{name}' is unsupported")),
        wrong_key=openai_error(401, "Invalid API Key", code="invalid_api_key"),
        reasoning="6 * 7",
    ),
    "Qwen": Provider(
        "/compatible-mode/v1/chat/completions",
        openai_error(400, "Range of input length should be [1, 8]", code="context_length_exceeded"),
        streamed,
        model="qwen3-8b",
        sampling={"enable_thinking": True},
        moderated=openai_error(
            400, "Input data may contain inappropriate content.", code="data_inspection_failed"
        ),
        refuses=_qwen,
        wrong_key=WRONG,
        reasoning="6 * 7",
    ),
    "LiteLLM": Provider(
        "/v1/chat/completions",
        openai_error(400, "litellm.ContextWindowExceededError: litellm.BadRequestError: no", code="400"),
        lambda body: chat({"content": None, "tool_calls": CALLS, "thinking_blocks": BLOCKS}, "tool_calls"),
        model="claude-on-bedrock",
        settings={"preset": "anthropic"},
        moderated=openai_error(400, "litellm.ContentPolicyViolationError: no", code="400"),
        wrong_key=openai_error(401, "Authentication Error, Invalid proxy server token", type="auth_error"),
        reasoning="6 * 7",
    ),
    "vLLM": Provider(
        "/v1/chat/completions",
        flat_error(400, "max_tokens must be at least 1, got -12."),
        lambda body: chat(THINKS),
        wrong_key=(401, {"error": "Unauthorized"}),
        reasoning="6 * 7",
    ),
    "SGLang": Provider(
        "/v1/chat/completions",
        flat_error(400, "The input (9 tokens) is longer than the model's context length (8 tokens)."),
        lambda body: chat(THINKS),
        wrong_key=(401, {"error": "Unauthorized"}),
        reasoning="6 * 7",
    ),
    "llama.cpp": Provider(
        "/v1/chat/completions",
        openai_error(400, "the request exceeds the available context size", type="exceed_context_size_error"),
        lambda body: chat(THINKS),
        wrong_key=openai_error(401, "Invalid API Key", code=401, type="authentication_error"),
        reasoning="6 * 7",
    ),
    "Ollama": Provider(
        "/v1/chat/completions",
        openai_error(400, "the input exceeds the context length: exceeds the available context size"),
        lambda body: chat(REASONS),
        reasoning="6 * 7",
    ),
    "LM Studio": Provider(
        "/v1/chat/completions",
        (400, {"error": "The number of tokens to keep from the prompt is greater than the context length"}),
        lambda body: chat(THINKS),
        reasoning="6 * 7",
    ),
    "transformers serve": Provider(
        "/v1/chat/completions",
        (413, {"detail": "too long"}),
        streamed,
        reasoning="6 * 7",
    ),
}


class FakeProvider(LoopbackServer):
    """A server that behaves like a provider, in a thread of its own; `url` is its base URL."""

    def __init__(self, provider: Provider) -> None:
        super().__init__()
        self.provider = provider
        self.bodies: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        """The base URL of the provider's API."""
        return self.host + self.provider.path.removesuffix("/chat/completions").removesuffix("/responses")

    def routes(self) -> list[web.RouteDef]:
        """Return a route for every path."""
        return [web.route("*", "/{path:.*}", self._answer)]

    async def _answer(self, request: web.Request) -> web.Response:
        status, said = self._said(request, await request.json())
        if isinstance(said, str):
            kind = "text/event-stream" if said.startswith(":") else "application/json"
            return web.Response(status=status, text=said, content_type=kind)
        return web.json_response(said, status=status)

    def _said(self, request: web.Request, body: dict[str, Any]) -> Answer:
        provider = self.provider
        header, key = provider.key_header
        if request.path != provider.path or dict(request.query) != dict(provider.query):
            return 404, {"detail": "Not Found"}
        if provider.wrong_key and request.headers.get(header) != key:
            return provider.wrong_key
        if body["model"] != provider.model:
            return openai_error(404, f"The model `{body['model']}` does not exist", code="model_not_found")
        self.bodies.append(body)
        if (refusal := provider.refuses(body)) is not None:
            return refusal
        prompt = body["input" if "input" in body else "messages"][-1]["content"]
        if prompt == "too long":
            return provider.too_long
        if prompt == "forbidden" and provider.moderated:
            return provider.moderated
        return provider.answer(body)
