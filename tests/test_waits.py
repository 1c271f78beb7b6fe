"""How long an endpoint asks to wait."""

from email.utils import formatdate

import pytest

from thoughtmill.factory.teachers.endpoint.waits import asked_to_wait_s, retry_after_s


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


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "120ms"}, 0.12),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "7.66s"}, 7.66),
        ({"x-ratelimit-remaining-tokens": "12", "x-ratelimit-reset-tokens": "7.66s"}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "10d"}, 3600.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000000030000000"}, 3600.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000000030"}, 30.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "12"}, 12.0),
        (
            {
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2001-09-09T01:46:50Z",
            },
            10.0,
        ),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, None),
        ({"x-ratelimit-remaining-requests": "0"}, None),
    ],
)
def test_a_limit_that_is_used_up_is_waited_for(headers: dict[str, str], seconds: float | None) -> None:
    asked = asked_to_wait_s(headers, now_s=1_000_000_000.0)
    assert asked == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        (b'[{"error": {"details": [{"@type": "RetryInfo", "retryDelay": "33.5s"}]}}]', 33.5),  # Gemini
        (b'{"error": {"message": "Rate limit reached. Please try again in 6m0s."}}', 360.0),  # OpenAI
        (b"No deployments available, Try again in 60 seconds.", 60.0),  # LiteLLM
        (b"Please retry after 2 minutes", 120.0),
        (b"Please try again in 5 days", 3600.0),
        (b"Please try again in a moment", None),
        (b"", None),
    ],
)
def test_a_wait_that_only_the_words_of_an_error_ask_for_is_kept(body: bytes, seconds: float | None) -> None:
    assert asked_to_wait_s({}, 0.0, body) == seconds
    assert asked_to_wait_s({"retry-after": "7"}, 0.0, body) == 7.0


def test_what_an_endpoint_asks_for_in_words_of_its_own_goes_before_its_limits() -> None:
    limits = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}
    assert asked_to_wait_s({**limits, "retry-after": "2"}, 0.0) == 2.0
