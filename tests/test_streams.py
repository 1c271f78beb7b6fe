"""Streams, put together to the answer that they are."""

from typing import Any

import orjson
import pytest

from thoughtmill.factory.teachers.endpoint.bodies import ParsedCompletion, parse_body
from thoughtmill.factory.teachers.endpoint.streams import is_stream, joined, stopped, text_of


def stream(*events: Any, end: bytes = b"data: [DONE]\n\n") -> bytes:
    return b"".join(b"data: " + orjson.dumps(event) + b"\n\n" for event in events) + end


def chunk(finish_reason: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}


def read(body: bytes) -> ParsedCompletion:
    parsed = parse_body(joined(body))
    assert isinstance(parsed, ParsedCompletion), parsed
    return parsed


def test_a_body_that_is_no_stream_is_left_as_it_is() -> None:
    body = b' {"choices": [], "data": 1}'
    assert not is_stream(body)
    assert joined(body) is body
    assert joined(b"") == b""


def test_the_chunks_of_a_chat_completion_are_its_text_its_reasoning_and_its_usage() -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}}
    chunks = [chunk(role="assistant"), chunk(reasoning="6 *"), chunk(reasoning=" 7"), chunk(content="4")]
    parsed = read(b": comment\n\n" + stream(*chunks, chunk(content="2"), chunk("stop"), usage))
    assert (parsed.model, parsed.text, parsed.reasoning, parsed.finish_reason) == ("m", "42", "6 * 7", "stop")
    assert parsed.usage == (10, None, 5)


def test_pieces_that_are_parts_are_joined_too() -> None:
    thinks = [{"type": "thinking", "thinking": [{"type": "text", "text": "6 * 7"}]}]
    parsed = read(stream(chunk(content=thinks), chunk(content="4"), chunk("stop", content="2")))
    assert (parsed.text, parsed.reasoning) == ("42", "6 * 7")


