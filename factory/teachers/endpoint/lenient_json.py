"""Read JSON as providers send it: with byte order marks, `NaN`, invalid bytes, lone surrogates and more."""

import json
import re
from typing import Any

import orjson


def load_json(body: bytes) -> Any:
    """Parse JSON as providers send it, or raise a `ValueError`.

    A byte order mark is dropped, `NaN` is read as None, and invalid bytes and halves of surrogate pairs are
    replaced.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            lenient = json.loads(body.decode("utf-8-sig", "replace"), parse_constant=lambda constant: None)
            return orjson.loads(json.dumps(lenient, ensure_ascii=False).encode("utf-8", "replace"))
        except RecursionError as error:
            raise ValueError("nested too deep") from error


def load_body(body: bytes) -> Any:
    """Parse the body of an answer, or raise a `ValueError`.

    It may be JSON inside a text, and bytes may follow it, such as an end mark; another object may not.

    >>> load_body(b'{"choices": []}\\ndata: [DONE]')
    {'choices': []}
    """
    try:
        found = load_json(body)
    except ValueError:
        found = _first_object(body)
    if isinstance(found, str) and found.lstrip().startswith("{"):
        return load_json(found.encode())
    return found


def _first_object(body: bytes) -> Any:
    text = body.decode("utf-8-sig", "replace").lstrip()
    try:
        found, end = json.JSONDecoder(parse_constant=lambda constant: None).raw_decode(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(found, dict) or text[end:].lstrip(" \t\r\n\0").startswith(("{", "[")):
        raise ValueError("more than one object")
    return load_json(json.dumps(found).encode())


def mapping(value: Any) -> dict[str, Any]:
    """Return a JSON object as it is, and an empty one for any other value."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str | None:
    """Return a text as it is, and None for any other value and for an empty text."""
    return value if isinstance(value, str) and value else None


def count(value: Any) -> int | None:
    """Return a number of tokens as it is, and None for any other value."""
    if isinstance(value, float) and value.is_integer():  # as gateways write it whose JSON knows no integers
        value = int(value)
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None


def one_line(body: bytes, length: int = 200) -> str:
    """Return the beginning of a body as one line, for an error."""
    words = " ".join(body.decode("utf-8", "replace").split())
    return words if len(words) <= length else f"{words[:length]}..."


def readable(body: bytes) -> str:
    """Return the beginning of a body as one line, for an error; of a web page its title.

    >>> readable(b"<html><head><title>Just a\\nmoment...</title></head><body>...")
    'a web page, "Just a moment..."'
    """
    title = re.search(rb"<title[^>]*>([^<]*)</title>", body[:10_000], re.IGNORECASE)
    return f'a web page, "{one_line(title[1])}"' if title else one_line(body)
