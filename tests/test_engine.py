"""The engine against a real server that misbehaves in every way one has been seen to."""

import asyncio
import contextlib
import dataclasses
import gc
import json
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from tests.fake_endpoint import FakeEndpoint, Plan, Turn, error
from tests.test_bodies import SHAPES
from tests.test_streams import STREAMS
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.ledger import Ledger, runs
from thoughtmill.factory.ledger.locks import Locks
from thoughtmill.factory.teachers import Reply, Request
from thoughtmill.factory.teachers.endpoint import window
from thoughtmill.factory.teachers.endpoint.engine import EndpointRun
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.endpoint.transport import RawTransport
from thoughtmill.factory.teachers.openai import OpenAITeacher

GOOD = ["good1", "good2", "good3"]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def ask(text: str) -> Request:
    asked = {"model": "tiny", "max_tokens": 64, "seed": 0}
    return Request({}, "cot", 0, ({"role": "user", "content": text},), asked)


def run(
    plan: Plan, prompts: Iterable[str], ledger: Path, **chosen: Any
) -> tuple[dict[str, Reply], FakeEndpoint]:
    quick = {"endpoint": "test", "backoff_s": 0.01, "timeout_s": 5.0, "max_attempts": 3}
    with FakeEndpoint(plan) as endpoint:
        settings = EndpointSettings.model_validate({"base_url": endpoint.url} | quick | chosen)
        replies = OpenAITeacher(settings, ledger).complete(map(ask, prompts))
        return {reply.request.messages[0]["content"]: reply for reply in replies}, endpoint


def only(prompt: str, *turns: Turn) -> Plan:
    """Do these turns with one prompt, the last of them for ever; answer every other."""
    return lambda asked, times: turns[min(times, len(turns)) - 1] if asked == prompt else Turn()


def attempts(ledger: Path) -> list[tuple[int, int | None, str]]:
    rows = sqlite3.connect(ledger).execute("SELECT attempt, status, detail FROM attempts ORDER BY attempt")
    return rows.fetchall()


def results(ledger: Path) -> int:
    return int(sqlite3.connect(ledger).execute("SELECT count(*) FROM results").fetchone()[0])


PASSING: dict[str, Turn] = {
    "429": error(429, "slow down"),
    "429 with Retry-After": error(429, "slow down", retry_after="0.05"),
    "408": error(408),
    "409": error(409),
    "500": error(500, "oops"),
    "502 with a page": Turn(status=502, body=b"<html>bad gateway</html>"),
    "503": error(503),
    "a drop in mid-body": Turn(drop=True),
    "a drop before the first byte": Turn(drop=True, body=b""),
    "truncated JSON": Turn(body=b'{"choices": [{"message": {"content": "4'),
    "an empty body": Turn(body=b""),
    "no choices": Turn(body=b'{"choices": []}'),
    "choices that are none": Turn(body=b'{"choices": [null]}'),
    "a message that is none": Turn(body=b'{"choices": [{"message": "42"}]}'),
    "a list": Turn(body=b"[]"),
    "no HTTP": Turn(raw=b"\xff\xfe what\r\n\r\n"),
    "a chunk without a length": Turn(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}"),
    "a header without end": Turn(raw=b"HTTP/1.1 200 OK\r\nX: " + b"x" * 99_999 + b"\r\n\r\n"),
    "a reason in no alphabet": Turn(
        raw=b"HTTP/1.1 500 \xff\xfe\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
    ),
    "a way to nowhere": Turn(status=307, body=b"", headers={"Location": "http://a..b/"}),
    "a way in a circle": Turn(status=302, body=b"", headers={"Location": "/v1/chat/completions"}),
}


@pytest.mark.parametrize("fault", PASSING, ids=str)
def test_a_fault_that_passes_is_asked_again_and_answered(fault: str, ledger: Path) -> None:
    plan = only("bad", PASSING[fault], Turn(text="in the end"))
    replies, endpoint = run(plan, ["good1", "bad", "good2"], ledger)
    assert replies["bad"].completion == "in the end"
    assert replies["bad"].failure is None
    assert replies["good1"].completion == replies["good2"].completion == "42"
    assert endpoint.asked == {"good1": 1, "bad": 2, "good2": 1}
    assert [number for number, _, _ in attempts(ledger)] == [1]


