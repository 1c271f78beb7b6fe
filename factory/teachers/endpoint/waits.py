"""How long an endpoint asks to wait, in whichever header or words it says so. Pure.

`Retry-After` holds seconds or a date, `retry-after-ms` milliseconds. Rate limits have a header for what is
left of each amount, and one for when it is whole again: a duration (`6m0s`), seconds, or a date. Gemini and
gateways that drop headers say it in the body of the error.
"""

import email.utils
import re
from collections.abc import Mapping
from datetime import datetime

LIMITS = (  # headers: how much is left, and when the limit is whole again
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),  # OpenAI, Groq, Azure
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),  # OpenRouter, Together, Mistral
    ("x-ratelimit-remaining-tokens-minute", "x-ratelimit-reset-tokens-minute"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
)
UNITS_S = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "ns": 1e-9}
DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|us|ns|[dhms]))+")
IN_WORDS = re.compile(
    rb'(?:"retryDelay"\s*:\s*"|\b(?:try again|retry) (?:in|after) )((?:\d+(?:\.\d+)? ?(?:ms|[dhms]))+)',
    re.IGNORECASE,
)
PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|ns|[dhms])")
LONGEST_S = 3600.0  # longer waits are for quotas of a day, which the endpoint's words explain


def asked_to_wait_s(headers: Mapping[str, str], now_s: float, body: bytes = b"") -> float | None:
    """Return how many seconds an endpoint asks to wait, or None; `now_s` is in seconds since 1970.

    The words of an error's body count where no header says it.

    >>> asked_to_wait_s({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m0.5s"}, 0.0)
    60.5
    >>> asked_to_wait_s({}, 0.0, b"Rate limit reached. Please try again in 1m2.5s.")
    62.5
    """
    asked = retry_after_s(headers, now_s)
    if asked is None:
        asked = limited_s(headers, now_s)
    words = IN_WORDS.search(body[:10_000]) if asked is None else None
    return asked if words is None else min(_duration_s(words[1].decode()), LONGEST_S)


def limited_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """Return when the last of the limits that are used up is whole again, in seconds from now, or None."""
    waits = [
        wait_s
        for left, reset in LIMITS
        if _number(headers.get(left)) == 0 and (wait_s := _reset_s(headers.get(reset), now_s)) is not None
    ]
    return min(max(waits), LONGEST_S) if waits else None


def _reset_s(text: str | None, now_s: float) -> float | None:
    """Return the seconds until a reset: a duration, seconds, a time since 1970, or a date."""
    if text is None:
        return None
    if DURATION.fullmatch(text):
        return _duration_s(text)
    number = _number(text)
    if number is not None:
        since = number / 1000 if number > 1e11 else number  # OpenRouter gives milliseconds
        return max(0.0, since - now_s) if since > 1e8 else since
    try:
        return max(0.0, datetime.fromisoformat(text).timestamp() - now_s)
    except (ValueError, OverflowError):
        return None


def _duration_s(text: str) -> float:
    return sum(float(amount) * UNITS_S[unit] for amount, unit in PART.findall(text.replace(" ", "").lower()))


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
