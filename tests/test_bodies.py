"""Bodies of answers, in the shapes and with the fields of each provider."""

from typing import Any

import orjson
import pytest

from thoughtmill.factory.teachers.endpoint.bodies import ParsedCompletion, parse_body


def read(envelope: Any) -> ParsedCompletion:
    parsed = parse_body(orjson.dumps(envelope))
    assert isinstance(parsed, ParsedCompletion), parsed
    return parsed


def chat(message: dict[str, Any], finish_reason: str = "stop", **more: Any) -> dict[str, Any]:
    return {"model": "m", "choices": [{"message": message, "finish_reason": finish_reason}], **more}


def responses(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"object": "response", "model": "m", "status": "completed", "output": [*items], **more}


def failed(**error: Any) -> dict[str, Any]:
    return {
        "error": {"message": "Failed. See 'failed_generation'.", "type": "invalid_request_error", **error}
    }


SAYS_42 = {"type": "message", "content": [{"type": "output_text", "text": "42"}]}
THINKS = {"type": "thinking", "thinking": [{"type": "text", "text": "6 * 7"}]}
DETAILS = [{"type": "reasoning.text", "text": "6 * 7"}]
ENCRYPTED = [*DETAILS, {"type": "reasoning.encrypted", "data": "gAAA"}]
BLOCKS = [{"type": "thinking", "thinking": "6 * 7", "signature": "c2ln"}]
BEDROCK = [{"reasoningContent": {"reasoningText": {"text": "6 * 7", "signature": "x"}}}, {"text": "42"}]
CALL = {"id": "1", "type": "function", "function": {"name": "json_tool_call", "arguments": '{"ans": 42}'}}
USED = {"type": "tool_use", "name": "json", "input": {"ans": 42}}
SHAPES: dict[str, tuple[Any, str | None, str | None]] = {
    "a text": (chat({"content": "42"}), "42", None),
    "DeepSeek, vLLM": (chat({"content": "42", "reasoning_content": "6 * 7"}), "42", "6 * 7"),
    "OpenRouter, gpt-oss": (chat({"content": "42", "reasoning": "6 * 7"}), "42", "6 * 7"),
    "OpenRouter, details": (chat({"content": "42", "reasoning_details": DETAILS}), "42", "6 * 7"),
    "the same in two fields": (
        chat({"content": "42", "reasoning": "6 * 7", "reasoning_details": DETAILS}),
        "42",
        "6 * 7",
    ),
    "OpenRouter, encrypted": (chat({"content": "42", "reasoning_details": ENCRYPTED}), "42", "6 * 7"),
    "LiteLLM, Anthropic's blocks": (chat({"content": "42", "thinking_blocks": BLOCKS}), "42", "6 * 7"),
    "LiteLLM, a provider's own fields": (
        chat({"content": "42", "provider_specific_fields": {"reasoning_content": "6 * 7"}}),
        "42",
        "6 * 7",
    ),
    "a gateway of Bedrock": (chat({"content": BEDROCK}), "42", "6 * 7"),
    "thinking that is kept back": (
        chat({"content": [{"type": "redacted_thinking", "data": "x"}, {"type": "text", "text": "42"}]}),
        "42",
        None,
    ),
    "LiteLLM, JSON as a tool call": (chat({"content": None, "tool_calls": [CALL]}), '{"ans": 42}', None),
    "a tool call beside a text": (chat({"content": "42", "tool_calls": [CALL]}), "42", None),
    "gpt-oss, code as a tool call": (
        chat({"content": "", "reasoning": "6 * 7", "tool_calls": [{"function": {"arguments": "ans = 42"}}]}),
        "ans = 42",
        "6 * 7",
    ),
    "the older call": (
        chat({"content": None, "function_call": {"name": "f", "arguments": "42"}}),
        "42",
        None,
    ),
    "Anthropic, JSON as a tool call": (
        {"type": "message", "content": [*BLOCKS, USED], "stop_reason": "tool_use"},
        '{"ans":42}',
        "6 * 7",
    ),
    "Responses, a function call": (responses({"type": "function_call", "arguments": "42"}), "42", None),
    "Copilot": (chat({"content": "42", "reasoning_text": "6 * 7"}), "42", "6 * 7"),
    "a gateway's name for thinking": (chat({"content": "42", "thinking_content": "6 * 7"}), "42", "6 * 7"),
    "MiniMax, no error": (
        chat({"content": "42"}, base_resp={"status_code": 0, "status_msg": ""}),
        "42",
        None,
    ),
    "Groq, no valid JSON": (
        failed(code="json_validate_failed", failed_generation='{"ans": 42'),
        '{"ans": 42',
        None,
    ),
    "Groq, a tool that nobody offered": (
        failed(code="tool_use_failed", failed_generation='{"name": "python", "arguments": "ans = 42"}'),
        "ans = 42",
        None,
    ),
    "JSON that a gateway has parsed": (chat({"content": {"ans": 42}}), '{"ans":42}', None),
    "a number that a gateway has parsed": (chat({"content": 42}), "42", None),
    "a wrapped answer": ({"code": 200, "msg": "ok", "data": chat({"content": "42"})}, "42", None),
    "Cloudflare": ({"success": True, "errors": [], "result": chat({"content": "42"})}, "42", None),
    "an answer inside a text": (
        {"statusCode": 200, "body": orjson.dumps(chat({"content": "42"})).decode()},
        "42",
        None,
    ),
    "a text that is JSON": (orjson.dumps(chat({"content": "42"})).decode(), "42", None),
    "a list of one": ([chat({"content": "42"})], "42", None),
    "Responses, the text beside": (responses(output_text="42"), "42", None),
    "Responses, the text alone": (responses({"type": "output_text", "text": "42"}), "42", None),
    "completions without chat": ({"choices": [{"text": "42", "finish_reason": "stop"}]}, "42", None),
    "a chunk for a whole answer": ({"choices": [{"delta": {"content": "42"}}]}, "42", None),
    "Ollama": (chat({"content": "42", "thinking": "6 * 7"}), "42", "6 * 7"),
    "Mistral": (chat({"content": [THINKS, {"type": "text", "text": "42"}]}), "42", "6 * 7"),
    "parts of text": (chat({"content": [{"type": "text", "text": "4"}, "2"]}), "42", None),
    "a part that is no list": (chat({"content": {"type": "text", "text": "42"}}), "42", None),
    "thinking alone": (chat({"content": None, "reasoning": "6 * 7"}), None, "6 * 7"),
    "Responses": (
        responses({"type": "reasoning", "summary": [{"type": "summary_text", "text": "6 * 7"}]}, SAYS_42),
        "42",
        "6 * 7",
    ),
    "Responses of an open model": (
        responses({"type": "reasoning", "content": [{"type": "reasoning_text", "text": "6 * 7"}]}, SAYS_42),
        "42",
        "6 * 7",
    ),
    "Anthropic's messages": (
        {"type": "message", "content": [{"type": "thinking", "thinking": "6 * 7"}, {"text": "42"}]},
        "42",
        "6 * 7",
    ),
    "Gemini's candidates": (
        {"candidates": [{"content": {"parts": [{"text": "6 * 7", "thought": True}, {"text": "42"}]}}]},
        "42",
        "6 * 7",
    ),
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_text_and_reasoning_are_found_in_every_shape(shape: str) -> None:
    envelope, text, reasoning = SHAPES[shape]
    assert (read(envelope).text, read(envelope).reasoning) == (text, reasoning)


@pytest.mark.parametrize(
    ("finish_reason", "failure"),
    [
        ("stop", None),
        ("eos", None),
        ("end_turn", None),
        ("STOP", None),
        ("length", "truncated"),
        ("max_tokens", "truncated"),
        ("model_length", "truncated"),
        ("MAX_TOKENS", "truncated"),
        ("max_length", "truncated"),
        ("FinishReason.MAX_TOKENS", "truncated"),  # LiteLLM, an enumeration in Python
        ("FINISH_REASON_MAX_TOKENS", "truncated"),  # in protocol buffers
        ("time_limit", "truncated"),  # watsonx
        ("ERROR_TOXIC", "refused"),  # Cohere
        ("content_filter", "refused"),
        ("content_filter: PROHIBITED_CONTENT", "refused"),  # Gemini
        ("guardrail_intervened", "refused"),  # Bedrock
        ("SAFETY", "refused"),
        ("refusal", "refused"),
        ("a word of tomorrow", None),
    ],
)
def test_the_reason_for_the_end_is_typed_and_kept_in_its_own_word(
    finish_reason: str, failure: str | None
) -> None:
    parsed = read(chat({"content": "42"}, finish_reason))
    assert (parsed.finish_reason, parsed.failure) == (finish_reason, failure)


@pytest.mark.parametrize("finish_reason", ["error", "abort", "insufficient_system_resource", "network_error"])
def test_an_answer_that_broke_off_is_no_completion(finish_reason: str) -> None:
    said = parse_body(orjson.dumps(chat({"content": "so 4"}, finish_reason)))
    assert said == 'the answer broke off: "so 4"'


def test_a_reason_that_only_the_provider_behind_a_router_gives_counts() -> None:
    choice = {"message": {"content": "42"}, "finish_reason": None, "native_finish_reason": "MAX_TOKENS"}
    assert read({"choices": [choice]}).failure == "truncated"


def test_a_reason_that_is_an_object_counts() -> None:
    choice = {"message": {"content": "so 4"}, "finish_reason": {"type": "length", "length": 4}}  # SGLang
    assert (read({"choices": [choice]}).failure, read({"choices": [choice]}).finish_reason) == (
        "truncated",
        "length",
    )


def test_a_choice_that_a_filter_stopped_needs_no_message() -> None:
    stopped = read({"choices": [{"index": 0, "finish_reason": "content_filter: PROHIBITED_CONTENT"}]})
    assert (stopped.text, stopped.failure) == (None, "refused")


def test_a_failed_generation_that_the_limit_cut_is_truncated() -> None:
    message = "max completion tokens reached before generating a valid document"
    assert read(failed(message=message, failed_generation='["a rule"')).failure == "truncated"
    assert isinstance(parse_body(orjson.dumps(failed(failed_generation=""))), str)


def test_an_answer_beside_an_error_is_no_completion() -> None:
    said = parse_body(orjson.dumps(chat({"content": "so 4"}, error={"message": "lost it", "code": 502})))
    assert said == 'the answer broke off: {"message":"lost it","code":502}'
    assert read(chat({"content": "42"}, error=None)).text == "42"


def test_a_prompt_that_gemini_blocks_is_refused() -> None:
    blocked = read({"promptFeedback": {"blockReason": "OTHER"}, "usageMetadata": {"promptTokenCount": 5}})
    assert (blocked.failure, blocked.text, blocked.prompt_tokens) == ("refused", None, 5)


def test_a_web_page_and_an_empty_body_are_named() -> None:
    page = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head>"
    assert parse_body(page) == 'the answer\'s body is not JSON: a web page, "Just a moment..."'
    assert parse_body(b"") == "the answer's body is not JSON: it is empty"


def test_a_response_that_was_cut_or_failed_says_so() -> None:
    cut = responses(SAYS_42, status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    assert (read(cut).failure, read(cut).text) == ("truncated", "42")
    failed = responses(status="failed", error={"message": "lost it"})
    assert parse_body(orjson.dumps(failed)) == 'the answer broke off: {"message":"lost it"}'


def test_a_refusal_is_found_beside_the_content_and_inside_it() -> None:
    assert read(chat({"content": None, "refusal": "I cannot"})).detail == "I cannot"
    inside = responses({"type": "message", "content": [{"type": "refusal", "refusal": "I cannot"}]})
    assert (read(inside).failure, read(inside).detail) == ("refused", "I cannot")


OPENAI = {
    "prompt_tokens": 9,
    "completion_tokens": 7,
    "total_tokens": 16,
    "prompt_tokens_details": {"cached_tokens": 8},
    "completion_tokens_details": {"reasoning_tokens": 4},
}
RESPONSES = {
    "input_tokens": 9,
    "output_tokens": 7,
    "input_tokens_details": {"cached_tokens": 8},
    "output_tokens_details": {"reasoning_tokens": 4},
}
GEMINI = {
    "promptTokenCount": 9,
    "candidatesTokenCount": 3,
    "thoughtsTokenCount": 4,
    "totalTokenCount": 16,
    "cachedContentTokenCount": 8,
}
ANTHROPIC = {
    "input_tokens": 1,
    "cache_read_input_tokens": 6,
    "cache_creation_input_tokens": 2,
    "output_tokens": 7,
}
DEEPSEEK = {"prompt_tokens": 9, "completion_tokens": 7, "prompt_cache_hit_tokens": 8}


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (OPENAI, (9, 8, 7, 4)),
        (RESPONSES, (9, 8, 7, 4)),
        (GEMINI, (9, 8, 7, 4)),
        (ANTHROPIC, (9, 6, 7, None)),
        (DEEPSEEK, (9, 8, 7, None)),
        ({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 16}, (9, None, 7, None)),
        ({"prompt_tokens": "9", "completion_tokens": "7"}, (9, None, 7, None)),
        ({"prompt_tokens": 9.0, "completion_tokens": 7.0}, (9, None, 7, None)),
    ],
)
def test_the_usage_is_read_as_it_is_billed(usage: dict[str, Any], expected: tuple[int | None, ...]) -> None:
    parsed = read(chat({"content": "42"}, usage=usage))
    assert (*parsed.usage, parsed.reasoning_tokens) == expected


