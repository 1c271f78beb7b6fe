"""A pending request, from the queue to the ledger and to its replies."""

import math
import sqlite3
import time
from pathlib import Path

import orjson
from hypothesis import given
from hypothesis import strategies as st

from thoughtmill.factory.ledger import AttemptRow, FailureRow, Ledger, ResultRow
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.endpoint.bodies import ParsedCompletion, parse_body
from thoughtmill.factory.teachers.endpoint.faults import About, Fault
from thoughtmill.factory.teachers.endpoint.pending import PendingRequest, RetryQueue, WriteBatch, reply
from thoughtmill.factory.teachers.endpoint.prices import Price
from thoughtmill.factory.teachers.endpoint.request_keys import RequestKeys
from thoughtmill.factory.teachers.endpoint.responses import Response
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings

REQUEST = Request(
    {"problem_id": "p"}, "pot", 2, ({"role": "user", "content": "2 + 2?"},), {"model": "tiny", "seed": 2}
)
BODY = orjson.dumps(
    {
        "model": "tiny-0613",
        "choices": [{"message": {"content": "ans = 4"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10},
    }
)


KEYS = RequestKeys(EndpointSettings(base_url="https://api.example.com", model="other"))


def pending(*requests: Request) -> PendingRequest:
    key, parameters = KEYS.keyed(REQUEST)
    return PendingRequest(key, parameters, list(requests or (REQUEST,)), tokens=10, most_usd=0.0)


def completed() -> ParsedCompletion:
    read = parse_body(BODY)
    assert isinstance(read, ParsedCompletion)
    return read


def test_the_model_of_the_settings_is_for_requests_that_name_none() -> None:
    assert pending().model == "tiny"
    bare = Request({}, "pot", 0, REQUEST.messages)
    assert KEYS.keyed(bare)[1] == {"model": "other"}


def test_the_body_is_messages_and_parameters_and_nothing_of_the_problem() -> None:
    assert orjson.loads(pending().body()) == {
        "model": "tiny",
        "seed": 2,
        "messages": [{"role": "user", "content": "2 + 2?"}],
    }


def test_a_result_says_what_was_asked_what_came_and_what_it_cost() -> None:
    result = pending().result("here", completed(), Response(200, BODY, 0.25), Price(prompt=1, completion=10))
    assert (result.endpoint, result.model, result.thought, result.finish_reason) == (
        "here",
        "tiny",
        "pot",
        "stop",
    )
    assert (result.prompt_tokens, result.cached_tokens, result.completion_tokens) == (100, None, 10)
    assert result.cost_usd == 0.0002
    assert result.latency_s == 0.25
    assert result.body == BODY
    assert abs(result.answered_at - time.time()) < 60


def test_a_cost_without_a_price_is_unknown() -> None:
    assert pending().result("here", completed(), Response(200, BODY, 0.25), None).cost_usd is None


def test_a_reply_is_the_same_when_bought_and_when_found_in_the_ledger() -> None:
    result = pending().result("here", completed(), Response(200, BODY, 0.25), None)
    bought, found = reply(REQUEST, result, completed()), reply(REQUEST, result)
    assert bought == found
    assert (found.completion, found.model, found.failure) == (
        "ans = 4",
        "tiny",
        None,
    )  # the server calls it tiny-0613
    assert found.request is REQUEST


def test_a_body_that_can_no_longer_be_read_is_a_row_and_no_exception() -> None:
    result = pending().result("here", completed(), Response(200, b"{", 0.25), None)
    assert reply(REQUEST, result).failure == "unanswered"


def test_everyone_who_asked_is_told_why_there_is_no_answer() -> None:
    asked = pending(REQUEST, REQUEST)
    asked.attempts = 3
    replies = asked.replies(asked.failure(Fault(About.MOMENT, "HTTP 500: oops")))
    assert [(each.failure, each.detail, each.model) for each in replies] == [
        ("unanswered", "HTTP 500: oops (after 3 attempts)", "tiny")
    ] * 2


def test_an_attempt_is_written_with_its_number_status_and_fault() -> None:
    asked = pending()
    asked.attempts = 2
    attempt = asked.attempt(Fault(About.MOMENT, "HTTP 503: busy"), Response(503, b"", 0.1))
    assert (attempt.request_key, attempt.attempt, attempt.status, attempt.detail) == (
        asked.key,
        2,
        503,
        "HTTP 503: busy",
    )


def waiting_request(name: str) -> PendingRequest:
    return PendingRequest(name, {"model": "tiny"}, [Request({}, "cot", 0, ())], tokens=1, most_usd=0.0)


def test_nothing_waits_at_first() -> None:
    queue = RetryQueue()
    assert queue.take(1e9) is None
    assert queue.due_s() == math.inf


def test_a_request_is_not_taken_before_its_time() -> None:
    queue = RetryQueue()
    queue.put(waiting_request("a"), 5.0)
    assert queue.due_s() == 5.0
    assert queue.take(4.999) is None
    taken = queue.take(5.0)
    assert taken is not None
    assert taken.key == "a"
    assert queue.take(9.0) is None


@given(st.lists(st.floats(0, 100), max_size=50))
def test_requests_come_back_in_the_order_of_their_times_and_then_of_their_coming(times: list[float]) -> None:
    queue = RetryQueue()
    for number, due_s in enumerate(times):
        queue.put(waiting_request(str(number)), due_s)
    taken = [queue.take(100.0) for _ in times]
    expected = sorted(range(len(times)), key=lambda number: (times[number], number))
    assert [int(each.key) for each in taken if each] == expected


RESULT = ResultRow("a", "here", "tiny", "cot", "s", b'{"choices": []}', "stop", 1, 0, 1, 0.1, 0.2, 1.7e9)
FAILURE = FailureRow("b", "tiny", "refused", "no", 1.7e9)


def asked_by(key: str, askers: int) -> PendingRequest:
    asked = Request({}, "cot", 0, ({"role": "user", "content": key},))
    return PendingRequest(key, {"model": "tiny"}, [asked] * askers, tokens=1, most_usd=0.0)


def test_all_that_arrived_is_written_together_and_everyone_who_asked_gets_a_reply(tmp_path: Path) -> None:
    batch = WriteBatch()
    batch.attempts.append(AttemptRow("b", 1, 400, "no", 1.7e9))
    answered, failed = asked_by("a", askers=2), asked_by("b", askers=1)
    batch.finish(answered, RESULT)
    batch.finish(failed, FAILURE)
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        batch.write(ledger)
        assert ledger.get("a") == RESULT
        assert list(ledger.failures()) == [FAILURE]
        assert ledger.shared_failures() == 0, "what failed in a run of one's own is asked again"
        assert ledger.connection.execute("SELECT count(*) FROM attempts").fetchone() == (1,)
    assert batch.finished == [answered, failed]
    assert [each.request_key for each in batch.replies] == ["a", "a", "b"]
    assert batch.replies[2].failure == "refused"


def test_where_nothing_arrived_nothing_is_written(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        other = sqlite3.connect(ledger.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        WriteBatch().write(ledger)  # would wait for the other writer
        other.close()
