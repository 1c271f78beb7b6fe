"""The transport: sends the bytes of one request to an endpoint, and returns a `Response`.

It uses aiohttp alone, which takes half the processor time of the `openai` package. It neither retries nor
follows redirects: the engine counts every attempt.
"""

import asyncio
import os
import ssl
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp
import yarl

from thoughtmill.factory.teachers.endpoint.addresses import Address, proxy_of, safe, without_key
from thoughtmill.factory.teachers.endpoint.repetition import repeats
from thoughtmill.factory.teachers.endpoint.responses import Response
from thoughtmill.factory.teachers.endpoint.streams import is_stream, joined, stopped, text_of
from thoughtmill.factory.teachers.endpoint.waits import asked_to_wait_s, limited_s

CONNECT_S = 20.0  # a connection with its TLS handshake
PROBE_S = 2.0
NO_TLS = "the endpoint speaks no TLS: write http:// in base_url"
TLS = "the endpoint speaks TLS: write https:// in base_url"
STREAM = {"no": b"", "bare": b',"stream":true'}
STREAM["usage"] = STREAM["bare"] + b',"stream_options":{"include_usage":true}'
LOOK_BYTES = 8192  # of a stream between two looks for repetitions; some forty tokens
# A `UnicodeError` is raised for a host name or a header with invalid characters.
BREAKS = (TimeoutError, aiohttp.ClientError, UnicodeError)


class Transport(Protocol):
    """Sends requests within one event loop.

    `stream` says how answers are asked for: at once (`no`), as a stream with its usage at the end
    (`usage`), or as a stream (`bare`).
    """

    stream: str

    async def post(self, body: bytes) -> Response:
        """Send one request and return its response; errors of the network are responses, too."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


def whole_response(begun: float, status: int, body: bytes, headers: Mapping[str, str]) -> Response:
    """Return the response of a whole HTTP answer; `begun` is a `time.perf_counter`."""
    latency_s = time.perf_counter() - begun
    now_s = time.time()
    wait_s = limited_s(headers, now_s) if status == 200 else asked_to_wait_s(headers, now_s, body)
    moved = safe(headers.get("location", "")) if 300 <= status < 400 else ""
    return Response(status, without_key(joined(body)), latency_s, wait_s, detail=moved)


def broken_response(begun: float, error: BaseException, timeout_s: float) -> Response:
    """Return the response of a time-out or a broken connection.

    An address that speaks TLS where it should not, or does not where it should, cannot be right.
    """
    latency_s = time.perf_counter() - begun
    if wrong := _wrong_address(error):
        return Response(None, b"", latency_s, detail=wrong, sent=False, wrong=True)
    unsent = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    if isinstance(error, TimeoutError) and not unsent:
        return Response(None, b"", latency_s, detail=f"no answer within {timeout_s:g} s")
    return Response(None, b"", latency_s, detail=safe(f"{type(error).__name__}: {error}"), sent=not unsent)


def _wrong_address(error: BaseException) -> str:
    """Return the fault of an address, if an error shows it."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return safe(f"the endpoint's certificate is not trusted: {error.certificate_error}")
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return NO_TLS
    return ""


class RawTransport:
    """Sends requests to one address through one aiohttp session.

    `timeout_s` limits a whole answer; where answers stream, it limits the silence between two pieces.
    """

    def __init__(
        self,
        address: Address | str,
        timeout_s: float,
        connections: int,
        stream: str = "no",
        stop_when: str | None = None,
    ) -> None:
        self.address = address if isinstance(address, Address) else Address(address)
        self.url = self.address.url
        self.parsed = yarl.URL(self.url)
        self.timeout_s = timeout_s
        self.connections = connections
        self.stream = stream
        self.stop = stop_when == "repeating"
        self.session: aiohttp.ClientSession | None = None
        self.works = False
        self.timeouts = {stream: self._timeout(stream) for stream in STREAM}

    async def post(self, body: bytes) -> Response:
        """Send one request; see `Transport`."""
        session = self.session or self._open()
        timeout, body = self.timeouts[self.stream], body[:-1] + STREAM[self.stream] + b"}"
        begun = time.perf_counter()
        try:
            async with session.post(
                self.parsed, data=body, allow_redirects=False, timeout=timeout
            ) as response:
                received = await (self._unless_repeating(response) if self.stop else response.read())
        except BREAKS as error:
            failed = broken_response(begun, error, self.timeout_s)
            return failed if self.works or failed.wrong else await self._probed(failed)
        self.works = True
        return whole_response(begun, response.status, received, response.headers)

    async def _unless_repeating(self, response: aiohttp.ClientResponse) -> bytes:
        """Read a stream to its end, or until its text only repeats itself."""
        received, looked = bytearray(), 0
        async for piece in response.content.iter_any():
            received += piece
            if len(received) - looked >= LOOK_BYTES and is_stream(bytes(received)):
                looked = len(received)
                if repeats(text_of(bytes(received))):
                    response.close()
                    return stopped(bytes(received))
        return bytes(received)

    async def _probed(self, failed: Response) -> Response:
        """Return the response to a first request that failed; it says if the port speaks the other scheme."""
        if self.url.startswith("https"):
            wrong = NO_TLS if await _speaks_plain_http(self.url) else ""
        else:
            wrong = TLS if await _speaks_tls(self.url) else ""
        return replace(failed, detail=wrong, sent=False, wrong=True) if wrong else failed

    def _timeout(self, stream: str) -> aiohttp.ClientTimeout:
        connect_s = min(CONNECT_S, self.timeout_s)
        if stream == "no":
            return aiohttp.ClientTimeout(total=self.timeout_s, sock_connect=connect_s)
        return aiohttp.ClientTimeout(total=None, sock_connect=connect_s, sock_read=self.timeout_s)

    def _open(self) -> aiohttp.ClientSession:
        """Open the session; aiohttp allows that only inside a running event loop."""
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self.connections, ssl=self._tls()),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=self.address.headers(),
            proxy=proxy_of(self.url),
        )
        return self.session

    def _tls(self) -> ssl.SSLContext | bool:
        """Return whom to trust; to read the certificates takes 40 ms, which plain HTTP is spared."""
        return _trust() if self.parsed.scheme == "https" else True

    async def close(self) -> None:
        """Close the connections."""
        if self.session is not None:
            await self.session.close()


async def _speaks_plain_http(url: str) -> bool:
    """Say whether a port answers a request without TLS."""
    try:
        async with asyncio.timeout(PROBE_S):
            reader, writer = await asyncio.open_connection(*_port(url))
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            answer = await reader.read(5)
            writer.close()
    except (OSError, TimeoutError, UnicodeError):
        return False
    return answer == b"HTTP/"


async def _speaks_tls(url: str) -> bool:
    """Say whether a port answers a TLS handshake, with whatever certificate."""
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(PROBE_S):
            _, writer = await asyncio.open_connection(*_port(url), ssl=anybody)
            writer.close()
    except (OSError, TimeoutError, UnicodeError):
        return False
    return True


def _port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _trust() -> ssl.SSLContext:
    """Return the system's trusted certificates, or those of certifi where the system has none."""
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"] and not os.path.isdir(
        ssl.get_default_verify_paths().openssl_capath
    ):
        import certifi  # it comes with the packages of the extra `pipeline`

        context.load_verify_locations(certifi.where())
    return context
