"""The flow of requests under a simulated clock: no test here waits, and none needs a network."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thoughtmill.factory.teachers.endpoint.flow import (
    CircuitBreaker,
    Flow,
    RateLimiter,
    backoff_s,
    longest_backoff_s,
)
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings

GAPS = st.lists(st.floats(0, 90, allow_nan=False), min_size=1, max_size=200)


def flow(
    most: int = 8, requests: float | None = None, tokens: float | None = None, breaker_after: int = 5
) -> Flow:
    chosen = {"max_concurrency": most, "requests_per_minute": requests, "tokens_per_minute": tokens}
    return Flow(
        EndpointSettings.model_validate(chosen | {"breaker_after": breaker_after, "backoff_s": 1.0}), 0.0
    )


@given(per_minute=st.floats(1, 5000), gaps=GAPS)
def test_no_minute_ever_holds_more_requests_than_the_limit(per_minute: float, gaps: list[float]) -> None:
    pace, now_s, sent = RateLimiter(per_minute, 0.0), 0.0, list[float]()
    for gap in gaps:
        now_s += gap / 10
        now_s += pace.wait_s(1, now_s)
        pace.take(1, now_s)
        sent.append(now_s)
    for begin in sent:
        assert sum(begin <= at < begin + 60 for at in sent) <= per_minute + 1e-6


@settings(max_examples=20, deadline=None)
@given(per_minute=st.floats(120, 5000))
def test_a_limit_is_used_nearly_in_full(per_minute: float) -> None:
    pace, now_s, count = RateLimiter(per_minute, 0.0), 0.0, 0
    while now_s < 120:
        now_s += pace.wait_s(1, now_s)
        pace.take(1, now_s)
        count += 1
    assert count >= 0.95 * 2 * per_minute


@given(per_minute=st.floats(60, 1e6), amounts=st.lists(st.integers(1, 5000), min_size=1, max_size=100))
def test_an_amount_above_a_seconds_share_is_paid_off_before_the_next(
    per_minute: float, amounts: list[int]
) -> None:
    pace, now_s, taken = RateLimiter(per_minute, 0.0), 0.0, 0
    for amount in amounts:
        now_s += pace.wait_s(amount, now_s)
        assert pace.wait_s(amount, now_s) < 1e-6
        pace.take(amount, now_s)
        taken += amount
    assert taken <= per_minute * (now_s + 1) / 60 + max(amounts) + 1e-6


def test_what_was_not_used_is_given_back_but_never_saved_up() -> None:
    pace = RateLimiter(6000, 0.0)
    pace.take(100, 0.0)
    assert pace.wait_s(50, 0.0) > 0
    pace.take(-80, 0.0)
    assert pace.wait_s(50, 0.0) == 0
    pace.take(-10_000, 0.0)
    assert pace.level == pace.size == 100


def breaker(most: int = 5) -> CircuitBreaker:
    return CircuitBreaker(most, lambda failures: longest_backoff_s(failures, 1.0, 60.0))


def test_a_breaker_opens_after_so_many_failures_in_a_row() -> None:
    broken = breaker(most=3)
    for now_s in (1.0, 2.0, 3.0):
        assert not broken.open
        broken.failed(now_s - 0.5, now_s - 0.5, now_s)
    assert broken.open


def test_an_answer_closes_it_again() -> None:
    broken = breaker(most=3)
    for now_s in (1.0, 2.0):
        broken.failed(now_s - 0.5, now_s - 0.5, now_s)
    broken.answered(2.5)
    broken.failed(2.6, 2.6, 3.0)
    assert broken.failures == 1
    assert not broken.probing


def test_all_that_was_in_flight_when_a_server_fell_over_is_one_failure() -> None:
    broken = breaker(most=3)
    for number in range(256):
        broken.failed(0.0, 0.0, 1.0 + number / 1000)
    assert broken.failures == 1


def test_a_request_that_fails_while_others_are_answered_is_its_own_fault() -> None:
    broken = breaker(most=3)
    broken.answered(5.0)
    for attempt in range(20):
        broken.failed(first_sent_s=1.0, sent_s=6.0 + attempt, now_s=6.5 + attempt)
    assert broken.failures == 0


@given(st.lists(st.floats(0, 10), min_size=2, max_size=30))
def test_pauses_grow_and_never_shrink_while_nothing_is_answered(gaps: list[float]) -> None:
    broken, now_s, pauses = breaker(most=1000), 0.0, list[float]()
    for gap in gaps:
        sent_s = max(now_s, broken.until_s)
        now_s = sent_s + gap
        broken.failed(sent_s, sent_s, now_s)
        pauses.append(round(max(0.0, broken.until_s - now_s), 6))
    assert pauses[0] == 0
    assert pauses[1:] == sorted(pauses[1:])
    assert max(pauses) <= 60


def test_a_failing_endpoint_is_probed_with_one_request_at_a_time() -> None:
    watched = flow(most=8)
    for now_s in (1.0, 2.0):
        watched.breaker.failed(now_s, now_s, now_s)
    assert watched.wait_s(10, 2.0) == 1.0
    watched.sent(10, 3.0)
    assert watched.wait_s(10, 3.0) == math.inf
    watched.received()
    watched.answered(0, 3.0, 4.0)
    assert watched.wait_s(10, 4.0) == 0


def test_a_full_window_waits_for_an_answer() -> None:
    watched = flow(most=2)
    for _ in range(2):
        assert watched.wait_s(1, 0.0) == 0
        watched.sent(1, 0.0)
    assert watched.wait_s(1, 0.0) == math.inf
    watched.received()
    assert watched.wait_s(1, 0.0) == 0


@given(asked=st.floats(0.001, 1e5), later=st.floats(0, 1))
def test_retry_after_holds_everything_until_then(asked: float, later: float) -> None:
    watched = flow()
    watched.overloaded(0.0, 10.0, asked)
    assert watched.wait_s(1, 10.0 + asked * later) >= asked * (1 - later) - 1e-6
    assert watched.wait_s(1, 10.0 + asked * 1.0001) == 0


def test_the_longer_of_two_waits_counts() -> None:
    watched = flow()
    watched.overloaded(0.0, 0.0, 30.0)
    watched.overloaded(0.0, 1.0, 5.0)
    assert watched.wait_s(1, 1.0) == 29.0


def test_both_limits_per_minute_hold() -> None:
    watched = flow(most=100, requests=60, tokens=60_000)
    watched.sent(1000, 0.0)
    by_tokens = watched.wait_s(1000, 0.0)
    assert by_tokens == pytest.approx(60 / 59, rel=0.01)
    assert watched.wait_s(1, 0.0) == pytest.approx(60 / 59, rel=0.01)
    watched.received()
    watched.answered(900, 0.0, 0.0)
    assert watched.wait_s(500, 0.5) < by_tokens


@given(st.integers(1, 500), st.floats(0, 10), st.floats(0, 100), st.integers())
def test_backoff_is_anything_up_to_the_longest(
    failures: int, base_s: float, most_s: float, seed: int
) -> None:
    longest = longest_backoff_s(failures, base_s, most_s)
    assert 0 <= backoff_s(failures, base_s, most_s, random.Random(seed)) <= longest <= most_s
    assert longest <= longest_backoff_s(failures + 1, base_s, most_s)


def test_requests_that_failed_together_do_not_come_back_together() -> None:
    waits = [backoff_s(6, 0.5, 60.0, random.Random(f"{number}/6")) for number in range(1000)]
    assert max(sum(low <= wait < low + 1 for wait in waits) for low in range(16)) < 130
    assert max(waits) > 15
    assert min(waits) < 1
