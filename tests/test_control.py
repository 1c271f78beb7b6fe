"""What a run may send and what becomes of faults, under a simulated clock."""

import heapq
import itertools
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thoughtmill.factory.ledger import ResultRow
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.endpoint.control import Control, GiveUp, Retry, StopRun, advice
from thoughtmill.factory.teachers.endpoint.faults import About, Fault
from thoughtmill.factory.teachers.endpoint.pending import PendingRequest
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings

OOPS = Fault(About.MOMENT, "HTTP 500: oops")
BUSY = Fault(About.MOMENT, "HTTP 429: slow down", overload=True, outage=True)
PRICES = {"tiny": {"prompt": 1.0, "completion": 1.0}}


def control(**chosen: Any) -> Control:
    defaults = {
        "base_url": "http://here",
        "prices": PRICES,
        "backoff_s": 1.0,
        "max_attempts": 3,
        "breaker_after": 4,
    }
    return Control(EndpointSettings.model_validate(defaults | chosen), 0.0, total=None)


def row(most_usd: float = 0.0, key: str = "k") -> PendingRequest:
    return PendingRequest(key, {"model": "tiny"}, [Request({}, "cot", 0, ())], tokens=100, most_usd=most_usd)


def result(cost_usd: float | None) -> ResultRow:
    return ResultRow("k", "here", "tiny", "cot", "sha", b"", "stop", 10, None, 5, cost_usd, 0.1, 0.0)


def test_a_fault_that_passes_is_asked_again_later_up_to_the_limit() -> None:
    run, asked, now_s = control(), row(), 0.0
    for longest in (1.0, 2.0):
        run.sent(asked, now_s)
        decision = run.failed(asked, OOPS, None, now_s + 0.1)
        assert isinstance(decision, Retry)
        assert 0 <= decision.at_s - (now_s + 0.1) <= longest
        now_s = decision.at_s
    run.sent(asked, now_s)
    assert run.failed(asked, OOPS, None, now_s) == GiveUp()
    assert run.counters.of("cot").failed == 1


def test_retry_after_is_never_shortened() -> None:
    run, asked = control(), row()
    run.sent(asked, 0.0)
    decision = run.failed(asked, BUSY, 30.0, 1.0)
    assert run.counters.pause_s == 31.0
    assert isinstance(decision, Retry)
    assert decision.at_s >= 31.0
    assert run.wait_s(row(key="other"), 1.0) == 30.0


def test_the_same_failure_waits_the_same_in_every_run_and_two_rows_differ() -> None:
    decisions = []
    for key in ("a", "a", "b"):
        run, asked = control(), row(key=key)
        run.sent(asked, 0.0)
        decisions.append(run.failed(asked, OOPS, None, 0.0))
    assert decisions[0] == decisions[1] != decisions[2]


def test_a_fatal_answer_stops_with_its_own_words() -> None:
    run, asked = control(), row()
    run.sent(asked, 0.0)
    decision = run.failed(asked, Fault(About.KEY, "HTTP 401: bad key"), None, 0.1)
    assert decision == StopRun("http://here refuses: HTTP 401: bad key")


@pytest.mark.parametrize(
    ("detail", "names", "line"),
    [
        ("HTTP 400: temperature must be non-negative", frozenset(), "`temperature: null`"),
        ("HTTP 400: a seed and temperature", frozenset({"seed"}), "`seed: null`"),
        ("HTTP 400: temperatures differ", frozenset(), ""),
    ],
)
def test_advice_names_the_parameter_that_a_refusal_quotes_or_else_says(
    detail: str, names: frozenset[str], line: str
) -> None:
    parameters = {"model": "tiny", "seed": 1, "temperature": 0.0}
    asked = PendingRequest("k", parameters, [Request({}, "cot", 0, ())], tokens=1, most_usd=0.0)
    said = advice(asked, Fault(About.UNKNOWN, detail, names=names))
    assert said == (
        f"; to leave it out, set {line} in params.yaml under generate.sampling.cot" if line else ""
    )


def test_advice_names_the_parameter_as_it_is_in_params_though_another_name_was_sent() -> None:
    request = Request({}, "cot", 0, (), {"temperature": 0.0, "max_tokens": 9, "thinking_tokens": 5})
    sent = {"model": "o3", "max_completion_tokens": 9, "thinking_budget": 5}
    asked = PendingRequest("k", sent, [request], tokens=1, most_usd=0.0)
    for name, ours in {"max_completion_tokens": "max_tokens", "thinking_budget": "thinking_tokens"}.items():
        said = advice(asked, Fault(About.UNKNOWN, f"HTTP 400: {name} is too large"))
        assert f"set `{ours}: null` in params.yaml" in said


