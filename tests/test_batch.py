"""The teacher `batch` against a provider's files and batches."""

import asyncio
import json
import multiprocessing
import sqlite3
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.fake_batches import FakeBatches
from tests.fake_endpoint import FakeEndpoint, Turn, error
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.ledger import Ledger, runs, shards
from thoughtmill.factory.teachers import Reply, Request, batch
from thoughtmill.factory.teachers.batch import BatchTeacher
from thoughtmill.factory.teachers.endpoint import batch_client
from thoughtmill.factory.teachers.endpoint.settings import BatchSettings, EndpointSettings
from thoughtmill.factory.teachers.openai import OpenAITeacher

PRICES = {"tiny": {"prompt": 1.0, "cached": 0.5, "completion": 2.0}}


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def ask(text: str, thought: str = "cot") -> Request:
    return Request({}, thought, 0, ({"role": "user", "content": text},), {"model": "tiny", "max_tokens": 9})


def teacher(provider: FakeBatches, ledger: Path, **chosen: Any) -> BatchTeacher:
    quick = {
        "base_url": provider.url,
        "endpoint": "test",
        "poll_s": 0.01,
        "timeout_s": 10.0,
        "prices": PRICES,
    }
    return BatchTeacher(BatchSettings.model_validate(quick | chosen), ledger)


def run(provider: FakeBatches, ledger: Path, *texts: str, **chosen: Any) -> dict[str, Reply]:
    replies = teacher(provider, ledger, **chosen).complete(map(ask, texts))
    return {reply.request.messages[0]["content"]: reply for reply in replies}


def test_every_request_gets_its_own_answer_in_whatever_order_they_come(ledger: Path) -> None:
    with FakeBatches(lambda prompt: Turn(text=f"<{prompt}>")) as provider:
        replies = run(provider, ledger, *(f"p{i}" for i in range(20)))
    assert {text: reply.completion for text, reply in replies.items()} == {
        f"p{i}": f"<p{i}>" for i in range(20)
    }
    assert len(provider.batches) == 1


def test_it_costs_half(ledger: Path) -> None:
    with FakeBatches() as provider:
        replies = run(provider, ledger, "a")
    assert replies["a"].cost_usd == pytest.approx((6 * 1.0 + 4 * 0.5 + 5 * 2.0) / 1e6 / 2)


def test_batches_and_single_requests_share_the_ledger(ledger: Path) -> None:
    with FakeBatches() as provider, FakeEndpoint() as endpoint:
        batched = run(provider, ledger, "a", "b")
        direct = OpenAITeacher(
            EndpointSettings(base_url=endpoint.url, endpoint="test", model="tiny", transport="raw"), ledger
        )
        replies = list(direct.complete(map(ask, ["a", "b", "c"])))
        assert endpoint.asked == {"c": 1}
        again = run(provider, ledger, "c", "a")
    assert {reply.completion for reply in replies} == {"42"}
    assert again["a"] == batched["a"]
    assert provider.asked == {"a": 1, "b": 1}


def test_the_second_run_makes_no_batch(ledger: Path) -> None:
    with FakeBatches() as provider:
        assert run(provider, ledger, "a", "b") == run(provider, ledger, "a", "b")
        assert len(provider.batches) == 1


def test_a_request_made_twice_is_asked_once_and_answered_twice(ledger: Path) -> None:
    with FakeBatches() as provider:
        replies = list(teacher(provider, ledger).complete([ask("a"), ask("a")]))
    assert len(replies) == 2
    assert provider.asked == {"a": 1}


def test_thoughts_go_into_batches_of_their_own_and_into_the_ledger_by_name(ledger: Path) -> None:
    with FakeBatches() as provider:
        list(teacher(provider, ledger).complete([ask("a"), ask("a2", "pot"), ask("b")]))
    assert [each["metadata"] for each in provider.batches.values()] == [
        {"thoughtmill": "cot"},
        {"thoughtmill": "pot"},
    ]
    rows = (
        sqlite3.connect(ledger).execute("SELECT thought, count(*) FROM results GROUP BY thought").fetchall()
    )
    assert rows == [("cot", 2), ("pot", 1)]


def test_many_requests_are_several_files(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_client, "MOST_REQUESTS", 4)
    with FakeBatches() as provider:
        replies = run(provider, ledger, *(f"p{i}" for i in range(10)))
    assert len(provider.batches) == 3
    assert len(replies) == 10


def test_a_large_file_is_split_by_its_size(monkeypatch: pytest.MonkeyPatch, ledger: Path) -> None:
    monkeypatch.setattr(batch_client, "MOST_BYTES", 1000)
    with FakeBatches() as provider:
        run(provider, ledger, *(f"p{i}" for i in range(10)))
        uploads = [provider.files[each["input_file_id"]] for each in provider.batches.values()]
    assert all(len(upload) <= 1000 for upload in uploads)
    assert sum(len(upload.splitlines()) for upload in uploads) == 10