DETAILS = [{"type": "reasoning.text", "text": "6 *"}], [{"type": "reasoning.text", "text": " 7"}]
STREAMS: dict[str, tuple[bytes, str | None, str | None]] = {  # its answer and its thinking
    "OpenRouter, comments": (
        b": OPENROUTER PROCESSING\n\n" + stream(chunk("stop", content="42")),
        "42",
        None,
    ),
    "OpenRouter, details": (
        stream(*(chunk(reasoning_details=part) for part in DETAILS), chunk("stop", content="42")),
        "42",
        "6 * 7",
    ),
    "details and a text": (
        stream(
            *(chunk(reasoning=part[0]["text"], reasoning_details=part) for part in DETAILS),
            chunk("stop", content="42"),
        ),
        "42",
        "6 * 7",
    ),
    "LiteLLM, Anthropic's blocks": (
        stream(
            chunk(thinking_blocks=[{"type": "thinking", "thinking": "6 *"}]),
            chunk(thinking_blocks=[{"type": "thinking", "thinking": " 7", "signature": "x"}]),
            chunk("stop", content="42"),
        ),
        "42",
        "6 * 7",
    ),
    "arguments of a tool call": (
        stream(
            chunk(tool_calls=[{"index": 0, "function": {"name": "f", "arguments": '{"ans"'}}]),
            chunk(tool_calls=[{"index": 0, "function": {"arguments": ": 42}"}}]),
            chunk("tool_calls"),
        ),
        '{"ans": 42}',
        None,
    ),
    "Azure, a first chunk without choices": (
        stream({"choices": [], "prompt_filter_results": []}, chunk("stop", content="42")),
        "42",
        None,
    ),
    "choices null, delta null": (
        stream({"choices": None}, {"choices": [{"index": 0, "delta": None}]}, chunk("stop", content="42")),
        "42",
        None,
    ),
    "an end in no word": (stream(chunk("", content="4"), chunk("", content="2"), chunk("stop")), "42", None),
    "a whole answer as its one event": (
        stream({"choices": [{"message": {"content": "42"}, "finish_reason": "stop"}]}),
        "42",
        None,
    ),
    "a second choice that nobody asked for": (
        stream(chunk(content="4"), {"choices": [{"index": 1, "delta": {"content": "x"}}]})[
            : -len("data: [DONE]\n\n")
        ]
        + stream(chunk("stop", content="2")),
        "42",
        None,
    ),
    "data on several lines": (
        b'data: {"choices": [{"delta":\ndata: {"content": "42"}, "finish_reason": "stop"}]}\n\n',
        "42",
        None,
    ),
    "no blank lines": (
        stream(chunk(content="4"), chunk("stop", content="2")).replace(b"\n\n", b"\n"),
        "42",
        None,
    ),
    "the field's name twice": (
        stream(chunk("stop", content="42")).replace(b"data: {", b"data: data: {"),
        "42",
        None,
    ),
    "JSON on lines": (
        b"\n".join(map(orjson.dumps, [chunk(content="4"), chunk("stop", content="2")])),
        "42",
        None,
    ),
    "OpenRouter, comments before JSON": (
        b": OPENROUTER PROCESSING\n\n" * 2
        + orjson.dumps(
            {"choices": [{"message": {"content": "42"}, "finish_reason": "stop"}]}, option=orjson.OPT_INDENT_2
        ),
        "42",
        None,
    ),
    "Perplexity, the text so far beside each piece": (
        stream(
            {"choices": [{"index": 0, "delta": {"content": "4"}, "message": {"content": "4"}}]},
            {"choices": [{"index": 0, "delta": {"content": "2"}, "message": {"content": "42"}}]},
            {"choices": [{"delta": {}, "message": {"content": "42"}, "finish_reason": "stop"}]},
        ),
        "42",
        None,
    ),
    "thinking as an object": (
        stream(chunk(reasoning={"content": "6 * 7"}), chunk("stop", content="42")),
        "42",
        "6 * 7",
    ),
    "Copilot": (
        stream(chunk(reasoning_text="6 *"), chunk(reasoning_text=" 7"), chunk("stop", content="42")),
        "42",
        "6 * 7",
    ),
    "Responses, whose end holds no output": (
        stream(
            {"type": "response.reasoning_text.delta", "delta": "6 * 7"},
            {"type": "response.output_text.delta", "delta": "4"},
            {"type": "response.output_text.delta", "delta": "2"},
            {"type": "response.completed", "response": {"status": "completed", "output": []}},
            end=b"",
        ),
        "42",
        "6 * 7",
    ),
    "line ends of Windows": (stream(chunk("stop", content="42")).replace(b"\n", b"\r\n"), "42", None),
    "no space after the colon": (
        stream(chunk("stop", content="42")).replace(b"data: ", b"data:"),
        "42",
        None,
    ),
}


@pytest.mark.parametrize("name", STREAMS, ids=str)
def test_a_stream_is_read_as_each_provider_sends_it(name: str) -> None:
    body, text, reasoning = STREAMS[name]
    assert (read(body).text, read(body).reasoning, read(body).failure) == (text, reasoning, None)


def test_the_usage_of_a_stream_is_found_wherever_a_provider_puts_it() -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5}
    groq = {**chunk("stop", content="42"), "usage": None, "x_groq": {"usage": usage}}
    moonshot = {
        "choices": [{"index": 0, "delta": {"content": "42"}, "finish_reason": "stop", "usage": usage}]
    }
    assert read(stream(groq)).usage == read(stream(moonshot)).usage == (10, None, 5)


@pytest.mark.parametrize("body", [b": keep-alive\n\n", b": keep-alive\n\ndata: [DONE]\n\n"])
def test_a_stream_of_comments_alone_is_asked_again(body: bytes) -> None:
    assert parse_body(joined(body)) == "the answer broke off: null"


