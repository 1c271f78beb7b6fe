"""Streams: join the events of a streamed answer to the whole answer. Pure.

An answer streams as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): the
chunks of a chat completion, or the events of the Responses API, whose last holds the whole response.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from thoughtmill.factory.teachers.endpoint.lenient_json import load_json, mapping

MARKS = (b"data:", b"event:", b"id:", b"retry:", b":")
JOINED = ("content", "reasoning_content", "reasoning", "thinking", "refusal")


def is_stream(body: bytes) -> bool:
    """Say whether a body is a stream of events."""
    return body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(MARKS)


def joined(body: bytes) -> bytes:
    """Return the answer that a stream holds, as JSON; a body that is not a stream is returned unchanged.

    An error in the stream is returned as the endpoint's error. A stream that ends too early gives a choice
    that broke off.
    """
    return _joined(body) if is_stream(body) else body


def text_of(body: bytes) -> str:
    """Return the text of a stream so far: the answer, or before it the thinking."""
    choices = load_json(_joined(body)).get("choices") or [{}]
    said = [mapping(choices[0].get("message")).get(name) for name in JOINED]
    return next((text for text in said if isinstance(text, str) and text), "")


def stopped(body: bytes) -> bytes:
    """Return a stream that was left because it repeats itself, as if it had ended there."""
    return body + b'\n\ndata: {"choices":[{"delta":{},"finish_reason":"repeating"}]}\n\ndata: [DONE]\n\n'


def _joined(body: bytes) -> bytes:
    answer: dict[str, Any] = {}
    message: dict[str, Any] = {"role": "assistant", "content": None}
    finish_reason: Any = None
    done = False
    for event in _events(body):
        if event is None:
            done = True
        elif event.get("error") or event.get("type") == "error":
            return orjson.dumps({"error": event.get("error") or event})
        elif "response" in event:
            if str(event.get("type")).removeprefix("response.") in {"completed", "incomplete", "failed"}:
                return orjson.dumps(event["response"])
        else:
            answer |= {name: event[name] for name in ("id", "model", "usage") if event.get(name)}
            for choice in event.get("choices") or []:
                _add(message, mapping(choice).get("delta"))
                finish_reason = mapping(choice).get("finish_reason") or finish_reason
    if finish_reason is None and not done:
        finish_reason = "error"
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return orjson.dumps({**answer, "object": "chat.completion", "choices": [choice]})


def _events(body: bytes) -> Iterator[dict[str, Any] | None]:
    """Yield the data of each event; None for the mark of the end. An event that is cut off is skipped."""
    for line in body.removeprefix(b"\xef\xbb\xbf").splitlines():
        name, _, data = line.partition(b":")
        if name != b"data" or not data.strip():
            continue
        if data.strip() == b"[DONE]":
            yield None
            continue
        try:
            yield mapping(load_json(data.strip()))
        except ValueError:
            continue


def _add(message: dict[str, Any], delta: Any) -> None:
    """Add the pieces of one chunk to a message; pieces are texts or lists of parts."""
    for name in JOINED:
        piece, before = mapping(delta).get(name), message.get(name)
        if isinstance(piece, str) and isinstance(before, str | None):
            message[name] = (before or "") + piece
        elif isinstance(piece, str | list) and piece:
            parts = [{"type": "text", "text": before}] if isinstance(before, str) else [*(before or [])]
            message[name] = parts + ([{"type": "text", "text": piece}] if isinstance(piece, str) else piece)