@pytest.mark.parametrize("fault", PASSING, ids=str)
def test_a_fault_that_stays_leaves_a_row_that_says_why(fault: str, ledger: Path) -> None:
    replies, endpoint = run(only("bad", PASSING[fault]), ["bad", *GOOD], ledger)
    assert replies["bad"].failure == "unanswered"
    assert replies["bad"].completion is None
    assert "(after 3 attempts)" in str(replies["bad"].detail)
    assert all(replies[good].completion == "42" for good in GOOD)
    assert endpoint.asked["bad"] == 3
    assert [number for number, _, _ in attempts(ledger)] == [1, 2, 3]
    assert results(ledger) == 3


def test_a_hanging_request_times_out_and_is_asked_again(ledger: Path) -> None:
    plan = only("bad", Turn(delay_s=60), Turn(text="awake"))
    replies, _ = run(plan, ["bad", *GOOD], ledger, timeout_s=0.3)
    assert replies["bad"].completion == "awake"
    assert attempts(ledger) == [(1, None, "no answer within 0.3 s")]


def test_what_never_was_answered_is_asked_again_by_the_next_run(ledger: Path) -> None:
    run(only("bad", error(500)), ["bad", *GOOD], ledger)
    replies, endpoint = run(only("none"), ["bad", *GOOD], ledger)
    assert replies["bad"].completion == "42"
    assert endpoint.asked == {"bad": 1}


POOR: dict[str, tuple[Turn, str, str | None, str]] = {
    "cut off": (
        Turn(text="so 4 +", finish_reason="length"),
        "truncated",
        "so 4 +",
        "cut off by the length limit",
    ),
    "cut off before a word": (
        Turn(text=None, finish_reason="length"),
        "truncated",
        None,
        "cut off by the length limit",
    ),
    "empty": (Turn(text=""), "empty", "", "the completion has no text"),
    "blank": (Turn(text=" \n "), "empty", " \n ", "the completion has no text"),
    "null": (Turn(text=None), "empty", None, "the completion has no text"),
    "a refusal": (Turn(text=None, refusal="I cannot help"), "refused", None, "I cannot help"),
    "filtered": (
        Turn(text="4", finish_reason="content_filter"),
        "refused",
        "4",
        "stopped by a content filter",
    ),
}


@pytest.mark.parametrize("kind", POOR, ids=str)
def test_a_poor_answer_is_kept_typed_and_not_bought_again(kind: str, ledger: Path) -> None:
    turn, failure, completion, detail = POOR[kind]
    for _ in range(2):
        replies, endpoint = run(only("poor", turn), ["poor", "good"], ledger)
        assert (replies["poor"].failure, replies["poor"].completion) == (failure, completion)
        assert replies["poor"].detail == detail
        assert replies["good"].failure is None
    assert not endpoint.asked
    assert results(ledger) == 2
    assert attempts(ledger) == []


@pytest.mark.parametrize(
    ("turn", "failure"),
    [
        (error(400, "filtered", "content_filter"), "moderated"),
        (error(400, "too many tokens", "context_length_exceeded"), "too_long"),
        (error(413, "too large"), "too_long"),
        (error(400, "no such words in any list"), "refused_by_endpoint"),
        (error(422, "temperature: must be a number"), "refused_by_endpoint"),
    ],
)
def test_a_prompt_that_cannot_be_answered_ends_as_a_row_at_once(
    turn: Turn, failure: str, ledger: Path
) -> None:
    replies, endpoint = run(only("bad", turn), ["bad", *GOOD], ledger)
    assert replies["bad"].failure == failure
    assert str(replies["bad"].detail).startswith(f"HTTP {turn.status}: ")
    assert endpoint.asked["bad"] == 1
    assert all(replies[good].completion == "42" for good in GOOD)


