"""Students behind an endpoint: any model serves any role, and no answer is paid twice."""

from pathlib import Path

import pytest

from tests.fake_endpoint import FakeEndpoint, Turn, error
from thoughtmill.train.policies.answering import GeneratedText, GenerationRequest
from thoughtmill.train.policies.plans import SampleRequest
from thoughtmill.train.roles import prompt
from thoughtmill.train.writers.endpoint import EndpointWriter
from thoughtmill.train.writers.settings import EndpointWriterSettings

PROBLEM = "7 bags of 2 nuts. How many nuts?"


@pytest.fixture(autouse=True)
def _ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOUGHTMILL_LEDGER", str(tmp_path / "ledger.sqlite"))


def served(url: str, **given: object) -> EndpointWriter:
    settings = EndpointWriterSettings.model_validate(
        {"base_url": url, "backoff_s": 0, "max_attempts": 2} | given
    )
    return EndpointWriter(settings, max_new_tokens=40, top_p=0.9)


def request(role: str, round_: int = 1, given: str | None = None) -> GenerationRequest:
    draw = SampleRequest("p", role, round_)
    return GenerationRequest(
        draw, role, PROBLEM, given, 0.0 if round_ == 0 else 1.5, "/".join(map(str, draw.key))
    )


def test_a_role_is_asked_in_the_words_it_is_trained_on_and_by_its_own_model() -> None:
    with FakeEndpoint(lambda asked, times: Turn("#### 14")) as endpoint:
        writer = served(endpoint.url, model="small", models={"dr": "small-dr"})
        writer.ask([request("ir", 0), request("dr", 1, "A rule.")])
        written = writer.write()
    assert sorted((one.wanted.role, one.text, one.failure) for one in written) == [
        ("dr", "#### 14", None),
        ("ir", "#### 14", None),
    ]
    by_model = {body["model"]: body for body in endpoint.bodies}
    assert by_model["small"]["messages"] == [{"role": "user", "content": prompt("ir", PROBLEM)}]
    assert by_model["small-dr"]["messages"][0]["content"] == prompt("dr", PROBLEM, "A rule.")
    assert (by_model["small"]["temperature"], by_model["small-dr"]["temperature"]) == (0, 1.5)
    assert by_model["small-dr"]["max_tokens"] == 40
    assert by_model["small"]["seed"] != by_model["small-dr"]["seed"]


def test_a_role_in_disguise_is_played_by_the_model_of_its_role() -> None:
    with FakeEndpoint(lambda asked, times: Turn("#### 14")) as endpoint:
        writer = served(endpoint.url, model="small", models={"dr": "small-dr"})
        writer.ask([request("dr", 0)._replace(wanted=SampleRequest("p", "dr_bare", 0))])
        writer.write()
    assert [body["model"] for body in endpoint.bodies] == ["small-dr"]


def test_each_reply_goes_to_its_own_draw_whatever_comes_first() -> None:
    def slowly(asked: str, times: int) -> Turn:
        return Turn(asked.splitlines()[-1], delay_s=0.1 if "step by step" in asked else 0.0)

    with FakeEndpoint(slowly) as endpoint:
        writer = served(endpoint.url)
        writer.ask([request("ir"), request("kg"), request("pot")])
        written = {one.wanted.role: one.text for one in writer.write()}
    assert written == {role: prompt(role, PROBLEM).splitlines()[-1] for role in ("ir", "kg", "pot")}


def test_what_was_asked_once_is_never_asked_again_in_any_order() -> None:
    with FakeEndpoint() as endpoint:
        for asked in ([request("ir"), request("kg")], [request("kg"), request("cot"), request("ir")]):
            writer = served(endpoint.url)
            writer.ask(asked)
            assert len(writer.write()) == len(asked)
        assert sum(endpoint.asked.values()) == 3


def test_two_rounds_of_one_role_are_two_requests() -> None:
    with FakeEndpoint() as endpoint:
        writer = served(endpoint.url)
        writer.ask([request("ir", 1), request("ir", 2)])
        assert len(writer.write()) == 2
        assert sum(endpoint.asked.values()) == 2


@pytest.mark.parametrize(
    ("turn", "failure"),
    [
        (Turn("half a ch", finish_reason="length"), "truncated"),
        (error(500), "unanswered"),
        (Turn("#### 1"), None),
    ],
)
def test_what_was_cut_or_never_came_says_so(turn: Turn, failure: str | None) -> None:
    with FakeEndpoint(lambda asked, times: turn) as endpoint:
        writer = served(endpoint.url)
        writer.ask([request("ir")])
        (written,) = writer.write()
    assert isinstance(written, GeneratedText)
    assert written.failure == failure
    assert writer.write() == []
