"""Anthropic's and Gemini's own batches: the same promises as OpenAI's."""

from pathlib import Path
from typing import Any

import pytest

from tests.fake_native_batches import KEY, FakeNativeBatches
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.ledger import Ledger
from thoughtmill.factory.teachers import Reply, Request
from thoughtmill.factory.teachers.batch import BatchTeacher, native_api
from thoughtmill.factory.teachers.endpoint.native_batches import AnthropicApi, GeminiApi
from thoughtmill.factory.teachers.endpoint.settings import BatchSettings, EndpointSettings
from thoughtmill.factory.teachers.openai import OpenAITeacher

PROMPTS = ["a", "b", "too long", "c"]


@pytest.fixture(params=["anthropic", "gemini"])
def batches(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def ask(prompt: str, thought: str = "cot") -> Request:
    chat = ({"role": "system", "content": "Solve."}, {"role": "user", "content": prompt})
    return Request({}, thought, 0, chat, {"max_tokens": 64, "temperature": 0.5})


def settings(server: FakeNativeBatches, batches: str, **more: Any) -> BatchSettings:
    url = server.url if batches == "anthropic" else server.gemini_url
    given = {"base_url": url, "batches": batches, "model": "served", "poll_s": 0.01, "endpoint": "native"}
    return BatchSettings.model_validate({**given, **more})


def run(teacher: BatchTeacher, *prompts: str) -> dict[str, Reply]:
    return {reply.request.messages[-1]["content"]: reply for reply in teacher.complete(map(ask, prompts))}


def test_a_batch_is_answered_with_reasoning_usage_and_the_failure_of_each_row(
    batches: str, tmp_path: Path
) -> None:
    price = {"served": {"prompt": 1.0, "completion": 1.0}}
    with FakeNativeBatches() as server:
        teacher = BatchTeacher(settings(server, batches, prices=price), tmp_path / "ledger.sqlite")
        replies = run(teacher, *PROMPTS)
    assert {(replies[prompt].completion, replies[prompt].reasoning) for prompt in "abc"} == {("42", "6 * 7")}
    assert {(replies[p].prompt_tokens, replies[p].completion_tokens) for p in "abc"} == {(10, 5)}
    assert replies["a"].cost_usd == pytest.approx(15 / 1e6 / 2)
    assert replies["too long"].failure == "too_long"


def test_what_a_batch_answered_a_direct_call_never_asks_again(batches: str, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    with FakeNativeBatches() as server:
        run(BatchTeacher(settings(server, batches), ledger), "a", "b")
        assert run(BatchTeacher(settings(server, batches), ledger), "a", "b")["a"].completion == "42"
        assert server.asked == {"a": 1, "b": 1}
    direct = EndpointSettings(base_url="http://127.0.0.1:9", endpoint="native", model="served")
    replies = list(OpenAITeacher(direct, ledger).complete([ask("a"), ask("b")]))
    assert [reply.completion for reply in replies] == ["42", "42"]


def test_a_batch_that_was_created_a_moment_before_a_crash_is_found_and_not_paid_twice(
    batches: str, tmp_path: Path
) -> None:
    with FakeNativeBatches() as server:
        teacher = BatchTeacher(settings(server, batches), tmp_path / "ledger.sqlite")
        server.crash_after_create = True
        with pytest.raises(ThoughtmillError, match="native refuses: "):
            run(teacher, "a", "b")
        server.crash_after_create = False
        assert run(teacher, "a", "b", "new")["a"].completion == "42"
    assert server.asked == {"a": 1, "b": 1, "new": 1}


def test_an_expired_request_is_a_row_and_the_others_are_answered(tmp_path: Path) -> None:
    with FakeNativeBatches() as server:
        replies = run(BatchTeacher(settings(server, "anthropic"), tmp_path / "l.sqlite"), "a", "expired")
    assert replies["a"].completion == "42"
    assert (replies["expired"].completion, replies["expired"].failure) == (None, "unanswered")
    assert "batch_expired" in str(replies["expired"].detail)


def test_a_wrong_key_stops_in_the_providers_words_and_is_not_repeated(
    batches: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another-0123456789")
    with (
        FakeNativeBatches() as server,
        pytest.raises(ThoughtmillError, match="HTTP 401: invalid x-api-key"),
    ):
        run(BatchTeacher(settings(server, batches), tmp_path / "l.sqlite"), "a")
    with Ledger(tmp_path / "l.sqlite") as ledger:
        assert ledger.count() == 0


def test_what_is_sent_is_in_the_providers_own_form(tmp_path: Path) -> None:
    bodies = []
    for batches in ("anthropic", "gemini"):
        with FakeNativeBatches() as server:
            run(BatchTeacher(settings(server, batches), tmp_path / f"{batches}.sqlite"), "a")
            bodies += server.bodies
    anthropic, gemini = bodies
    params = anthropic["requests"][0]["params"]
    assert (params["system"], params["max_tokens"], len(params["messages"])) == ("Solve.", 64, 1)
    request = gemini["input_config"]["requests"]["requests"][0]["request"]
    assert request["system_instruction"] == {"parts": [{"text": "Solve."}]}
    assert request["generation_config"] == {"max_output_tokens": 64, "temperature": 0.5}


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://api.anthropic.com/v1", AnthropicApi),
        ("https://generativelanguage.googleapis.com/v1beta/openai", GeminiApi),
        ("https://api.openai.com/v1", type(None)),
    ],
)
def test_the_form_of_batches_follows_the_url(url: str, kind: type) -> None:
    assert isinstance(native_api(BatchSettings(base_url=url)), kind)