def test_of_an_expired_batch_the_finished_are_kept_and_the_others_are_rows(ledger: Path) -> None:
    with FakeBatches(lambda prompt: Turn() if prompt == "a" else None, end="expired") as provider:
        replies = run(provider, ledger, "a", "b")
        assert replies["a"].completion == "42"
        assert replies["b"].failure == "unanswered"
        assert "batch_expired" in str(replies["b"].detail)
        provider.plan, provider.end = (lambda prompt: Turn(text="now")), "completed"
        assert run(provider, ledger, "a", "b")["b"].completion == "now"
    assert provider.asked == {"a": 1, "b": 2}


def test_errors_and_poor_answers_are_typed_per_request(ledger: Path) -> None:
    turns = {
        "good": Turn(),
        "long": Turn(text="so", finish_reason="length"),
        "filtered": error(400, "filtered", "content_filter"),
        "broken": error(500, "oops"),
    }
    with FakeBatches(turns.__getitem__) as provider:
        replies = run(provider, ledger, *turns)
    assert {text: reply.failure for text, reply in replies.items()} == {
        "good": None,
        "long": "truncated",
        "filtered": "moderated",
        "broken": "unanswered",
    }
    assert "HTTP 500: oops" in str(replies["broken"].detail)


def test_a_run_that_dies_after_creating_a_batch_adopts_it(ledger: Path) -> None:
    with FakeBatches() as provider:
        provider.crash_after_create = True
        with pytest.raises(ThoughtmillError, match="refuses: Connection error"):
            run(provider, ledger, "a", "b")
        provider.crash_after_create = False
        replies = run(provider, ledger, "a", "b", "c")
    assert {reply.completion for reply in replies.values()} == {"42"}
    assert provider.asked == {"a": 1, "b": 1, "c": 1}


def complete_at_once(url: str, ledger: Path, together: Barrier) -> None:
    settings = BatchSettings.model_validate({"base_url": url, "endpoint": "test", "poll_s": 0.05})
    together.wait()
    list(BatchTeacher(settings, ledger).complete([ask("a"), ask("b")]))


def test_two_runs_at_once_make_one_batch(ledger: Path) -> None:
    class Slow(FakeBatches):
        async def _list(self, request: web.Request) -> web.Response:
            listed = await super()._list(request)
            await asyncio.sleep(0.5)
            return listed

    processes = multiprocessing.get_context("forkserver")
    with Slow(looks=3) as provider:
        together = processes.Barrier(2)
        both = [
            processes.Process(target=complete_at_once, args=(provider.url, ledger, together)) for _ in "12"
        ]
        for each in both:
            each.start()
        for each in both:
            each.join(600)
    assert [each.exitcode for each in both] == [0, 0]
    assert provider.asked == {"a": 1, "b": 1}


def test_batches_whose_files_are_deleted_are_passed_over(ledger: Path, tmp_path: Path) -> None:
    with FakeBatches() as provider:
        run(provider, ledger, "a")
        provider.files = {f"other_{name}": content for name, content in provider.files.items()}
        assert run(provider, tmp_path / "new.sqlite", "b")["b"].completion == "42"


def test_a_line_that_cannot_be_read_costs_its_own_row_alone(ledger: Path) -> None:
    class Torn(FakeBatches):
        def _keep_lines(self, lines: list[dict[str, Any]]) -> str | None:
            odd = {"custom_id": "whose?", "response": {"status_code": 200, "body": {}}}
            odder = {"custom_id": "whose?", "response": {"status_code": "?"}}
            whole = [json.dumps(line) for line in [*lines[1:], [], {}, odd, odder]]
            torn = [json.dumps(line)[:99] for line in lines[:1]]
            return self._keep("\n".join(torn + whole).encode()) if lines else None

    with Torn() as provider:
        replies = run(provider, ledger, "a", "b", "c")
    assert {text: reply.failure for text, reply in replies.items()} == {
        "a": None,
        "b": None,
        "c": "unanswered",
    }


