"""The transport: sends the bytes of one request to an endpoint, and returns a `Response`.

It uses aiohttp alone, which takes half the processor time of the `openai` package. It neither retries nor
follows redirects: the engine counts every attempt.
"""

import email.utils
import os
import re
import time
import urllib.request
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.teachers.endpoint.responses import Response

PATH = "/chat/completions"
JSON = {"Content-Type": "application/json"}
SHORTEST_SECRET = 12
CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")  # in a URL, such as a proxy's
# A `UnicodeError` is raised for a host name or a header with invalid characters.
BREAKS = (TimeoutError, aiohttp.ClientError, UnicodeError)


class Transport(Protocol):
    """Sends requests within one event loop."""

    async def post(self, body: bytes) -> Response:
        """Send one request and return its response; errors of the network are responses, too."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


def api_key() -> str | None:
    """Return the API key from the environment variable `OPENAI_API_KEY`, or None.

    Surrounding whitespace, such as a trailing newline, is dropped. Characters that no key can have raise a
    `ThoughtmillError`.
    """
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    if not (key.isascii() and key.isprintable()):
        raise ThoughtmillError("OPENAI_API_KEY holds characters that no key can have: set it again")
    return key or None


def proxy_of(url: str) -> str | None:
    """Return the proxy that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` set for a URL, or None."""
    parts = urlsplit(url)
    if urllib.request.proxy_bypass(parts.netloc):
        return None
    return urllib.request.getproxies().get(parts.scheme)


def retry_after_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """Return how many seconds an endpoint asks to wait, or None.

    `Retry-After` holds seconds or a date, `retry-after-ms` milliseconds.

    >>> retry_after_s({"retry-after": "20"}, now_s=0.0)
    20.0
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    asked = headers.get("retry-after")
    seconds = _number(asked)
    if seconds is not None or asked is None:
        return seconds
    try:
        date = email.utils.parsedate_tz(asked)
        return None if date is None else max(0.0, email.utils.mktime_tz(date) - now_s)
    except (ValueError, OverflowError):  # an impossible date
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else -1.0
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def whole_response(begun: float, status: int, body: bytes, headers: Mapping[str, str]) -> Response:
    """Return the response of a whole HTTP answer; `begun` is a `time.perf_counter`."""
    latency_s = time.perf_counter() - begun
    wait_s = None if status == 200 else retry_after_s(headers, time.time())
    moved = _safe(headers.get("location", "")) if 300 <= status < 400 else ""
    return Response(status, without_key(body), latency_s, wait_s, detail=moved)


def broken_response(begun: float, error: BaseException, timeout_s: float) -> Response:
    """Return the response of a time-out or a broken connection."""
    latency_s = time.perf_counter() - begun
    unsent = isinstance(error, aiohttp.ClientConnectorError)
    if isinstance(error, TimeoutError) and not unsent:
        return Response(None, b"", latency_s, detail=f"no answer within {timeout_s:g} s")
    return Response(None, b"", latency_s, detail=_safe(f"{type(error).__name__}: {error}"), sent=not unsent)


def _safe(text: str) -> str:
    """Return the text of an error without credentials and in valid UTF-8, so that it may be stored."""
    return without_key(CREDENTIALS.sub("", text).encode(errors="replace")).decode()


def without_key(text: bytes) -> bytes:
    """Replace the API key where an endpoint repeats it; short keys, such as `none`, are not secret."""
    key = api_key()
    return text.replace(key.encode(), b"[key]") if key and len(key) >= SHORTEST_SECRET else text


class RawTransport:
    """Sends requests through one aiohttp session."""

    def __init__(self, base_url: str, timeout_s: float, connections: int) -> None:
        self.url = base_url.rstrip("/") + PATH
        self.timeout_s = timeout_s
        self.connections = connections
        self.session: aiohttp.ClientSession | None = None

    async def post(self, body: bytes) -> Response:
        """Send one request; see `Transport`."""
        session = self.session or self._open()
        begun = time.perf_counter()
        try:
            async with session.post(self.url, data=body, allow_redirects=False) as response:
                received = await response.read()
        except BREAKS as error:
            return broken_response(begun, error, self.timeout_s)
        return whole_response(begun, response.status, received, response.headers)

    def _open(self) -> aiohttp.ClientSession:
        """Open the session; aiohttp allows that only inside a running event loop."""
        key = api_key()
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self.connections),
            headers=JSON | ({"Authorization": f"Bearer {key}"} if key else {}),
            timeout=aiohttp.ClientTimeout(total=self.timeout_s),
            proxy=proxy_of(self.url),
        )
        return self.session

    async def close(self) -> None:
        """Close the connections."""
        if self.session is not None:
            await self.session.close()
