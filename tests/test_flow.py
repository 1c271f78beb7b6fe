"""The flow of requests under a simulated clock: no test here waits, and none needs a network."""

import heapq
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thoughtmill.factory.teachers.endpoint.flow import (
    CircuitBreaker,
    ConcurrencyWindow,
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


@given(most=st.integers(1, 2000), signs=st.lists(st.sampled_from(["answer", "overload"]), max_size=300))
def test_the_window_stays_between_one_and_the_most(most: int, signs: list[str]) -> None:
    window = ConcurrencyWindow(most)
    for now_s, sign in enumerate(signs):
        if sign == "answer":
            window.answered(now_s - 0.5, now_s)
        else:
            window.overloaded(now_s, now_s)
        assert 1 <= window.limit <= most


def test_requests_that_were_overloaded_together_narrow_the_window_once() -> None:
    window = ConcurrencyWindow(64)
    window.limit = 64.0
    for _ in range(40):
        window.overloaded(sent_s=1.0, now_s=2.0)
    assert window.limit == pytest.approx(64 * 0.7)
    window.overloaded(sent_s=2.5, now_s=3.0)
    assert window.limit == pytest.approx(64 * 0.7 * 0.7)


def test_after_an_overload_the_answers_of_a_round_trip_widen_the_window_by_one() -> None:
    window = ConcurrencyWindow(1000)
    window.limit = 500.0
    window.overloaded(0.0, 0.0)
    before = window.limit
    for _ in range(int(before)):
        window.answered(0.0, 1.0)
    assert before + 0.9 < window.limit <= before + 1


class SlotServer:
    """A server with slots and a queue, under a simulated clock; a request takes `takes_s` in a slot."""

    def __init__(self, window: ConcurrencyWindow, slots: int, takes_s: float) -> None:
        self.window, self.takes_s, self.chance = window, takes_s, random.Random("server")
        self.free = [0.0] * slots  # when each slot is free
        self.ends: list[tuple[float, float]] = []
        self.now_s = 0.0
        self.most_in_flight = 0

    def run(self, seconds: float) -> int:
        """Keep the window full for so long; return the answers."""
        answers, end_s = 0, self.now_s + seconds
        while self.now_s < end_s:
            while self.window.open():
                begin_s = max(self.now_s, heapq.heappop(self.free))
                done_s = begin_s + self.takes_s * self.chance.uniform(0.5, 1.5)
                heapq.heappush(self.free, done_s)
                heapq.heappush(self.ends, (done_s, self.now_s))
                self.window.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.window.in_flight)
            self.now_s, sent_s = heapq.heappop(self.ends)
            self.window.in_flight -= 1
            self.window.answered(sent_s, self.now_s)
            answers += 1
        return answers


@pytest.mark.parametrize("slots", [1, 4, 32, 100])
def test_the_window_finds_the_slots_of_a_server_that_queues_and_keeps_them_busy(slots: int) -> None:
    server = SlotServer(ConcurrencyWindow(256), slots, takes_s=1.0)
    server.run(400)
    server.most_in_flight = 0
    assert server.run(400) > 0.9 * 400 * slots
    assert server.most_in_flight <= max(4 * slots, 24), "no long queue, in which requests would time out"
    assert server.window.in_flight <= 256


def test_a_small_server_is_never_swamped() -> None:
    server = SlotServer(ConcurrencyWindow(256), 4, takes_s=10.0)
    server.run(400)
    assert server.most_in_flight <= 64


@pytest.mark.parametrize("most", [256, 1024])
def test_a_large_server_has_the_whole_window_within_a_few_round_trips(most: int) -> None:
    server = SlotServer(ConcurrencyWindow(most), 5000, takes_s=1.0)
    server.run(3.0)
    assert server.window.limit == most
    assert server.run(50) > 0.97 * 50 * most


def test_a_run_takes_little_longer_than_with_the_whole_window_from_the_start() -> None:
    window, chance, ends = ConcurrencyWindow(256), random.Random("latency"), list[tuple[float, float]]()
    now_s, sent, answers = 0.0, 0, 0
    while answers < 5000:
        while sent < 5000 and window.open():
            heapq.heappush(ends, (now_s + 0.3 * chance.uniform(0.5, 1.5), now_s))
            window.in_flight, sent = window.in_flight + 1, sent + 1
        now_s, sent_s = heapq.heappop(ends)
        window.in_flight, answers = window.in_flight - 1, answers + 1
        window.answered(sent_s, now_s)
    assert 0.88 * now_s < 5000 * 0.3 / 256


def test_a_server_that_grows_is_noticed() -> None:
    server = SlotServer(ConcurrencyWindow(256), 4, takes_s=1.0)
    server.run(200)
    for _ in range(60):
        heapq.heappush(server.free, server.now_s)
    server.run(400)
    assert server.window.limit >= 64


@pytest.mark.parametrize("capacity", [8, 32, 128])
def test_the_window_finds_what_a_server_can_take(capacity: int) -> None:
    """A server that refuses what is above its capacity, for 200 s of simulated time."""
    window, chance, arrivals = (
        ConcurrencyWindow(256),
        random.Random("server"),
        list[tuple[float, float, bool]](),
    )
    now_s, served, refused = 0.0, 0, 0
    while now_s < 200:
        while window.open():
            accepted = sum(ok for *_, ok in arrivals) < capacity
            heapq.heappush(
                arrivals, (now_s + (chance.uniform(0.5, 1.5) if accepted else 0.05), now_s, accepted)
            )
            window.in_flight += 1
        now_s, sent_s, accepted = heapq.heappop(arrivals)
        window.in_flight -= 1
        if accepted:
            window.answered(sent_s, now_s)
        else:
            window.overloaded(sent_s, now_s)
        served, refused = served + accepted, refused + (not accepted)
    assert served > 0.6 * capacity * 200
    assert refused < 0.25 * served


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
