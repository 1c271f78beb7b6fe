"""A row, from request to ledger and reply."""

import time

import orjson

from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.endpoint.deliveries import Completed, Delivery, Fault, Remedy, completion
from thoughtmill.factory.teachers.endpoint.money import Price
from thoughtmill.factory.teachers.endpoint.rows import Row, keyed, reply

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


def row(*requests: Request) -> Row:
    key, parameters = keyed(REQUEST, "https://api.example.com", "other")
    return Row(key, parameters, list(requests or (REQUEST,)), tokens=10, most_usd=0.0)


def completed() -> Completed:
    read = completion(BODY)
    assert isinstance(read, Completed)
    return read


def test_the_model_of_the_settings_is_for_requests_that_name_none() -> None:
    assert row().model == "tiny"
    bare = Request({}, "pot", 0, REQUEST.messages)
    assert keyed(bare, "https://api.example.com", "other")[1] == {"model": "other"}


def test_the_body_is_messages_and_parameters_and_nothing_of_the_problem() -> None:
    assert orjson.loads(row().body()) == {
        "model": "tiny",
        "seed": 2,
        "messages": [{"role": "user", "content": "2 + 2?"}],
    }


def test_a_result_says_what_was_asked_what_came_and_what_it_cost() -> None:
    result = row().result("here", completed(), Delivery(200, BODY, 0.25), Price(prompt=1, completion=10))
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
    assert row().result("here", completed(), Delivery(200, BODY, 0.25), None).cost_usd is None


def test_a_reply_is_the_same_when_bought_and_when_found_in_the_ledger() -> None:
    result = row().result("here", completed(), Delivery(200, BODY, 0.25), None)
    bought, found = reply(REQUEST, result, completed()), reply(REQUEST, result)
    assert bought == found
    assert (found.completion, found.model, found.failure) == ("ans = 4", "tiny-0613", None)
    assert found.request is REQUEST


def test_a_body_that_can_no_longer_be_read_is_a_row_and_no_exception() -> None:
    result = row().result("here", completed(), Delivery(200, b"{", 0.25), None)
    assert reply(REQUEST, result).failure == "unanswered"


def test_everyone_who_asked_is_told_why_there_is_no_answer() -> None:
    asked = row(REQUEST, REQUEST)
    asked.attempts = 3
    replies = asked.replies(asked.failure(Fault(Remedy.AGAIN, "HTTP 500: oops")))
    assert [(each.failure, each.detail, each.model) for each in replies] == [
        ("unanswered", "HTTP 500: oops (after 3 attempts)", "tiny")
    ] * 2


def test_an_attempt_is_written_with_its_number_status_and_fault() -> None:
    asked = row()
    asked.attempts = 2
    attempt = asked.attempt(Fault(Remedy.AGAIN, "HTTP 503: busy"), Delivery(503, b"", 0.1))
    assert (attempt.request_key, attempt.attempt, attempt.status, attempt.detail) == (
        asked.key,
        2,
        503,
        "HTTP 503: busy",
    )
