"""Transports: how the bytes of one request reach an endpoint, and come back as a `Delivery`.

`OpenAITransport` goes through the `openai` package, with its authentication, its proxies and its errors;
`RawTransport` through aiohttp alone, for speed. Neither retries: every attempt is counted by the engine.
"""

import asyncio
import email.utils
import os
import time
from collections.abc import Mapping
from typing import Protocol

import aiohttp
import httpx2
import openai

from factory.teachers.deliveries import Delivery

PATH = "/chat/completions"
JSON = {"Content-Type": "application/json"}
SHORTEST_SECRET = 12


class Transport(Protocol):
    """One way to send requests; used from within one event loop."""

    async def post(self, body: bytes) -> Delivery:
        """Send one request and return what came back, whatever it is."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class OpenAITransport:
    """Requests through `openai.AsyncOpenAI` on its aiohttp backend."""

    def __init__(self, base_url: str, timeout_s: float, connections: int) -> None:
        limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        self.timeout_s = timeout_s
        self.client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key() or "none",
            timeout=timeout_s,
            max_retries=0,
            http_client=openai.DefaultAioHttpClient(limits=limits),
        )

    async def post(self, body: bytes) -> Delivery:
        """Send one request; see `Transport`."""
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(self.timeout_s):
                response = await self.client.post(
                    PATH, cast_to=httpx2.Response, content=body, options={"headers": JSON}
                )
        except openai.APIStatusError as error:
            response = error.response
        except (TimeoutError, openai.APITimeoutError):
            return _timed_out(begun, self.timeout_s)
        except openai.APIConnectionError as error:
            cause = error.__cause__ or error
            return _dropped(begun, cause, sent=not isinstance(cause, httpx2.ConnectError))
        return _delivered(begun, response.status_code, response.content, response.headers)

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()


class RawTransport:
    """Requests through one aiohttp session: a third of the CPU time of the `openai` package."""

    def __init__(self, base_url: str, timeout_s: float, connections: int) -> None:
        self.url = base_url.rstrip("/") + PATH
        self.timeout_s = timeout_s
        self.connections = connections
        self.session: aiohttp.ClientSession | None = None

    async def post(self, body: bytes) -> Delivery:
        """Send one request; see `Transport`."""
        session = self.session or self._open()
        begun = time.perf_counter()
        try:
            async with session.post(self.url, data=body) as response:
                received = await response.read()
        except TimeoutError:
            return _timed_out(begun, self.timeout_s)
        except aiohttp.ClientError as error:
            return _dropped(begun, error, sent=not isinstance(error, aiohttp.ClientConnectorError))
        return _delivered(begun, response.status, received, response.headers)

    def _open(self) -> aiohttp.ClientSession:
        """Open the session, which aiohttp allows only inside a running event loop."""
        key = api_key()
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self.connections),
            headers=JSON | ({"Authorization": f"Bearer {key}"} if key else {}),
            timeout=aiohttp.ClientTimeout(total=self.timeout_s),
            trust_env=True,
        )
        return self.session

    async def close(self) -> None:
        """Close the connections."""
        if self.session is not None:
            await self.session.close()


def api_key() -> str | None:
    """Return the key from `OPENAI_API_KEY`, the only place it may be in."""
    return os.environ.get("OPENAI_API_KEY") or None


def retry_after_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """Return how long an endpoint asks to wait: `Retry-After` as seconds or as a date, or in milliseconds.

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
    date = email.utils.parsedate_tz(asked)
    return None if date is None else max(0.0, email.utils.mktime_tz(date) - now_s)


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else -1.0
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def _delivered(begun: float, status: int, body: bytes, headers: Mapping[str, str]) -> Delivery:
    latency_s = time.perf_counter() - begun
    wait_s = None if status == 200 else retry_after_s(headers, time.time())
    return Delivery(status, _without_key(body), latency_s, wait_s)


def _timed_out(begun: float, timeout_s: float) -> Delivery:
    return Delivery(None, b"", time.perf_counter() - begun, detail=f"no answer within {timeout_s:g} s")


def _dropped(begun: float, error: BaseException, sent: bool) -> Delivery:
    detail = _without_key(f"{type(error).__name__}: {error}".encode()).decode()
    return Delivery(None, b"", time.perf_counter() - begun, detail=detail, sent=sent)


def _without_key(text: bytes) -> bytes:
    """Blot out the API key, should an endpoint repeat it; words like `none` or `EMPTY` are no secret."""
    key = api_key()
    return text.replace(key.encode(), b"[key]") if key and len(key) >= SHORTEST_SECRET else text