def test_a_stream_of_the_responses_api_ends_with_the_whole_response() -> None:
    says = {"type": "message", "content": [{"type": "output_text", "text": "42"}]}
    whole = {"object": "response", "model": "m", "status": "completed", "output": [says]}
    begun = {"type": "response.created", "response": {**whole, "status": "in_progress", "output": []}}
    piece = {"type": "response.output_text.delta", "delta": "42"}
    body = stream(begun, piece, {"type": "response.completed", "response": whole}, end=b"")
    assert read(b"event: response.created\n" + body).text == "42"


@pytest.mark.parametrize("cut", [b"", b'data: {"choices": [{"del'])
def test_a_stream_that_is_cut_is_asked_again(cut: bytes) -> None:
    assert parse_body(joined(stream(chunk(content="so 4"), end=cut))) == 'the answer broke off: "so 4"'


def test_an_error_in_a_stream_is_the_endpoints_error() -> None:
    body = stream(chunk(content="so 4"), {"error": {"message": "overloaded", "code": 503}})
    assert orjson.loads(joined(body)) == {"error": {"message": "overloaded", "code": 503}}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (
            b'event: error\ndata: {"message": "overloaded", "code": 503}\n\n',
            {"message": "overloaded", "code": 503},
        ),
        (stream(chunk(content="4"), end=b'{"error": "lost it"}\n'), "lost it"),  # Ollama
        (stream({"object": "error", "code": 400}), {"object": "error", "code": 400}),  # vLLM
    ],
)
def test_an_error_in_a_stream_is_found_in_every_spelling(body: bytes, error: Any) -> None:
    assert orjson.loads(joined(body)) == {"error": error}


def test_a_stream_of_the_responses_api_has_said_its_pieces() -> None:
    pieces = [{"type": "response.output_text.delta", "delta": word} for word in ("so ", "4")]
    assert text_of(stream(*pieces, end=b"")) == "so 4"
    assert parse_body(joined(stream(*pieces, end=b""))) == 'the answer broke off: "so 4"'


def test_what_a_stream_has_said_so_far_is_its_answer_or_its_thinking() -> None:
    assert text_of(stream(chunk(content="so 4"), end=b"")) == "so 4"
    assert text_of(stream(chunk(reasoning_content="2 + 2"), end=b"data: {")) == "2 + 2"
    assert text_of(b"data: ") == ""


def test_a_stream_that_was_left_ends_as_cut_off_and_not_as_broken() -> None:
    parsed = read(stopped(stream(chunk(content="so 4"), end=b'data: {"choices":[{"del')))
    assert (parsed.text, parsed.failure) == ("so 4", "truncated")
    assert parsed.detail == "cut off because it repeats itself"


@pytest.mark.parametrize(
    "events",
    [
        [{"delta": {"role": "assistant"}}, {"delta": {}, "message": {"content": "5"}}],
        [{"delta": {"role": "assistant"}, "message": {"content": "5"}}],
        [{"message": {"content": "2 + 3 = "}}, {"message": {"content": "2 + 3 = 5"}}],
        [{"message": {"content": "2 + 3 = "}}, {"message": {"content": "5"}}],
        [{"delta": {"content": "5"}}, {"delta": {}, "message": {"content": "5"}}],
        [{"delta": {"reasoning": "So."}}, {"message": {"reasoning": "So.", "content": "5"}}],
    ],
)
def test_messages_of_a_stream_are_pieces_or_the_whole_where_no_pieces_came(
    events: list[dict[str, Any]],
) -> None:
    last = {**events[-1], "finish_reason": "stop"}
    parsed = parse_body(joined(stream(*({"choices": [choice]} for choice in [*events[:-1], last]))))
    assert isinstance(parsed, ParsedCompletion)
    assert parsed.text in {"5", "2 + 3 = 5"} and parsed.reasoning in {None, "So."}


def test_the_type_of_an_event_may_be_anything() -> None:
    parsed = parse_body(joined(stream({"type": [], "choices": [{"delta": {"content": "5"}}]})))
    assert isinstance(parsed, ParsedCompletion) and parsed.text == "5"