def test_a_row_that_can_never_be_answered_is_over_at_once() -> None:
    run, asked = control(), row()
    run.sent(asked, 0.0)
    assert run.failed(asked, Fault(About.ROW, "too long"), None, 0.1) == GiveUp()


def test_enough_failures_in_a_row_stop_the_run() -> None:
    run = control(breaker_after=3)
    for number in range(3):
        asked = row(key=str(number))
        run.sent(asked, float(number))
        decision = run.failed(asked, OOPS, None, number + 0.5)
    assert isinstance(decision, StopRun)
    assert "failed 3 times in a row, the last time with: HTTP 500: oops" in decision.why
    assert decision.why.endswith("if it fails these requests alone, raise breaker_after")


def test_rows_that_fail_alone_at_the_end_of_a_run_end_one_by_one() -> None:
    run, now_s = control(max_attempts=8, breaker_after=3), 0.0
    for key in ("a", "b"):
        asked = row(key=key)
        for attempt in range(1, 9):
            now_s = max(now_s + 1.0, run.flow.breaker.until_s)
            run.sent(asked, now_s)
            decision = run.failed(asked, OOPS, None, now_s + 0.5)
            assert isinstance(decision, Retry if attempt < 8 else GiveUp)
    assert run.flow.breaker.failures == 2


def test_rows_that_are_all_that_is_left_to_ask_do_not_stop_a_run_with_answers() -> None:
    run, answered = control(breaker_after=3, max_attempts=2), row(key="good")
    run.sent(answered, 0.0)
    run.answered(answered, result(0.0), 0.5)
    run.asked_all = True
    for number in range(20):
        asked = row(key=str(number))
        run.sent(asked, number + 1.0)
        assert isinstance(run.failed(asked, OOPS, None, number + 1.5), Retry)
    assert run.flow.breaker.failures == 0


@pytest.mark.parametrize("fault", [OOPS, BUSY])
def test_an_endpoint_that_is_down_or_never_answered_stops_the_run_to_its_end(fault: Fault) -> None:
    run = control(breaker_after=3, max_attempts=2)
    run.asked_all = True
    run.counters.of("cot").held = int(fault is BUSY)
    for number in range(3):
        asked = row(key=str(number))
        run.sent(asked, number * 100.0)
        decision = run.failed(asked, fault, None, number * 100.0 + 0.5)
    assert isinstance(decision, StopRun)


def test_one_row_that_finds_the_endpoint_down_each_time_stops_the_run() -> None:
    run, asked = control(max_attempts=8, breaker_after=3), row()
    for now_s in (0.0, 100.0, 200.0):
        run.sent(asked, now_s)
        decision = run.failed(asked, BUSY, None, now_s + 0.5)
    assert isinstance(decision, StopRun)
    assert "raise breaker_after" not in decision.why


def test_what_a_request_can_cost_is_held_from_its_sending_to_its_answer() -> None:
    run, asked = control(max_usd=1.0), row(most_usd=0.7)
    assert run.wait_s(asked, 0.0) == 0
    run.sent(asked, 0.0)
    assert run.wait_s(row(0.7), 0.0) == math.inf
    run.answered(asked, result(0.1), 1.0)
    assert run.budget.spent_usd == pytest.approx(0.1)
    assert run.wait_s(row(0.7), 1.0) == 0


def test_a_budget_that_nothing_in_flight_can_free_stops_the_run() -> None:
    decision = control(max_usd=1.0).wait_s(row(most_usd=1.5), 0.0)
    assert isinstance(decision, StopRun)
    assert "0.0000 of 1.0000 dollars are spent and the next request may cost 1.5000" in decision.why


def test_an_answer_of_unknown_cost_counts_as_the_most_it_can_cost() -> None:
    run, asked = control(max_usd=1.0), row(most_usd=0.7)
    run.sent(asked, 0.0)
    run.answered(asked, result(None), 1.0)
    assert run.budget.spent_usd == pytest.approx(0.7)


