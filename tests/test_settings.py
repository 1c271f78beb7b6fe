"""The settings of an endpoint."""

import re
from pathlib import Path

import pytest

from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.teachers.endpoint.settings import OPENAI_URL, EndpointSettings


def test_the_url_is_the_setting_then_the_environment_then_openais(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://env:8000/v1")
    assert EndpointSettings(base_url="http://set:8000/v1").url() == "http://set:8000/v1"
    assert EndpointSettings().url() == "http://env:8000/v1"
    monkeypatch.delenv("OPENAI_BASE_URL")
    assert EndpointSettings().url() == OPENAI_URL
    assert EndpointSettings(base_url=" http://[::1]:8000/v1/\n").url() == "http://[::1]:8000/v1/"


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8000",
        "api.example.com/v1",
        "ftp://example.com",
        "http://",
        "http://here:port/v1",
        "http://a host/v1",
        "http://[::1/v1",
        "http://h/v1\0",
    ],
)
def test_a_url_that_is_none_is_refused_by_name(url: str) -> None:
    with pytest.raises(ThoughtmillError, match=re.escape(f"`{url}` is not a URL")):
        EndpointSettings(base_url=url).url()


@pytest.mark.parametrize("url", ["https://me:sk-secret@example.com/v1", "http://h/v1?api-key=sk-secret"])
def test_credentials_in_the_url_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ThoughtmillError, match="OPENAI_API_KEY alone") as caught:
        EndpointSettings(base_url=url).url()
    assert "sk-secret" not in str(caught.value)


def test_an_endpoint_may_be_given_a_name_that_outlives_its_url() -> None:
    assert EndpointSettings(base_url="http://gpu7:8000/v1/").name() == "http://gpu7:8000/v1"
    assert EndpointSettings(base_url="http://gpu7:8000/v1/", endpoint="our vLLM").name() == "our vLLM"


def test_a_key_in_the_settings_is_an_unknown_key(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match="`api_key` is an unknown key"):
        params.validated({"api_key": "sk-secret"}, EndpointSettings, "params.yaml: generate.openai")


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_concurrency": 0},
        {"timeout_s": 0},
        {"requests_per_minute": 0},
        {"max_usd": -1},
        {"transport": "smoke"},
    ],
)
def test_numbers_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ThoughtmillError, match=next(iter(wrong))):
        params.validated(wrong, EndpointSettings, "params.yaml: generate.openai")
