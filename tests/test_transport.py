"""The transport, against a real server; it is driven end to end in test_engine."""

import asyncio
import json
import ssl
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.fake_endpoint import FakeEndpoint, Turn, error
from thoughtmill.factory.teachers.endpoint.bodies import ParsedCompletion, parse_body
from thoughtmill.factory.teachers.endpoint.responses import Response
from thoughtmill.factory.teachers.endpoint.transport import (
    RawTransport,
    Transport,
    broken_response,
    whole_response,
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
BODY = b'{"model": "tiny", "messages": [{"role": "user", "content": "a"}]}'


def post(transport: Transport, times: int = 1) -> list[Response]:
    async def run() -> list[Response]:
        responses = [await transport.post(BODY) for _ in range(times)]
        await transport.close()
        return responses

    return asyncio.run(run())


def test_a_response_holds_the_bytes_that_came() -> None:
    turn = Turn(body=b'{"choices": [ ]}\n')
    with FakeEndpoint(lambda prompt, times: turn) as endpoint:
        (response,) = post(RawTransport(endpoint.url, 5.0, 1))
    assert (response.status, response.body, response.sent) == (200, turn.body, True)
    assert response.latency_s > 0


def test_an_error_is_a_response_too_and_is_not_asked_again() -> None:
    with FakeEndpoint(lambda prompt, times: error(503, "busy", retry_after="7")) as endpoint:
        (response,) = post(RawTransport(endpoint.url, 5.0, 1))
        assert endpoint.asked == {"a": 1}
    assert (response.status, response.retry_after_s) == (503, 7.0)
    assert b"busy" in response.body


def test_a_body_that_drips_for_longer_than_the_time_out_is_a_time_out() -> None:
    with FakeEndpoint(lambda prompt, times: Turn(delay_s=3)) as endpoint:
        (response,) = post(RawTransport(endpoint.url, 0.2, 1))
    assert (response.status, response.detail, response.sent) == (None, "no answer within 0.2 s", True)


def test_a_connection_that_is_refused_was_never_sent() -> None:
    (response,) = post(RawTransport("http://127.0.0.1:9", 5.0, 1))
    assert (response.status, response.sent) == (None, False)
    assert "Cannot connect to host 127.0.0.1:9" in response.detail


def test_a_connection_that_breaks_off_was_sent() -> None:
    with FakeEndpoint(lambda prompt, times: Turn(drop=True)) as endpoint:
        (response,) = post(RawTransport(endpoint.url, 5.0, 1))
    assert (response.status, response.sent) == (None, True)
    assert response.detail


def test_a_kept_connection_that_breaks_off_is_a_response_and_not_asked_again() -> None:
    with FakeEndpoint(
        lambda prompt, times: Turn(drop=times > 1, body=b"" if times > 1 else None)
    ) as endpoint:
        whole, cut = post(RawTransport(endpoint.url, 5.0, 1), times=2)
        assert endpoint.ports == [endpoint.ports[0]] * 2
        assert endpoint.asked == {"a": 2}
    assert (whole.status, cut.status, cut.sent) == (200, None, True)


def test_a_request_is_not_sent_on_to_where_an_endpoint_has_moved() -> None:
    moved = "http://me:secret@127.0.0.1/v1/chat/completions?\u20ac"
    turn = Turn(status=307, headers={"Location": moved}, body=b"moved")
    with FakeEndpoint(lambda prompt, times: turn) as endpoint:
        (response,) = post(RawTransport(endpoint.url, 5.0, 1))
        assert endpoint.asked == {"a": 1}
    assert (response.status, response.body) == (307, b"moved")
    assert response.detail == moved.replace("me:secret@", "")


def test_without_a_key_none_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with FakeEndpoint() as endpoint:
        post(RawTransport(endpoint.url, 5.0, 1))
    assert endpoint.headers[0].get("Authorization") in (None, "Bearer none")


def test_a_secret_in_a_body_or_an_error_is_blotted_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789abcdef")
    begun = time.perf_counter()
    assert whole_response(begun, 200, b"it is sk-0123456789abcdef!", {}).body == b"it is [key]!"
    assert "sk-" not in broken_response(begun, aiohttp.ClientError("sk-0123456789abcdef"), 1.0).detail
    refused = aiohttp.ClientError("407, url='http://me:secret@proxy:3128'")
    assert broken_response(begun, refused, 1.0).detail == "ClientError: 407, url='http://proxy:3128'"


def test_a_key_that_is_a_word_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    assert whole_response(time.perf_counter(), 200, b"none of the boxes", {}).body == b"none of the boxes"


@pytest.fixture
def certificate(tmp_path: Path) -> ssl.SSLContext:
    """The context of a server with a certificate of its own."""
    words = ["-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1"]
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    try:
        subprocess.run(["openssl", "req", *words, *files], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs the command openssl")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    return context


def test_tls_to_a_port_without_it_is_said_at_once() -> None:
    with FakeEndpoint() as endpoint:
        (response,) = post(RawTransport(endpoint.url.replace("http:", "https:"), 5.0, 1))
    assert (response.sent, response.wrong) == (False, True)
    assert response.detail == "the endpoint speaks no TLS: write http:// in base_url"


def test_tls_to_a_port_that_waits_for_a_line_is_said_soon() -> None:
    async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer a request of HTTP; to a handshake, which has no line, say nothing."""
        if (await reader.readline()).endswith(b"HTTP/1.0\r\n"):
            writer.write(b"HTTP/1.0 404 Not Found\r\n\r\n")
        writer.close()

    async def run() -> Response:
        server = await asyncio.start_server(waits, "127.0.0.1", 0)
        transport = RawTransport(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", 0.5, 1)
        response = await transport.post(BODY)
        await transport.close()
        server.close()
        return response

    response = asyncio.run(run())
    assert response.wrong
    assert response.detail == "the endpoint speaks no TLS: write http:// in base_url"


def test_no_tls_to_a_port_that_wants_it_and_a_certificate_that_nobody_trusts_are_said_at_once(
    certificate: ssl.SSLContext,
) -> None:
    async def run(scheme: str) -> Response:
        server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0, ssl=certificate)
        transport = RawTransport(f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", 5.0, 1)
        response = await transport.post(BODY)
        await transport.close()
        server.close()
        return response

    plain, untrusted = asyncio.run(run("http")), asyncio.run(run("https"))
    assert "certificate is not trusted" in untrusted.detail
    assert untrusted.wrong
    assert (plain.detail, plain.wrong) == ("the endpoint speaks TLS: write https:// in base_url", True)


def asked_of(answer: Handler, timeout_s: float, stop_when: str | None = None, path: str = "/") -> Response:
    """Return the response of a server that streams."""

    async def run() -> Response:
        application = web.Application()
        application.router.add_post("/{path:.*}", answer)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}{path}"
        transport = RawTransport(url, timeout_s, 1, "usage", stop_when)
        response = await transport.post(BODY)
        await transport.close()
        await runner.cleanup()
        return response

    return asyncio.run(run())


def test_where_answers_stream_a_time_out_counts_silence() -> None:
    async def drips(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        for piece in "abcdef":
            await asyncio.sleep(0.15)
            event = {"choices": [{"delta": {"content": piece}}]}
            await answer.write(b"data: " + json.dumps(event).encode() + b"\n\n")
        await asyncio.sleep(5.0 if request.path.startswith("/dead") else 0.0)
        await answer.write(b"data: [DONE]\n\n")
        return answer

    whole, dead = asked_of(drips, 0.5, path="/slow"), asked_of(drips, 0.5, path="/dead")
    assert json.loads(whole.body)["choices"][0]["message"]["content"] == "abcdef"
    assert (dead.status, dead.detail) == (None, "no answer within 0.5 s")


@pytest.mark.parametrize(("stop_when", "failure"), [("repeating", "truncated"), (None, None)])
def test_a_stream_that_only_repeats_itself_is_left_if_that_is_wanted(
    stop_when: str | None, failure: str | None
) -> None:
    async def rambles(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        for number in range(500):
            text = json.dumps({"choices": [{"delta": {"content": " and again," if number else "So 4"}}]})
            await answer.write(b"data: " + text.encode() + b"\n\n")
            await asyncio.sleep(0.001)
        last = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
        await answer.write(b"data: " + json.dumps(last).encode() + b"\n\ndata: [DONE]\n\n")
        return answer

    parsed = parse_body(asked_of(rambles, 30.0, stop_when).body)
    assert isinstance(parsed, ParsedCompletion)
    assert parsed.failure == failure
    assert (len(parsed.text or "") < 499 * len(" and again,")) is (stop_when is not None)
