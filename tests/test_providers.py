"""Every provider of `docs/providers.md`, against a server that behaves like it."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.fake_providers import KEY, PROVIDERS, FakeProvider, Provider
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.teachers import Reply, Request
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.openai import OpenAITeacher
from thoughtmill.factory.teachers.sampling import SamplingSettings

PAGE = Path(__file__).parents[1] / "docs" / "providers.md"
GOOD = [f"good{number}" for number in range(4)]


@pytest.fixture(params=PROVIDERS, ids=str)
def provider(request: pytest.FixtureRequest) -> Provider:
    return PROVIDERS[request.param]


def ask(
    provider: Provider, prompts: list[str], ledger: Path, **chosen: Any
) -> tuple[dict[str, Reply], FakeProvider]:
    """Ask with the default sampling of a corpus."""
    sampling = SamplingSettings.model_validate(provider.sampling).parameters("cot", None)
    requests = [
        Request({}, "cot", 0, ({"role": "user", "content": prompt},), {"seed": 1, **sampling})
        for prompt in prompts
    ]
    with FakeProvider(provider) as server:
        given = {"base_url": server.url, "model": provider.model, "backoff_s": 0.01, "max_attempts": 3}
        settings = EndpointSettings.model_validate({**given, **provider.settings, **chosen})
        replies = OpenAITeacher(settings, ledger).complete(requests)
        return {reply.request.messages[0]["content"]: reply for reply in replies}, server


def test_a_provider_answers_and_its_reasoning_stands_apart(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    replies, _ = ask(provider, GOOD, tmp_path / "ledger.sqlite")
    assert {(reply.completion, reply.failure, reply.reasoning) for reply in replies.values()} == {
        ("42", None, provider.reasoning)
    }
    assert {reply.model for reply in replies.values()} == {provider.model}


def test_one_row_that_a_provider_refuses_is_one_row(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    replies, _ = ask(provider, ["too long", *GOOD, "forbidden"], tmp_path / "ledger.sqlite")
    assert (replies["too long"].failure, replies["too long"].completion) == ("too_long", None)
    assert replies["forbidden"].failure == ("moderated" if provider.moderated else None)
    assert [replies[good].completion for good in GOOD] == ["42"] * 4


def test_a_wrong_key_and_a_wrong_model_stop_the_run_in_the_providers_words(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(ThoughtmillError, match="refuses: HTTP 404: The model `gpt-9` does not exist"):
        ask(provider, GOOD, tmp_path / "ledger.sqlite", model="gpt-9", preset="plain")
    if provider.wrong_key is None:
        return
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another-0123456789")
    with pytest.raises(ThoughtmillError, match=f"refuses: HTTP {provider.wrong_key[0]}: "):
        ask(provider, GOOD, tmp_path / "ledger.sqlite")


@pytest.mark.parametrize("name", ["OpenAI, reasoning", "Anthropic", "Gemini", "Mistral"])
def test_without_its_preset_a_refusal_names_the_line_to_change(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    line = r"set `\w+: null`.* in params.yaml under generate.sampling.cot"
    with pytest.raises(ThoughtmillError, match=line):
        ask(PROVIDERS[name], GOOD, tmp_path / "ledger.sqlite", preset="plain")


def test_an_endpoint_that_only_streams_is_learned_from_its_first_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    prompts = [f"p{number}" for number in range(100)]
    replies, server = ask(PROVIDERS["Qwen"], prompts, tmp_path / "ledger.sqlite", max_concurrency=4)
    assert len(replies) == 100
    assert sum("stream" not in body for body in server.bodies) <= 4
    assert replies["p0"].completion_tokens == 5
    assert capsys.readouterr().err.count("answers in streams alone") == 1


def test_a_stream_without_its_usage_is_asked_for_where_stream_options_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    replies, server = ask(PROVIDERS["Mistral"], GOOD, tmp_path / "ledger.sqlite", stream=True)
    assert [replies[good].completion for good in GOOD] == ["42"] * 4
    assert "stream_options" not in server.bodies[-1]


def test_the_page_of_providers_has_a_section_for_each() -> None:
    headings = re.findall(r"^### (.+)$", PAGE.read_text(), re.MULTILINE)
    assert headings == [name for name in PROVIDERS if "," not in name]