@pytest.mark.parametrize(
    "turn",
    [
        error(400, "unknown parameter `top_q`"),
        error(401, "Incorrect API key"),
        error(402, "no credit left"),
        error(403, "not in your country"),
        error(404, "The model `tiny` does not exist", "model_not_found"),
        error(405, "wrong address"),
        error(422, "temperature: must be a number"),
        error(429, "You exceeded your current quota", "insufficient_quota"),
        Turn(status=404, body=b'{"object": "error", "message": "no such model"}'),
        Turn(status=404, body=b'{"detail": "Not Found"}'),
        Turn(status=401, body=b"go away"),
    ],
    ids=lambda turn: f"{turn.status} {turn.body[:40]!r}",
)
def test_an_answer_that_no_retry_mends_stops_the_run_with_the_providers_words(
    turn: Turn, ledger: Path
) -> None:
    said = json.loads(turn.body or b"") if turn.body != b"go away" else "go away"
    words = said if isinstance(said, str) else said.get("error", said)
    message = words if isinstance(words, str) else words.get("message", words.get("detail"))
    with pytest.raises(ThoughtmillError, match=f"refuses: HTTP {turn.status}: ") as caught:
        run(lambda prompt, times: turn, [f"p{i}" for i in range(500)], ledger)
    assert message in str(caught.value)


def test_what_is_in_flight_when_every_row_is_refused_is_drained_and_kept(ledger: Path) -> None:
    def plan(prompt: str, times: int) -> Turn:
        return Turn(delay_s=0.3) if int(prompt[1:]) < 9 else error(402, "no credit")

    with FakeEndpoint(plan) as endpoint:
        settings = EndpointSettings(base_url=endpoint.url, max_concurrency=20, breaker_after=5)
        replies = []
        with pytest.raises(ThoughtmillError, match="no credit"):
            for reply in OpenAITeacher(settings, ledger).complete(ask(f"p{i}") for i in range(500)):
                replies.append(reply)
    assert len(replies) == results(ledger) == sum(endpoint.answered.values()) == 9
    assert sum(endpoint.asked.values()) <= 9 + 20


def test_a_key_that_is_refused_once_among_answers_is_asked_again(ledger: Path) -> None:
    plan = only("bad", error(401, "a gateway that lost its session"), Turn(text="in the end"))
    replies, endpoint = run(plan, [*GOOD, "bad"], ledger, max_concurrency=1)
    assert replies["bad"].completion == "in the end"
    assert endpoint.asked["bad"] == 2


def test_a_refusal_that_names_a_parameter_says_which_line_to_change(ledger: Path) -> None:
    refused = error(400, "Unsupported parameter: 'max_tokens' is not supported with this model.")
    with pytest.raises(
        ThoughtmillError, match=r"set `max_tokens: null` in params\.yaml under generate\.sampling\.cot"
    ):
        run(lambda prompt, times: refused, GOOD, ledger)