def test_a_key_the_provider_repeats_is_in_no_error(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789abcdef")
    with FakeBatches() as provider:
        provider.locked_out = True
        with pytest.raises(ThoughtmillError, match=r"Bearer \[key\] opens nothing"):
            run(provider, ledger, "a")


def test_ctrl_c_leaves_the_batch_to_the_provider_and_the_next_run_collects_it(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    with FakeBatches() as provider:
        with monkeypatch.context() as patch:
            patch.setattr(batch.time, "sleep", interrupt)
            with pytest.raises(ThoughtmillError, match="run the same command again to collect them"):
                run(provider, ledger, "a")
        assert run(provider, ledger, "a")["a"].completion == "42"
    assert provider.asked == {"a": 1}


def test_an_answer_nobody_waits_for_any_more_is_collected_all_the_same(ledger: Path) -> None:
    with FakeBatches(looks=1) as provider:
        provider.crash_after_create = True
        with pytest.raises(ThoughtmillError):
            run(provider, ledger, "a")
        provider.crash_after_create = False
        run(provider, ledger, "b")
        with Ledger(ledger) as open_ledger:
            assert not open_ledger.is_collected("batch_0")
        provider._finish(provider.batches["batch_0"])
        run(provider, ledger, "c")
        with Ledger(ledger) as open_ledger:
            assert open_ledger.is_collected("batch_0")
            assert open_ledger.count() == 3


def test_a_batch_that_is_not_accepted_stops_with_the_providers_words(ledger: Path) -> None:
    with FakeBatches(end="failed") as provider:
        with pytest.raises(ThoughtmillError, match="refuses a batch: Enqueued token limit reached"):
            run(provider, ledger, "a")
        provider.end = "completed"
        assert run(provider, ledger, "a")["a"].completion == "42"


def test_batches_of_others_are_left_alone(ledger: Path) -> None:
    with FakeBatches() as provider:
        provider.batches["theirs"] = {
            "id": "theirs",
            "object": "batch",
            "status": "completed",
            "metadata": None,
        }
        run(provider, ledger, "a")
        with Ledger(ledger) as open_ledger:
            assert not open_ledger.is_collected("theirs")


def test_what_may_cost_more_than_the_budget_is_not_sent(ledger: Path) -> None:
    with (
        FakeBatches() as provider,
        pytest.raises(
            ThoughtmillError, match=r"0.0000 of 0.0000 dollars are spent, and this may cost 0.0000"
        ),
    ):
        run(provider, ledger, "a", "b", max_usd=1e-6)
    assert not provider.files


def test_the_most_a_batch_can_cost_reckons_with_its_price(ledger: Path) -> None:
    most = 2 * (16 + len("user") + 1 + 9 * 2.0) / 1e6 / 2
    with FakeBatches() as provider:
        assert len(run(provider, ledger, "a", "b", max_usd=most * 1.001)) == 2


def test_what_other_thoughts_have_cost_and_what_is_under_way_count_for_the_budget(ledger: Path) -> None:
    most = (16 + len("user") + 1 + 9 * 2.0) / 1e6 / 2
    thoughts = [ask("a", "pot"), ask("b"), ask("c")]

    def complete(max_usd: float, *requests: Request) -> list[Reply]:
        settings = teacher(provider, ledger, max_usd=max_usd).settings
        return list(BatchTeacher(settings, ledger, corpus=thoughts).complete(requests))

    with FakeBatches() as provider:
        (first,) = complete(most * 1.1, thoughts[0])
        with pytest.raises(ThoughtmillError, match="this may cost"):
            complete(most * 1.1, thoughts[1])
        provider.crash_after_create = True
        with pytest.raises(ThoughtmillError, match="refuses: Connection error"):
            complete(most * 2, thoughts[1])
        provider.crash_after_create = False
        with pytest.raises(ThoughtmillError, match="this may cost"):
            complete((first.cost_usd or 0) + most * 1.9, thoughts[2])
        assert len(complete(0.0, thoughts[1])) == 1, "what is paid for is collected"


def test_whoever_has_all_answers_and_failures_needs_no_provider(ledger: Path, tmp_path: Path) -> None:
    with FakeBatches({"a": Turn(), "b": error(500, "oops")}.__getitem__) as provider:
        bought = run(provider, ledger, "a", "b")
    with Ledger(ledger) as mine, Ledger(tmp_path / "yours.sqlite") as yours:
        shards.export(mine, tmp_path / "shards")
        shards.load(yours, tmp_path / "shards")
    provider.host = "http://127.0.0.1:9"
    assert run(provider, tmp_path / "yours.sqlite", "a", "b") == bought
    assert bought["b"].failure == "unanswered"


def test_the_figures_of_a_run_are_shown_and_in_the_ledger(
    ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeBatches({"a": Turn(), "b": error(500, "oops"), "c": Turn()}.__getitem__) as provider:
        run(provider, ledger, "a")
        run(provider, ledger, "a", "b", "c", poll_s=1.5)
    last, before = runs.recent(ledger)
    assert last.figures.startswith("cot 3 done (1 from the ledger), 0 in flight, 1 failed; ")
    assert before.figures.startswith("cot 1 done, 0 in flight, 0 failed; ")
    assert (last.state, before.state) == ("ended", "ended")
    assert capsys.readouterr().err.splitlines() == [before.figures, last.figures]


def test_a_collected_batch_stays_collected(ledger: Path) -> None:
    with Ledger(ledger) as open_ledger:
        assert not open_ledger.is_collected("batch_1")
        open_ledger.mark_collected("batch_1")
        open_ledger.mark_collected("batch_1")
    with Ledger(ledger) as open_ledger:
        assert open_ledger.is_collected("batch_1")
