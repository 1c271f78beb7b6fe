"""Rows of JSON Lines and of JSON: a list of objects, objects in a row, or an object with such a list."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from thoughtmill.factory.core.rows.texts import Unplaced, undecoded

PIECE = 1 << 16
BLANKS = " \t\r\n"


class _DoubledKey(ValueError):
    """An object has a key twice, so that a value would be lost."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _DoubledKey(f"the key `{next(name for name in names if names.count(name) > 1)}` is there twice")
    return found


DECODER = json.JSONDecoder(object_pairs_hook=_object)


def of_lines(text: TextIO) -> Iterator[Unplaced]:
    """Yield the object of each line that is not blank, or why the line holds none."""
    for number, line in enumerate(text, start=1):
        if not line.strip():
            continue
        row, fault = read(line)
        yield f"line {number}", row, fault, None if fault is None else line.rstrip("\r\n")


def read(line: str) -> tuple[dict[str, Any], str | None]:
    """Return the object that a text holds, or an empty one and the fault.

    >>> read('{"a": 1}'), read('{"a": 1, "a": 2}')[1], read("[]")[1]
    (({'a': 1}, None), 'the key `a` is there twice', 'not a JSON object')
    """
    fault = undecoded(line)
    if fault is not None:
        return {}, fault
    try:
        row = DECODER.decode(line)
    except _DoubledKey as error:
        return {}, str(error)
    except (ValueError, RecursionError) as error:
        return {}, f"not JSON: {error}"
    return _checked(row, line)


def _checked(row: Any, text: str) -> tuple[dict[str, Any], str | None]:
    if not isinstance(row, dict):
        return {}, "not a JSON object"
    fault = undecoded(json.dumps(row, ensure_ascii=False)) if "\\ud" in text.lower() else None
    return ({}, fault) if fault else (row, None)


def of_text(text: TextIO) -> Iterator[Unplaced]:
    """Yield the objects of a JSON text, or why an entry is none; a ValueError if the text is not JSON.

    The text is a list, objects one after another, an object that holds a list of objects, or a single object.
    """
    values = _values(text)
    first = next(values, None)
    if first is None:
        return
    second = next(values, None)
    if second is None and isinstance(first[0], dict):
        lists = [value for value in first[0].values() if isinstance(value, list) and value]
        if not first[0]:
            raise ValueError("not a JSON list of objects")
        held = lists[0] if len(lists) == 1 and isinstance(lists[0][0], dict) else [first[0]]
        entries: Iterable[tuple[Any, str]] = ((value, "") for value in held)
    else:
        entries = (entry for some in ([first], [second] if second else [], values) for entry in some)
    for index, (value, written) in enumerate(entries):
        row, fault = _checked(value, written) if undecoded(written) is None else ({}, undecoded(written))
        yield f"entry {index}", row, fault, None if fault is None else written or json.dumps(value)


def _values(text: TextIO) -> Iterator[tuple[Any, str]]:
    """Yield each value of a list, or of values one after another, with its text; memory holds one value."""
    buffer, at, step, ended = text.read(PIECE).lstrip("\ufeff"), 0, PIECE, False
    listed = buffer.lstrip(BLANKS).startswith("[")
    if listed:
        at = buffer.index("[") + 1
    while True:
        while at < len(buffer) and buffer[at] in BLANKS + ",":
            at += 1
        if at < len(buffer) and buffer[at] == "]" and listed:
            if (buffer[at + 1 :] + text.read(PIECE)).strip():
                raise ValueError("something follows the end of the list")
            return
        try:
            value, end = DECODER.raw_decode(buffer, at)
            if end == len(buffer) and not ended:
                raise json.JSONDecodeError("more may follow", buffer, end)
        except _DoubledKey:
            raise
        except (json.JSONDecodeError, RecursionError) as error:
            if ended:
                if at == len(buffer) and not listed:
                    return
                raise ValueError(str(error)) from error
            more = text.read(step)
            buffer, at, ended, step = buffer[at:] + more, 0, not more, step * 2
            continue
        yield value, buffer[at:end]
        at, step = end, PIECE
        if at > 4 * PIECE:
            buffer, at = buffer[at:], 0
