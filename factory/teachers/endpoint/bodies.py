"""Read the body of an answer: its text, reasoning and usage, in every shape that endpoints send. Pure.

There are four shapes: chat completions, the Responses API, Anthropic's messages and Gemini's candidates; the
last two come from their providers' batches. Content is a text or a list of parts, reasoning is in one of
several fields, or in a part. No request offers tools, so the arguments of a tool call are the answer: some
gateways have models write JSON that way.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from thoughtmill.factory.teachers import FINISHES, end_of, failure_of
from thoughtmill.factory.teachers.endpoint.lenient_json import (
    load_body,
    mapping,
    one_line,
    readable,
    text,
)
from thoughtmill.factory.teachers.endpoint.usage import reasoning_tokens, tokens, usage_of

BROKEN = frozenset("error abort aborted cancelled failed insufficient_system_resource network_error".split())
REASONING_FIELDS = (
    *("reasoning_content", "reasoning", "reasoning_details", "thinking", "thinking_blocks"),
    *("reasoning_text", "thinking_content"),
)
WRAPPERS = ("data", "result", "response", "body", "output")  # of gateways, around an answer
ANSWERS = ("choices", "candidates", "output")
REASONING_PARTS = frozenset({"thinking", "reasoning", "reasoning_text", "summary_text", "reasoning.text"})
INSIDE = (  # a part's text; the last two are Bedrock's
    *("text", "thinking", "reasoning", "summary", "content", "value", "parts"),
    *("reasoningContent", "reasoningText"),
)
CALLS = ("arguments", "input")  # of a tool


@dataclass(frozen=True, slots=True)
class ParsedCompletion:
    """A completion with its usage; `failure`, of `schemas.fields.FAILURES`, is set when it cannot be used.

    `reasoning` is the thinking that the endpoint returned apart from the text. `completion_tokens` include
    `reasoning_tokens`.
    """

    model: str
    text: str | None
    finish_reason: str | None
    failure: str | None
    detail: str | None
    prompt_tokens: int | None
    cached_tokens: int | None
    completion_tokens: int | None
    reasoning: str | None = None
    reasoning_tokens: int | None = None

    @property
    def usage(self) -> tuple[int | None, int | None, int | None]:
        """Tokens: of the prompt, of its cached part, of the completion."""
        return self.prompt_tokens, self.cached_tokens, self.completion_tokens


@dataclass(slots=True)
class _Answer:
    """What a message holds, in pieces; `seen` says whether it holds any content at all."""

    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    finish_reason: str | None = None
    seen: bool = False

    def read(self, value: Any, thought: bool = False) -> None:
        """Take in a content: a text, a part, or a list of them."""
        if isinstance(value, str):
            self.seen = self.seen or not thought
            (self.thoughts if thought else self.texts).append(value)
        elif isinstance(value, list):
            for part in value:
                self.read(part, thought)
        elif isinstance(value, dict):
            kind = text(value.get("type"))
            if kind == "refusal":
                self.refusals.append(text(value.get("refusal")) or "")
                return
            thought = thought or kind in REASONING_PARTS or value.get("thought") is True
            thought = thought or "reasoningContent" in value
            if kind or any(name in value for name in INSIDE):
                self.read(next((value[name] for name in INSIDE if value.get(name)), None), thought)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            self.read(str(value), thought)

    def read_calls(self, *calls: Any) -> None:
        """Take in the arguments of tool calls, if there is no text."""
        if any(words.strip() for words in self.texts):
            return
        for call in map(mapping, calls):
            function = mapping(call.get("function")) or call
            arguments = next((function[name] for name in CALLS if function.get(name)), None)
            self.read(orjson.dumps(arguments).decode() if isinstance(arguments, dict) else arguments)


def parse_body(body: bytes) -> ParsedCompletion | str:
    """Parse the body of an answer, or return why that is impossible."""
    try:
        envelope = _unwrapped(load_body(body))
    except ValueError:
        return f"the answer's body is not JSON: {readable(body) or 'it is empty'}"
    if envelope.get("error") and envelope.get("choices"):
        return f"the answer broke off: {one_line(orjson.dumps(envelope['error']))}"
    answer = _answer(envelope, body)
    if isinstance(answer, str):
        return answer
    finish_reason, words = answer.finish_reason, "".join(answer.texts) if answer.seen else None
    if end_of(finish_reason) in BROKEN:
        return f"the answer broke off: {one_line(orjson.dumps(words))}"
    refusal = "".join(answer.refusals)
    reasoning = "\n\n".join(filter(None, answer.thoughts)) or None
    failure, detail = ("refused", refusal) if refusal else failure_of(words, finish_reason, reasoning)
    usage = usage_of(envelope)
    return ParsedCompletion(
        text(envelope.get("model") or envelope.get("modelVersion")) or "",
        words,
        finish_reason,
        failure,
        detail,
        *tokens(usage),
        reasoning=reasoning,
        reasoning_tokens=reasoning_tokens(usage),
    )


def _unwrapped(found: Any, deep: int = 2) -> dict[str, Any]:
    """Return the envelope of an answer, out of what gateways put around it: `{"code": 200, "data": ...}`."""
    envelope = mapping(found[0] if isinstance(found, list) and len(found) == 1 else found)
    codes = (envelope.get(name) for name in ("code", "status", "statusCode", "status_code"))
    if envelope.get("error") or any(type(code) is int and 400 <= code < 600 for code in codes):
        return envelope
    if deep and not any(isinstance(envelope.get(name), list) for name in (*ANSWERS, "content")):
        for name in WRAPPERS:
            inner = envelope.get(name)
            if isinstance(inner, str) and inner.lstrip().startswith("{"):
                inner = load_body(inner.encode())
            inside = _unwrapped(inner, deep - 1)
            if any(inside.get(kind) for kind in ANSWERS):
                outer = {name: envelope[name] for name in ("model", "usage") if envelope.get(name)}
                return outer | {name: value for name, value in inside.items() if value is not None}
    return envelope


def _of_failed(error: dict[str, Any]) -> _Answer:
    """Read the text of an error that holds it; it may be a tool call."""
    cut = "max completion tokens" in str(error.get("message"))
    written, answer = str(error["failed_generation"]), _Answer(finish_reason="length" if cut else "stop")
    with suppress(ValueError):
        answer.read_calls(load_body(written.encode()))
    if not answer.texts:
        answer.read(written)
    return answer


def _answer(envelope: dict[str, Any], body: bytes) -> _Answer | str:
    """Return the answer of an envelope, whatever its shape, or why there is none."""
    if text(mapping(envelope.get("error")).get("failed_generation")):
        return _of_failed(envelope["error"])
    if isinstance(envelope.get("output"), list):
        return _of_responses(envelope)
    if isinstance(envelope.get("candidates"), list) and envelope["candidates"]:
        return _of_candidate(mapping(envelope["candidates"][0]))
    if isinstance(envelope.get("content"), list) and envelope.get("type") == "message":
        return _of_message(envelope, text(envelope.get("stop_reason")))
    if blocked := text(mapping(envelope.get("promptFeedback")).get("blockReason")):
        return _Answer(finish_reason=f"content_filter: {blocked}")  # Gemini read the prompt and no more
    choices = envelope.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return f"the answer holds no choices: {one_line(body)}"
    choice = choices[0]
    error, message = choice.get("error"), choice.get("message") or choice.get("delta")
    finish_reason = _finish_reason(choice)
    if message is None and isinstance(choice.get("text"), str):  # as completions without chat have it
        message = {"content": choice["text"]}
    elif message is None and end_of(finish_reason) in FINISHES:  # Gemini's, of what a filter stopped
        message = {}
    if not isinstance(message, dict):
        return f"the answer's first choice holds no message: {one_line(body)}"
    if error:
        return f"the answer broke off: {one_line(orjson.dumps(error))}"
    return _of_message(message, finish_reason)


def _finish_reason(choice: dict[str, Any]) -> str | None:
    """Return why a choice ended; SGLang's own API gives an object, a router the word of its provider too."""
    reasons = (choice.get(name) for name in ("finish_reason", "native_finish_reason"))
    words = (text(reason) or text(mapping(reason).get("type")) for reason in reasons)
    return next(filter(None, words), None)