@pytest.mark.parametrize(("billed", "spent"), [(True, 0.7), (False, 0.0)])
def test_a_fault_costs_what_it_can_if_the_endpoint_may_charge_for_it(billed: bool, spent: float) -> None:
    run, asked = control(max_usd=1.0), row(most_usd=0.7)
    run.sent(asked, 0.0)
    run.failed(asked, Fault(About.MOMENT, "cut off", billed=billed), None, 1.0)
    assert run.budget.spent_usd == pytest.approx(spent)


def test_the_counters_know_what_is_in_flight() -> None:
    run, first, second = control(), row(key="a"), row(key="b")
    run.sent(first, 0.0)
    run.sent(second, 0.0)
    assert run.counters.of("cot").in_flight == 2
    run.answered(first, result(0.1), 1.0)
    run.failed(second, OOPS, None, 1.0)
    assert (run.counters.of("cot").in_flight, run.counters.of("cot").answered, run.counters.tokens) == (
        0,
        1,
        15,
    )


ARRIVALS = st.tuples(
    st.floats(0.01, 20),
    st.sampled_from(
        [None, OOPS, BUSY, Fault(About.MOMENT, "cut off", billed=True), Fault(About.ROW, "long")]
    ),
    st.sampled_from([None, 0.5, 45.0]),
)


@settings(deadline=None)
@given(
    arrivals=st.lists(ARRIVALS, min_size=1, max_size=60), most=st.integers(1, 8), max_usd=st.floats(0.5, 30)
)
def test_whatever_an_endpoint_does_every_row_ends_in_time_within_its_attempts_and_the_budget(
    arrivals: list[tuple[float, Fault | None, float | None]], most: int, max_usd: float
) -> None:
    """Twelve rows against an endpoint that does what was drawn, again and again, in simulated time."""
    run = control(max_usd=max_usd, max_concurrency=most, breaker_after=6, requests_per_minute=240)
    unsent, waiting, flying = [row(0.7, str(n)) for n in range(12)], list[Any](), list[Any]()
    now_s, quiet_until_s, over, stopped = 0.0, 0.0, 0, False
    outcomes, numbers = itertools.cycle(arrivals), itertools.count()
    while flying or (not stopped and (unsent or waiting)):
        due = waiting[0][0] if waiting else math.inf
        asked = waiting[0][2] if due <= now_s else unsent[-1] if unsent else None
        wait_s = math.inf if stopped else due - now_s if asked is None else run.wait_s(asked, now_s)
        if isinstance(wait_s, StopRun):
            stopped = True
        elif wait_s <= 0 and asked is not None:
            assert now_s >= quiet_until_s, "Retry-After holds everything"
            (heapq.heappop(waiting) if due <= now_s else unsent.pop())
            run.sent(asked, now_s)
            latency_s, fault, retry_after_s = next(outcomes)
            heapq.heappush(flying, (now_s + latency_s, next(numbers), asked, fault, retry_after_s))
        elif flying and flying[0][0] <= now_s + wait_s:
            now_s, _, asked, fault, retry_after_s = heapq.heappop(flying)
            decision = run.failed(asked, fault, retry_after_s, now_s) if fault else None
            if fault is None:
                run.answered(asked, result(0.6), now_s)
            if fault and fault.overload:
                quiet_until_s = max(quiet_until_s, now_s + (retry_after_s or 0.0))
            if isinstance(decision, Retry):
                assert asked.attempts < 3
                assert decision.at_s >= now_s + (retry_after_s or 0.0)
                heapq.heappush(waiting, (decision.at_s, next(numbers), asked))
            stopped = stopped or isinstance(decision, StopRun)
            over += decision is None or isinstance(decision, GiveUp)
        else:
            assert wait_s < math.inf, "nothing is in flight, and nothing may ever be sent"
            now_s += max(wait_s, 1e-9)
        assert len(flying) == run.flow.window.in_flight <= most
        assert run.budget.spent_usd + run.budget.held_usd <= max_usd + 1e-9
    assert stopped or over == 12
    assert run.counters.of("cot").in_flight == 0


def test_the_tokens_of_a_request_are_estimated_for_a_limit_of_tokens_alone() -> None:
    request = Request({}, "cot", 0, ({"role": "user", "content": "x" * 400},))
    parameters = {"model": "tiny", "max_tokens": 50}
    assert control().pending(request, "k", parameters).tokens == 0
    assert control(tokens_per_minute=1000).pending(request, "k", parameters).tokens > 100 + 50
