"""Streams: join the events of a streamed answer to the whole answer. Pure.

An answer streams as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): the
chunks of a chat completion, or the events of the Responses API, whose last holds the whole response.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import orjson

from thoughtmill.factory.teachers.endpoint.bodies import REASONING_FIELDS
from thoughtmill.factory.teachers.endpoint.lenient_json import load_json, mapping, text

MARKS = (b"data:", b"event:", b"id:", b"retry:", b":")
FIELDS = (b"event", b"id", b"retry", b"")  # of an event, beside its data; the last is a comment
LISTS = ("reasoning_details", "thinking_blocks")  # of parts of thinking
JOINED = ("content", *(name for name in REASONING_FIELDS if name not in LISTS), "refusal")
RESPONSE_PIECES = {  # of the Responses API, and the field of a message that they belong to
    "response.output_text.delta": "content",
    "response.reasoning_text.delta": "reasoning",
    "response.reasoning_summary_text.delta": "reasoning",
}
ENDS = frozenset({"completed", "incomplete", "failed", "done"})  # of the Responses API


def is_stream(body: bytes) -> bool:
    """Say whether a body is a stream of events, or JSON objects on lines."""
    begin = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    if begin.startswith(b"{") and b"\n{" in begin:
        return begin.partition(b"\n")[0].rstrip().endswith(b"}")
    return begin.startswith(MARKS)


def joined(body: bytes) -> bytes:
    """Return the answer that a stream holds, as JSON; a body that is not a stream is returned unchanged.

    An error in the stream is returned as the endpoint's error. A stream that ends too early, or that holds no
    choice, gives a choice that broke off.
    """
    return _joined(body) if is_stream(body) else body


def text_of(body: bytes) -> str:
    """Return the text of a stream so far: the answer, or before it the thinking."""
    choices = load_json(_joined(body)).get("choices") or [{}]
    said = (text(mapping(choices[0].get("message")).get(name)) for name in (*JOINED, *LISTS))
    return next(filter(None, said), "")


def stopped(body: bytes) -> bytes:
    """Return a stream that was left because it repeats itself, as if it had ended there."""
    return body + b'\n\ndata: {"choices":[{"delta":{},"finish_reason":"repeating"}]}\n\ndata: [DONE]\n\n'


def _joined(body: bytes) -> bytes:
    answer: dict[str, Any] = {}
    message: dict[str, Any] = {"role": "assistant", "content": None}
    whole: list[dict[str, Any]] = []  # messages in the place of pieces
    finish_reason: Any = None
    begun = done = False
    for event in _events(body):
        if event is None:
            done = True
        elif event.get("error") or "error" in (event.get("type"), event.get("object")):
            return orjson.dumps({"error": event.get("error") or event})
        elif (kind := text(event.get("type"))) in RESPONSE_PIECES:
            _add(message, {RESPONSE_PIECES[kind]: event.get("delta")})
        elif "response" in event:
            if str(event.get("type")).removeprefix("response.") in ENDS:
                return orjson.dumps(_whole_response(event["response"], message))
        else:
            answer |= {name: event[name] for name in ("id", "model", "usage", "x_groq") if event.get(name)}
            for choice in map(mapping, event.get("choices") or []):
                if choice.get("index"):
                    continue  # we ask for one
                _add(message, choice.get("delta"))
                whole += filter(None, [mapping(choice.get("message"))])
                begun = begun or bool(choice.get("delta") or choice.get("message"))
                finish_reason = choice.get("finish_reason") or finish_reason
                if choice.get("usage"):
                    answer.setdefault("usage", choice["usage"])
    if not any(message.get(name) for name in ("content", "tool_calls", "refusal")):
        _add_messages(message, whole)
    if finish_reason is None and not (begun and done):
        finish_reason = "error"
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return orjson.dumps({**answer, "object": "chat.completion", "choices": [choice]})


def _add_messages(message: dict[str, Any], whole: Sequence[dict[str, Any]]) -> None:
    """Add the messages of a stream without pieces: each holds the text so far, or they are pieces."""
    said = [str(one.get("content") or "") for one in whole]
    grows = all(later.startswith(earlier) for earlier, later in pairwise(said))
    known = {name for name, value in message.items() if value}
    for one in whole[-1:] if grows else whole:
        _add(message, {name: value for name, value in one.items() if name not in known})


def _whole_response(response: Any, message: dict[str, Any]) -> Any:
    """Return the response at the end of a stream; where it holds no output, with the pieces before it."""
    said, thought = message.get("content"), message.get("reasoning")
    if not isinstance(response, dict) or response.get("output") or not said:
        return response
    return {
        **response,
        "output": [{"type": "reasoning", "content": thought}, {"type": "message", "content": said}],
    }


def _events(body: bytes) -> Iterator[dict[str, Any] | None]:
    """Yield the data of each event; None for the mark of the end. An event that is cut off is skipped.

    The data of an event may have several lines. Some servers send JSON without a field, or repeat its name.
    """
    lines: list[bytes] = []
    name = b""
    for line in (*body.removeprefix(b"\xef\xbb\xbf").splitlines(), b""):
        field, _, value = line.partition(b":")
        if not line:
            yield from _dispatched(name, lines)
            name, lines = b"", []
        elif field == b"event":
            name = value.strip()
        elif field not in FIELDS:
            lines.append(value.strip() if field == b"data" else line)


def _dispatched(name: bytes, lines: list[bytes]) -> Iterator[dict[str, Any] | None]:
    """Yield the events of some lines of data: one, or one a line where no blank lines are sent."""
    together = [*_parsed(name, b"\n".join(lines))]
    if together or len(lines) < 2:
        yield from together
        return
    for line in lines:
        yield from _parsed(name, line)


def _parsed(name: bytes, data: bytes) -> Iterator[dict[str, Any] | None]:
    while data.startswith(b"data:"):
        data = data.removeprefix(b"data:").lstrip()
    if data == b"[DONE]":
        yield None
        return
    try:
        event = mapping(load_json(data))
    except ValueError:
        return
    yield {"error": event} if name == b"error" and "error" not in event else event


def _add(message: dict[str, Any], delta: Any) -> None:
    """Add the pieces of one chunk to a message; pieces are texts or lists of parts.

    Parts of thinking cut anywhere: they are joined like texts. So are the arguments of tool calls.
    """
    for name in LISTS:
        texts = [
            text(part.get("text") or part.get("thinking") or part.get("summary"))
            for part in _maps(delta, name)
        ]
        if joined_text := "".join(filter(None, texts)):
            message[name] = message.get(name, "") + joined_text
    for call in _maps(delta, "tool_calls"):
        arguments = text(mapping(call.get("function")).get("arguments"))
        calls = message.setdefault("tool_calls", [{"function": {"arguments": ""}}])
        calls[0]["function"]["arguments"] += arguments or ""
    for name in JOINED:
        piece, before = mapping(delta).get(name), message.get(name)
        piece = [piece] if isinstance(piece, dict) else piece
        if isinstance(piece, str) and isinstance(before, str | None):
            message[name] = (before or "") + piece
        elif isinstance(piece, str | list) and piece:
            parts = [{"type": "text", "text": before}] if isinstance(before, str) else [*(before or [])]
            message[name] = parts + ([{"type": "text", "text": piece}] if isinstance(piece, str) else piece)


def _maps(delta: Any, name: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a list in a chunk."""
    found = mapping(delta).get(name)
    yield from map(mapping, found if isinstance(found, list) else ())
