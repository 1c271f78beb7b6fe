"""Where an endpoint is asked, and with which key."""

import pytest

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.teachers.endpoint.addresses import Address, api_key, proxy_of, without_key
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://api.example.com/v1", "http://proxy:3128"),
        ("http://api.example.com/v1", None),
        ("https://gpu.inside:8000/v1", None),
        ("https://localhost:8000/v1", None),
        ("https://127.0.0.1:8000/v1", None),
    ],
)
def test_a_proxy_is_the_one_the_environment_names(
    url: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "localhost,.inside")
    assert proxy_of(url) == proxy


def test_a_key_read_from_a_file_may_end_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789\n")
    assert api_key() == "sk-0123456789"
    monkeypatch.setenv("OPENAI_API_KEY", "\n")
    assert api_key() is None


@pytest.mark.parametrize("key", ["sk-0123\u00e9456789", "sk-012345\n6789", "sk-\u20ac"])
def test_a_key_that_cannot_be_one_is_refused_and_not_repeated(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(
        ThoughtmillError, match="OPENAI_API_KEY holds characters that no key can have"
    ) as caught:
        api_key()
    assert key not in str(caught.value)


def test_azure_has_its_version_in_the_url_and_its_key_in_a_header_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AZURE_KEY", "azure-0123456789")
    base_url = "https://us.openai.azure.com/openai/deployments/mini"
    settings = EndpointSettings(base_url=base_url, api_version="2024-10-21", key_env="AZURE_KEY")
    (address,) = settings.addresses()
    assert address.url == f"{base_url}/chat/completions?api-version=2024-10-21"
    assert address.headers()["api-key"] == "azure-0123456789"
    assert "Authorization" not in address.headers()


def test_the_responses_api_has_its_own_path() -> None:
    assert Address("https://api.openai.com/v1/", "responses").url == "https://api.openai.com/v1/responses"


def test_an_organisation_is_named_to_openai_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    assert Address("https://api.openai.com/v1").headers()["OpenAI-Organization"] == "org-1"
    assert "OpenAI-Organization" not in Address("https://api.example.com/v1").headers()


def test_every_key_in_use_is_taken_out_of_what_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER_KEY", "sk-other-0123456789")
    Address("https://api.example.com/v1", key_env="OTHER_KEY").headers()
    assert without_key(b"it is sk-other-0123456789!") == b"it is [key]!"