def _of_message(message: dict[str, Any], finish_reason: str | None) -> _Answer:
    """Read a message: its content, its reasoning and its refusal."""
    answer = _Answer(finish_reason=finish_reason)
    apart = mapping(message.get("provider_specific_fields")) | {k: v for k, v in message.items() if v}
    for name in REASONING_FIELDS:
        if apart.get(name) and not answer.thoughts:
            answer.read(apart[name], thought=True)
    content, calls = message.get("content"), message.get("tool_calls")
    if isinstance(content, dict) and content and not {"type", *INSIDE} & content.keys():
        content = orjson.dumps(content).decode()  # JSON that was asked for, and that a gateway has parsed
    answer.read(content)
    answer.read_calls(*(calls if isinstance(calls, list) else ()), message.get("function_call"))
    answer.read_calls(*(content if isinstance(content, list) else ()))  # a part `tool_use`
    if refusal := text(message.get("refusal")):
        answer.refusals.append(refusal)
    return answer


def _of_responses(envelope: dict[str, Any]) -> _Answer | str:
    """Read an answer of the Responses API."""
    status, error = text(envelope.get("status")), envelope.get("error")
    if error or status in BROKEN:
        return f"the answer broke off: {one_line(orjson.dumps(error))}"
    reason = text(mapping(envelope.get("incomplete_details")).get("reason"))
    answer = _Answer(finish_reason=reason or status)
    for item in map(mapping, envelope["output"]):
        kind = text(item.get("type"))
        if kind == "reasoning":
            answer.read(item.get("content") or item.get("summary"), thought=True)
        elif kind in {"message", "output_text"}:
            answer.read(item.get("content") or item.get("text"))
    answer.read_calls(*envelope["output"])
    if not answer.seen:
        answer.read(text(envelope.get("output_text")))
    return answer


def _of_candidate(candidate: dict[str, Any]) -> _Answer:
    """Read a candidate of Gemini's own API."""
    answer = _Answer(finish_reason=text(candidate.get("finishReason")))
    answer.read(mapping(candidate.get("content")).get("parts"))
    return answer