@pytest.mark.parametrize("status", [400, 500])
def test_a_response_format_that_is_refused_is_said_once_and_every_row_is_asked_without(
    status: int, ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def structured() -> Iterable[Request]:
        form = {"response_format": {"type": "json_schema"}}
        return [dataclasses.replace(ask(name), parameters={**ask(name).parameters, **form}) for name in GOOD]

    refused: list[str] = []

    def plan(prompt: str, times: int) -> Turn:
        if "response_format" in endpoint.bodies[-1]:
            refused.append(prompt)
            return error(status, "This response_format type is unavailable now")
        return Turn(text=prompt)

    with FakeEndpoint(plan) as endpoint:
        settings = EndpointSettings(base_url=endpoint.url, backoff_s=0.01)
        for _ in range(2):
            replies = list(OpenAITeacher(settings, ledger).complete(structured()))
            assert sorted(str(reply.completion) for reply in replies) == GOOD
    assert len(refused) <= 3
    assert sum(endpoint.asked.values()) == 3 + len(refused)
    assert capsys.readouterr().err.count("refuses `response_format`: asked without") == 1


def test_a_dead_endpoint_stops_the_run_loudly(ledger: Path) -> None:
    settings = EndpointSettings(
        base_url="http://127.0.0.1:9",
        backoff_s=0.01,
        longest_backoff_s=0.02,
        breaker_after=5,
    )
    with pytest.raises(
        ThoughtmillError,
        match=r"failed 5 times in a row, .*: ClientConnectorError: Cannot",
    ):
        list(OpenAITeacher(settings, ledger).complete(ask(f"p{i}") for i in range(1000)))
    assert 5 <= len(attempts(ledger)) < 200


def test_an_endpoint_that_only_fails_stops_the_run_though_few_are_asked(ledger: Path) -> None:
    with pytest.raises(ThoughtmillError, match="HTTP 500: oops; when it works, run the same command again"):
        run(lambda prompt, times: error(500, "oops"), "abcd", ledger, breaker_after=4, max_attempts=50)


def test_bad_rows_that_are_all_that_is_left_to_ask_end_as_rows(ledger: Path) -> None:
    def plan(prompt: str, times: int) -> Turn:
        bad = dataclasses.replace(error(500, "oops"), delay_s=0.1)  # the good one has its answer before
        return bad if prompt.startswith("bad") else Turn()

    prompts = ["good", *(f"bad{i}" for i in range(6))]
    for breaker_after in (10, 3):
        replies, endpoint = run(plan, prompts, ledger, max_concurrency=8, breaker_after=breaker_after)
        assert replies["good"].completion == "42"
        assert all(replies[bad].failure == "unanswered" for bad in prompts[1:])
        assert all(endpoint.asked[bad] == 3 for bad in prompts[1:])


def test_rows_that_failed_before_do_not_stop_a_run_however_many_they_are(ledger: Path) -> None:
    bad = [f"bad{number}" for number in range(12)]
    run(
        lambda prompt, times: Turn() if prompt == "good" else error(408),
        ["good", *bad],
        ledger,
        max_attempts=1,
    )
    fails = error(500, "oops")
    replies, _ = run(
        lambda prompt, times: fails,
        ["good", *bad],
        ledger,
        breaker_after=3,
        max_concurrency=2,
        max_attempts=2,
    )
    assert replies["good"].completion == "42"
    assert {replies[prompt].failure for prompt in bad} == {"unanswered"}


def test_two_bad_neighbours_do_not_end_a_run_of_one_at_a_time(ledger: Path) -> None:
    def plan(prompt: str, times: int) -> Turn:
        return error(500, "oops") if prompt.startswith("bad") else Turn()

    prompts = ["bad1", "bad2", *GOOD]
    replies, _ = run(plan, prompts, ledger, max_concurrency=1, breaker_after=3, max_attempts=8)
    assert [replies[prompt].completion for prompt in prompts] == [None, None, "42", "42", "42"]


def test_an_endpoint_that_comes_back_is_not_given_up(ledger: Path) -> None:
    down = iter(range(8))  # for so many requests: fewer failures in a row than end a run

    def plan(prompt: str, times: int) -> Turn:
        return Turn() if next(down, None) is None else error(503)

    prompts = [f"p{i}" for i in range(300)]
    replies, endpoint = run(plan, prompts, ledger, longest_backoff_s=0.05, max_attempts=9, breaker_after=9)
    assert sum(endpoint.asked.values()) == 308
    assert all(replies[prompt].completion == "42" for prompt in prompts)


def test_many_bad_rows_neither_end_the_run_nor_drop_a_neighbour(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "FIRST_WINDOW", 60)  # all are in flight before the first answer
    bad, good = dataclasses.replace(error(500), after=20), Turn(asked=60)
    prompts = [f"p{i}" for i in range(20)] + [f"bad{i}" for i in range(40)]
    plan = lambda prompt, times: bad if prompt.startswith("bad") else good  # noqa: E731
    replies, endpoint = run(plan, prompts, ledger, breaker_after=5)
    assert len(replies) == 60
    assert all(
        reply.failure == ("unanswered" if p.startswith("bad") else None) for p, reply in replies.items()
    )
    assert all(endpoint.asked[f"bad{i}"] == 3 for i in range(40))


def test_every_kind_of_fault_at_once_loses_no_row(ledger: Path) -> None:
    faults = [*PASSING.values(), *(turn for turn, *_ in POOR.values())]

    def plan(prompt: str, times: int) -> Turn:
        number = int(prompt[1:])
        return faults[number % len(faults)] if times == 1 and number % 2 else Turn(text=prompt)

    prompts = [f"p{i}" for i in range(400)]
    replies, endpoint = run(plan, prompts, ledger, max_concurrency=32, max_attempts=6)
    assert set(replies) == set(prompts)
    assert all(reply.completion == prompt or reply.failure for prompt, reply in replies.items())
    assert not [reply for reply in replies.values() if reply.failure == "unanswered"]
    assert all(times <= 2 for times in endpoint.asked.values())


def test_nobody_asks_again_before_the_endpoint_said(ledger: Path) -> None:
    seen: list[float] = []

    def plan(prompt: str, times: int) -> Turn:
        seen.append(time.monotonic())
        return error(429, retry_after="0.4") if len(seen) == 1 else Turn()

    run(plan, ["a"], ledger)
    assert seen[1] - seen[0] >= 0.4


def test_an_error_in_the_requests_themselves_keeps_what_is_in_flight(ledger: Path) -> None:
    def broken() -> Iterable[Request]:
        yield ask("a")
        yield ask("b")
        raise ThoughtmillError("problems.parquet is cut off")

    with FakeEndpoint(lambda prompt, times: Turn(delay_s=0.1)) as endpoint:
        teacher = OpenAITeacher(EndpointSettings(base_url=endpoint.url), ledger)
        with pytest.raises(ThoughtmillError, match="cut off"):
            list(teacher.complete(broken()))
    assert results(ledger) == 2


class Cramped(Ledger):
    """A ledger whose disk is full from the third write batch on, until so many writes have failed."""

    def __init__(self, path: Path, failing: int) -> None:
        super().__init__(path)
        self.groups, self.failing = 0, failing

    def write(self, *rows: Iterable[Any], shared: bool = False) -> None:
        self.groups += 1
        if self.groups == 3:
            self.connection.execute("PRAGMA max_page_count = 1")  # no more than there are now
        try:
            super().write(*rows, shared=shared)
        except ThoughtmillError:
            self.failing -= 1
            if not self.failing:
                self.connection.execute("PRAGMA max_page_count = 1000000")
            raise


@pytest.mark.parametrize(("failing", "most_lost"), [(1, 0), (1000, 8)])
def test_a_full_disk_stops_the_run_with_one_sentence_and_the_next_goes_on(
    ledger: Path, failing: int, most_lost: int
) -> None:
    prompts = [f"p{i}" for i in range(60)]
    with FakeEndpoint(lambda prompt, times: Turn(text="x" * 9000, delay_s=0.02)) as endpoint:
        settings = EndpointSettings(base_url=endpoint.url, max_concurrency=8)
        with Cramped(ledger, failing) as cramped:
            run = EndpointRun(settings, cramped, Locks(ledger), RawTransport(endpoint.url, 5.0, 8), 0.0)
            handed_on = []
            with pytest.raises(ThoughtmillError) as error:
                for reply in run.replies(map(ask, prompts)):
                    handed_on.append(reply)
        lost = sum(endpoint.answered.values()) - results(ledger)
        assert 0 <= lost <= most_lost
        ending = f"; {lost} answers are lost" if lost else "asks only for what is missing"
        assert str(error.value).endswith(ending)
        assert str(error.value).startswith(f"{ledger} cannot be written: database or disk is full; run the")
        assert len(handed_on) == results(ledger) < 60
        assert len(list(OpenAITeacher(settings, ledger).complete(map(ask, prompts)))) == 60
        assert sum(endpoint.asked.values()) == 60 + lost
    assert results(ledger) == 60


def test_a_reader_that_stops_early_loses_nothing_that_was_asked(ledger: Path) -> None:
    with FakeEndpoint(lambda prompt, times: Turn(delay_s=0.02)) as endpoint:
        teacher = OpenAITeacher(EndpointSettings(base_url=endpoint.url, max_concurrency=8), ledger)
        replies = teacher.complete(ask(f"p{i}") for i in range(100))
        next(replies)
        replies.close()
        assert results(ledger) == sum(endpoint.asked.values()) == sum(endpoint.answered.values())


def test_a_key_the_endpoint_repeats_is_in_no_error_and_not_in_the_ledger(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "sk-a-very-secret-key-1234567890"
    monkeypatch.setenv("OPENAI_API_KEY", secret)
    echo = Turn(text=f"your key is {secret}")
    plan = only("bad", error(500, f"key {secret} broke"), echo)
    replies, _ = run(plan, ["bad"], ledger)
    with pytest.raises(ThoughtmillError) as caught:
        run(only("worse", error(401, f"wrong key {secret}")), ["worse"], ledger)
    with Ledger(ledger):
        assert secret.encode() not in ledger.read_bytes()
    assert secret not in str(replies) + str(caught.value)
    assert "[key]" in str(replies["bad"].completion)


PRICED = {"prices": {"tiny": {"prompt": 100.0, "completion": 100.0}}}


def test_a_budget_is_never_overspent_however_many_are_in_flight(ledger: Path) -> None:
    most_each = (16 + len("user") + len("p000") + 64) * 100 / 1e6
    with (
        FakeEndpoint(lambda prompt, times: Turn(delay_s=0.01)) as endpoint,
        pytest.raises(ThoughtmillError, match=r"max_usd is used up: .* of 0.1000 dollars .* raise max_usd"),
    ):
        settings = EndpointSettings.model_validate({"base_url": endpoint.url, "max_usd": 0.1, **PRICED})
        list(OpenAITeacher(settings, ledger).complete(ask(f"p{i:03}") for i in range(500)))
    (spent,) = sqlite3.connect(ledger).execute("SELECT sum(cost_usd) FROM results").fetchone()
    assert 0.1 - most_each <= spent <= 0.1
    assert endpoint.most_in_flight > 1


def test_a_budget_is_for_the_corpus_and_not_for_a_run_of_one_thought(ledger: Path) -> None:
    thoughts = [[dataclasses.replace(ask(f"{name}{i}"), thought=name) for i in range(20)] for name in "abc"]
    corpus = [request for requests in thoughts for request in requests]
    with FakeEndpoint() as endpoint:
        chosen = {"base_url": endpoint.url, "max_usd": 0.08, **PRICED}
        for requests in (*thoughts, *thoughts):
            teacher = OpenAITeacher(EndpointSettings.model_validate(chosen), ledger, corpus)
            with contextlib.suppress(ThoughtmillError):
                list(teacher.complete(requests))
    (spent,) = sqlite3.connect(ledger).execute("SELECT sum(cost_usd) FROM results").fetchone()
    assert 0.06 < spent <= 0.08
    assert all(f"a{i}" in endpoint.asked for i in range(20))


def test_answers_without_usage_count_at_their_most_in_the_next_run_too(ledger: Path) -> None:
    corpus = [ask(f"p{i}") for i in range(30)]
    unmetered = Turn(body=b'{"choices": [{"message": {"content": "42"}}]}')
    with FakeEndpoint(lambda prompt, times: unmetered) as endpoint:
        chosen = {"base_url": endpoint.url, "max_usd": 0.05, **PRICED}
        for _ in range(3):
            with pytest.raises(ThoughtmillError, match=r"max_usd is used up: 0.04\d\d of 0.0500 dollars"):
                list(OpenAITeacher(EndpointSettings.model_validate(chosen), ledger, corpus).complete(corpus))
        assert sum(endpoint.asked.values()) == 5


def test_what_a_fault_may_have_cost_is_spent_in_the_next_run_too(ledger: Path) -> None:
    chosen = {"max_usd": 0.02, "max_attempts": 2, **PRICED}
    replies, _ = run(only("bad", Turn(drop=True)), ["bad"], ledger, **chosen)
    assert replies["bad"].failure == "unanswered"
    with FakeEndpoint() as endpoint:
        settings = EndpointSettings.model_validate({"base_url": endpoint.url, "endpoint": "test"} | chosen)
        with pytest.raises(ThoughtmillError, match=r"max_usd is used up: 0.01\d\d of 0.0200 dollars"):
            list(OpenAITeacher(settings, ledger, [ask("bad")]).complete([ask("bad")]))
    assert not endpoint.asked


def test_a_budget_with_an_unknown_price_asks_nothing(ledger: Path) -> None:
    with FakeEndpoint() as endpoint:
        settings = EndpointSettings(base_url=endpoint.url, max_usd=5.0)
        with pytest.raises(ThoughtmillError, match="the price of `tiny` is unknown"):
            list(OpenAITeacher(settings, ledger).complete([ask("a")]))
    assert not endpoint.asked


def test_what_the_ledger_holds_needs_no_budget(ledger: Path) -> None:
    run(only("none"), GOOD, ledger)
    replies, endpoint = run(only("none"), GOOD, ledger, max_usd=0.0, **PRICED)
    assert len(replies) == 3
    assert not endpoint.asked


def test_a_limit_per_minute_spreads_the_requests(ledger: Path) -> None:
    seen: list[float] = []

    def plan(prompt: str, times: int) -> Turn:
        seen.append(time.monotonic())
        return Turn()

    began_s = time.monotonic()
    run(plan, [f"p{i}" for i in range(30)], ledger, requests_per_minute=1200)
    assert max(seen) - began_s >= 10 / 20, "20 may go at once, and 10 at 20 a second"


def test_what_was_loaded_before_a_run_is_left_alone_by_its_garbage_collections(ledger: Path) -> None:
    threshold = gc.get_threshold()
    with FakeEndpoint() as endpoint:
        replies = OpenAITeacher(EndpointSettings(base_url=endpoint.url), ledger).complete(map(ask, GOOD))
        next(replies)
        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold()[0] > threshold[0]
        replies.close()
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == threshold


def test_the_figures_of_a_run_are_in_the_ledger(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(only("bad", error(413, "too large")), ["bad", *GOOD], ledger)
    (seen,) = runs.recent(ledger)
    assert seen.state == "ended"
    assert seen.figures.startswith("cot 4 done, 0 in flight, 1 failed; ")
    assert seen.figures in capsys.readouterr().err


class SlotEndpoint(FakeEndpoint):
    """A server that works on four requests at a time and lets the others wait, as a local one does."""

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self.most_waiting == 0:
            self.slots = asyncio.Semaphore(4)
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        async with self.slots:
            answer = await super()._answer(request)
        self.waiting -= 1
        return answer

    waiting = most_waiting = 0


def test_a_slow_server_with_four_slots_is_asked_for_each_row_once(ledger: Path) -> None:
    with SlotEndpoint(lambda prompt, times: Turn(delay_s=0.5)) as server:
        settings = EndpointSettings(base_url=server.url, timeout_s=2.5)
        replies = list(OpenAITeacher(settings, ledger).complete(ask(f"p{number}") for number in range(40)))
    assert {reply.failure for reply in replies} == {None}
    assert server.asked.total() == len(replies) == 40
    assert server.most_waiting < 16


def test_an_answer_of_any_shape_is_paid_for_once_and_read(ledger: Path) -> None:
    answers = {name: orjson.dumps(envelope) for name, (envelope, _, _) in SHAPES.items()}
    answers |= {f"a stream: {name}": body for name, (body, _, _) in STREAMS.items()}
    expected = {name: said for name, (_, *said) in SHAPES.items()}
    expected |= {f"a stream: {name}": said for name, (_, *said) in STREAMS.items()}
    replies, endpoint = run(lambda prompt, times: Turn(body=answers[prompt]), answers, ledger)
    assert {name: [reply.completion, reply.reasoning] for name, reply in replies.items()} == expected
    assert set(endpoint.asked.values()) == {1}
    again, nobody = run(lambda prompt, times: Turn(body=answers[prompt]), answers, ledger)
    assert {name: [reply.completion, reply.reasoning] for name, reply in again.items()} == expected
    assert not nobody.asked
