"""The teacher `openai` against a real server on loopback."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fake_endpoint import FakeEndpoint, Turn, error
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.teachers import Reply, Request
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.openai import OpenAITeacher


def ask(text: str, sample: int = 0, **parameters: Any) -> Request:
    asked = {"model": "tiny", "temperature": 0.5, "max_tokens": 64, "seed": sample, **parameters}
    return Request({"problem": text}, "cot", sample, ({"role": "user", "content": text},), asked)


def settings(endpoint: FakeEndpoint, **chosen: Any) -> EndpointSettings:
    quick = {
        "base_url": endpoint.url,
        "backoff_s": 0.01,
        "timeout_s": 5.0,
        "max_attempts": 3,
    }
    return EndpointSettings.model_validate(quick | chosen)


def answers(teacher: OpenAITeacher, *requests: Request) -> list[Reply]:
    return sorted(teacher.complete(requests), key=lambda reply: str(reply.request.messages[-1]["content"]))


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def test_every_request_gets_its_own_completion(ledger: Path) -> None:
    with FakeEndpoint(lambda prompt, times: Turn(text=f"<{prompt}>")) as endpoint:
        teacher = OpenAITeacher(settings(endpoint), ledger)
        replies = list(teacher.complete(ask(f"p{i}") for i in range(100)))
    assert {r.completion for r in replies} == {f"<p{i}>" for i in range(100)}
    assert all(r.completion == f"<{r.request.messages[-1]['content']}>" for r in replies)
    assert sum(endpoint.asked.values()) == 100


def test_what_is_sent_is_the_messages_and_the_parameters(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-the-key-of-this-test")
    with FakeEndpoint() as endpoint:
        answers(OpenAITeacher(settings(endpoint), ledger), ask("2+2? {x} $18", top_p=None))
    assert endpoint.bodies == [
        {
            "model": "tiny",
            "temperature": 0.5,
            "max_tokens": 64,
            "seed": 0,
            "messages": [{"role": "user", "content": "2+2? {x} $18"}],
        }
    ]
    assert endpoint.headers[0]["Authorization"] == "Bearer sk-the-key-of-this-test"
    assert endpoint.headers[0]["Content-Type"] == "application/json"


def test_the_second_run_asks_nothing_and_says_the_same(ledger: Path) -> None:
    with FakeEndpoint() as endpoint:
        teacher = OpenAITeacher(settings(endpoint), ledger)
        first = answers(teacher, ask("a"), ask("b"))
        second = answers(teacher, ask("a"), ask("b"))
    assert first == second
    assert endpoint.asked == {"a": 1, "b": 1}


def test_one_problem_added_and_one_edited_ask_exactly_those(ledger: Path) -> None:
    with FakeEndpoint() as endpoint:
        teacher = OpenAITeacher(settings(endpoint), ledger)
        answers(teacher, ask("a"), ask("b"))
        answers(teacher, ask("new"), ask("a"), ask("b, edited"))
    assert endpoint.asked == {"a": 1, "b": 1, "new": 1, "b, edited": 1}


def test_more_samples_buy_only_the_new_ones(ledger: Path) -> None:
    with FakeEndpoint() as endpoint:
        teacher = OpenAITeacher(settings(endpoint), ledger)
        answers(teacher, *(ask("a", sample) for sample in range(4)))
        answers(teacher, *(ask("a", sample) for sample in range(8)))
    assert endpoint.asked == {"a": 8}
    assert sorted(body["seed"] for body in endpoint.bodies) == list(range(8))


def test_the_same_request_twice_in_one_run_is_asked_once_and_answered_twice(ledger: Path) -> None:
    with FakeEndpoint() as endpoint:
        replies = answers(OpenAITeacher(settings(endpoint), ledger), ask("a"), ask("a"), ask("b"))
    assert [reply.completion for reply in replies] == ["42", "42", "42"]
    assert endpoint.asked == {"a": 1, "b": 1}


def test_requests_are_read_as_they_are_needed(ledger: Path) -> None:
    read = 0

    def endless() -> Iterator[Request]:
        nonlocal read
        while True:
            read += 1
            yield ask(f"p{read}")

    with FakeEndpoint() as endpoint:
        replies = OpenAITeacher(settings(endpoint, max_concurrency=4), ledger).complete(endless())
        for _ in range(50):
            next(replies)
        replies.close()
    assert read <= 50 + 4 * 4


def test_a_run_never_has_more_in_flight_than_it_may(ledger: Path) -> None:
    with FakeEndpoint(lambda prompt, times: Turn(delay_s=0.02)) as endpoint:
        teacher = OpenAITeacher(settings(endpoint, max_concurrency=5), ledger)
        list(teacher.complete(ask(f"p{i}") for i in range(40)))
    assert endpoint.most_in_flight == 5


def test_a_reply_carries_usage_cost_and_latency(ledger: Path) -> None:
    prices = {"tiny": {"prompt": 1.0, "cached": 0.5, "completion": 2.0}}
    with FakeEndpoint(lambda prompt, times: Turn(delay_s=0.05)) as endpoint:
        (reply,) = answers(OpenAITeacher(settings(endpoint, prices=prices), ledger), ask("a"))
    assert (reply.prompt_tokens, reply.completion_tokens) == (10, 5)
    assert reply.cost_usd == pytest.approx((6 * 1.0 + 4 * 0.5 + 5 * 2.0) / 1e6)
    assert reply.latency_s is not None
    assert reply.latency_s >= 0.05
    assert reply.model == "tiny"  # the name that was asked, not "tiny-0613", as the server says


def test_a_wrong_key_stops_the_run_with_the_providers_own_words(ledger: Path) -> None:
    def plan(prompt: str, times: int) -> Turn:
        return error(401, "Incorrect API key") if int(prompt[1:]) > 8 else Turn(delay_s=0.1)

    with FakeEndpoint(plan) as endpoint:
        teacher = OpenAITeacher(settings(endpoint, max_concurrency=20), ledger)
        replies: list[Reply] = []
        with pytest.raises(ThoughtmillError, match="HTTP 401: Incorrect API key"):
            replies.extend(teacher.complete(ask(f"p{i}") for i in range(1000)))
        asked = dict(endpoint.asked)
        again = OpenAITeacher(settings(endpoint), ledger)
        drained = list(again.complete(ask(prompt) for prompt in asked if int(prompt[1:]) < 9))
        assert dict(endpoint.asked) == asked
    assert 10 <= len(asked) < 60
    assert len(drained) == 9
    assert all(dataclasses.replace(reply).completion == "42" for reply in drained)
