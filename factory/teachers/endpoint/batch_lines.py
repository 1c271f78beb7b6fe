"""The lines of a batch: what is uploaded, and what comes back. Pure, but for the files they are read from.

A line's `custom_id` is the request's key, so an answer finds its place however late, and in whatever order,
it comes (https://platform.openai.com/docs/guides/batch).
"""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import orjson

from thoughtmill.factory.ledger.keys import prompt_sha
from thoughtmill.factory.teachers.endpoint.deliveries import Delivery
from thoughtmill.factory.teachers.endpoint.rows import Row

URL: Literal["/v1/chat/completions"] = "/v1/chat/completions"
MOST_REQUESTS = 50_000
MOST_BYTES = 190_000_000  # of 200 MB


def line(row: Row) -> bytes:
    """Return the line that asks for a row."""
    body = orjson.Fragment(row.body())
    return orjson.dumps({"custom_id": row.key, "method": "POST", "url": URL, "body": body}) + b"\n"


def files(rows: Iterable[Row]) -> Iterator[tuple[str, bytes]]:
    """Yield (thought, content) of the files to upload, each of one thought and within the limits."""
    open_files: dict[str, list[bytes]] = {}
    sizes: dict[str, int] = {}
    for row in rows:
        thought, text = row.request.thought, line(row)
        lines = open_files.setdefault(thought, [])
        if len(lines) == MOST_REQUESTS or sizes.get(thought, 0) + len(text) > MOST_BYTES:
            yield thought, b"".join(lines)
            lines.clear()
            sizes[thought] = 0
        lines.append(text)
        sizes[thought] = sizes.get(thought, 0) + len(text)
    for thought, lines in open_files.items():
        yield thought, b"".join(lines)


def asked(content: bytes) -> dict[str, tuple[str, str]]:
    """Return the model and the `prompt_sha` of each key in an uploaded file."""
    lines = (orjson.loads(text) for text in content.splitlines() if text.strip())
    return {
        each["custom_id"]: (each["body"]["model"], prompt_sha(each["body"]["messages"])) for each in lines
    }


def delivered(content: bytes) -> Iterator[tuple[str, Delivery]]:
    """Yield key and delivery of each line in a file of answers or of errors; a broken line is passed over."""
    for text in content.splitlines():
        try:
            each = orjson.loads(text)
            found = str(each["custom_id"]), _delivery(each.get("response"), each.get("error"))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        yield found


def _delivery(response: Any, error: Any) -> Delivery:
    """Return what a line brought: an HTTP answer, or the reason why there is none."""
    if response:
        return Delivery(int(response["status_code"]), orjson.dumps(response["body"]), latency_s=None)
    said = error or {}
    return Delivery(
        None, b"", latency_s=None, detail=f"{said.get('code')}: {said.get('message')}", sent=False
    )
