"""The window of requests in flight, under a simulated clock: no test here waits."""

import heapq
import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thoughtmill.factory.teachers.endpoint.window import ConcurrencyWindow


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
        self.longest_s = self.longest_wait_s = 0.0

    def run(self, seconds: float) -> int:
        """Keep the window full for so long; return the answers."""
        answers, end_s = 0, self.now_s + seconds
        while self.now_s < end_s:
            while self.window.open():
                begin_s = max(self.now_s, heapq.heappop(self.free))
                self.longest_wait_s = max(self.longest_wait_s, begin_s - self.now_s)
                done_s = begin_s + self.takes_s * self.chance.uniform(0.5, 1.5)
                heapq.heappush(self.free, done_s)
                heapq.heappush(self.ends, (done_s, self.now_s))
                self.window.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.window.in_flight)
            self.now_s, sent_s = heapq.heappop(self.ends)
            self.window.in_flight -= 1
            self.window.answered(sent_s, self.now_s)
            self.longest_s = max(self.longest_s, self.now_s - sent_s)
            answers += 1
        return answers


@pytest.mark.parametrize("slots", [1, 4, 32, 100])
def test_the_window_finds_the_slots_of_a_server_that_queues_and_keeps_them_busy(slots: int) -> None:
    server = SlotServer(ConcurrencyWindow.for_timeout(256, 600.0, False), slots, takes_s=1.0)
    server.run(400)
    server.most_in_flight = 0
    assert server.run(400) > 0.9 * 400 * slots
    assert server.most_in_flight <= max(4 * slots, 24), "no long queue, in which requests would time out"
    assert server.window.in_flight <= 256


def test_a_small_server_is_never_swamped() -> None:
    server = SlotServer(ConcurrencyWindow.for_timeout(256, 600.0, False), 4, takes_s=10.0)
    server.run(400)
    assert server.most_in_flight <= 16


@pytest.mark.parametrize(
    ("slots", "takes_s"), [(1, 0.5), (1, 1.0), (2, 2.0), *product((4, 8, 32), (1, 2.0, 3.0))]
)
@pytest.mark.parametrize("streams", [False, True])
def test_no_request_waits_in_the_queue_of_a_slow_server_until_it_times_out(
    slots: int, takes_s: float, streams: bool
) -> None:
    """With a time-out of 10 s: of the whole answer, or where answers stream of the wait for a slot."""
    server = SlotServer(ConcurrencyWindow.for_timeout(256, 10.0, streams), slots, takes_s)
    server.run(200)
    assert (server.longest_wait_s if streams else server.longest_s) < 10.0


def test_answers_that_take_long_without_a_queue_do_not_narrow_the_window() -> None:
    """As those of a reasoning model, which take a good part of the time-out."""
    server = SlotServer(ConcurrencyWindow.for_timeout(64, 600.0, False), 5000, takes_s=120.0)
    server.run(120 * 20)
    assert server.window.limit == 64


@pytest.mark.parametrize("most", [256, 1024])
def test_a_large_server_has_the_whole_window_within_a_few_round_trips(most: int) -> None:
    server = SlotServer(ConcurrencyWindow(most), 5000, takes_s=1.0)
    server.run(4.0)
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