def test_a_usage_further_inside_is_found() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 7}
    assert read(chat({"content": "42"}, x_groq={"usage": usage})).usage == (9, None, 7)
    choice = {"message": {"content": "42"}, "finish_reason": "stop", "usage": usage}
    assert read({"choices": [choice], "usage": None}).usage == (9, None, 7)


CHOICES = {"choices": [{"message": {"content": "5"}, "finish_reason": "stop"}]}


@pytest.mark.parametrize(
    "outer", [{"error": "upstream timed out"}, {"code": 500, "message": "boom"}, {"status": 502}]
)
def test_an_error_around_a_partial_answer_is_an_error(outer: dict[str, Any]) -> None:
    assert isinstance(parse_body(orjson.dumps({**outer, "data": CHOICES})), str)


def test_usage_and_model_of_any_wrapper_are_found() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 3}
    found = parse_body(
        orjson.dumps({"usage": usage, "model": "m", "body": {"data": {"usage": None, **CHOICES}}})
    )
    assert isinstance(found, ParsedCompletion)
    assert (found.prompt_tokens, found.completion_tokens, found.model) == (5, 3, "m")


@pytest.mark.parametrize("part", [{"thoughtSignature": "abc"}, {"cachePoint": {"type": "default"}}])
def test_a_part_of_no_known_kind_is_no_text(part: dict[str, Any]) -> None:
    message = {"content": [{"text": "#### 5"}, part, {"reasoningContent": {"redactedContent": "QUJD"}}]}
    found = parse_body(orjson.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}))
    assert isinstance(found, ParsedCompletion) and (found.text, found.reasoning) == ("#### 5", None)


def test_a_choice_that_ended_well_without_a_message_is_asked_again() -> None:
    assert isinstance(parse_body(b'{"choices": [{"finish_reason": "stop"}]}'), str)


def test_an_item_of_no_readable_type_is_passed_over() -> None:
    found = parse_body(b'{"output": [{"type": ["message"], "content": "5"}], "output_text": "6"}')
    assert isinstance(found, ParsedCompletion) and found.text == "6"
