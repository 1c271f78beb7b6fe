"""The transport, against a real server; it is driven end to end in test_engine."""

import asyncio
import time
from email.utils import formatdate

import aiohttp
import pytest

from tests.fake_endpoint import FakeEndpoint, Turn, error
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.teachers.endpoint.responses import Response
from thoughtmill.factory.teachers.endpoint.transport import (
    RawTransport,
    Transport,
    api_key,
    broken_response,
    proxy_of,
    retry_after_s,
    whole_response,
)

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


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://api.example.com/v1", "http://proxy:3128"),
        ("http://api.example.com/v1", None),
        ("https://gpu.inside:8000/v1", None),
        ("https://localhost:8000/v1", None),
    ],
)
def test_a_proxy_is_the_one_the_environment_names(
    url: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "localhost,.inside")
    assert proxy_of(url) == proxy


def test_a_secret_in_a_body_or_an_error_is_blotted_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789abcdef")
    begun = time.perf_counter()
    assert whole_response(begun, 200, b"it is sk-0123456789abcdef!", {}).body == b"it is [key]!"
    assert "sk-" not in broken_response(begun, aiohttp.ClientError("sk-0123456789abcdef"), 1.0).detail
    refused = aiohttp.ClientError("407, url='http://me:secret@proxy:3128'")
    assert broken_response(begun, refused, 1.0).detail == "ClientError: 407, url='http://proxy:3128'"


def test_a_key_read_from_a_file_may_end_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789\n")
    assert api_key() == "sk-0123456789"
    monkeypatch.setenv("OPENAI_API_KEY", "\n")
    assert api_key() is None


@pytest.mark.parametrize("key", ["sk-0123\u00e9456789", "sk-012345\n6789", "sk-\u20ac"])
def test_a_key_that_cannot_be_one_is_refused_and_not_repeated(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(
        ThoughtmillError, match="OPENAI_API_KEY holds characters that no key can have"
    ) as caught:
        api_key()
    assert key not in str(caught.value)


def test_a_key_that_is_a_word_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    assert whole_response(time.perf_counter(), 200, b"none of the boxes", {}).body == b"none of the boxes"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "20"}, 20.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Mon, 32 Jan 99999 10:00:00 GMT"}, None),
        ({"retry-after": "Mon, 01 Foo 2026 10:00:00 GMT"}, None),
        ({"retry-after": formatdate(1_000_060, usegmt=True)}, 60.0),
        ({"retry-after": formatdate(999_000, usegmt=True)}, 0.0),
    ],
)
def test_what_an_endpoint_asks_to_wait_is_read_in_every_form(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after_s(headers, now_s=1_000_000.0) == seconds
