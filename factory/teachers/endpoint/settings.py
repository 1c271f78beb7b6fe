"""The settings of teachers that call an endpoint: `generate.openai` and `generate.batch` in `params.yaml`."""

import os
import re
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, field_validator, model_validator

from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.ledger.keys import endpoint_name
from thoughtmill.factory.teachers.endpoint.addresses import KEY_ENV, Address, is_local
from thoughtmill.factory.teachers.endpoint.presets import PRESETS
from thoughtmill.factory.teachers.endpoint.prices import Price, price_of

OPENAI_URL = "https://api.openai.com/v1"
URL = re.compile(r"https?://(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?(/[^\0-\x20?#]*)?", re.IGNORECASE)


class AddressSettings(params.Section):
    """One of several addresses of the same model."""

    base_url: str
    weight: float = Field(1.0, gt=0, description="share of the requests, relative to the others")
    model: str | None = Field(None, description="the model's name there; default: `model`")
    api_version: str | None = None
    key_env: str = KEY_ENV


class EndpointSettings(params.Section):
    """Settings of an endpoint. Only the endpoint's name and the model are part of request keys."""

    base_url: str | None = Field(None, description="the endpoint; default: OPENAI_BASE_URL, else OpenAI's")
    endpoint: str | None = Field(
        None, description="its name in request keys, for a server whose URL changes; default: its URL"
    )
    api: Literal["chat", "responses"] = Field("chat", description="the API: /chat/completions or /responses")
    api_version: str | None = Field(None, description="Azure's; then the key goes in the header `api-key`")
    key_env: str = Field(KEY_ENV, description="the environment variable that holds the key")
    stream: bool | None = Field(
        None,
        description="ask for streams: a time-out counts silence; default: where nothing else is served",
    )
    stop_when: Literal["repeating"] | None = Field(
        None, description="leave a stream whose text only repeats itself; it needs `stream: true`"
    )
    endpoints: tuple[AddressSettings, ...] = Field(
        (), description="several addresses of the same model: requests go to all, and around those that fail"
    )
    model: str = "gpt-4o-mini"
    preset: str | None = Field(
        None, description="which parameters the model takes: a name of `presets`; default: by its name"
    )
    max_concurrency: int = Field(256, ge=1, description="requests in flight at most")
    requests_per_minute: float | None = Field(None, ge=1)
    tokens_per_minute: float | None = Field(None, ge=1, description="prompt and completion together")
    timeout_s: float = Field(600.0, gt=0, description="for one attempt; where answers stream, for silence")
    max_attempts: int = Field(8, ge=1, description="attempts before a request is left unanswered")
    backoff_s: float = Field(
        0.5, ge=0, description="longest wait after one failure; it doubles with each more"
    )
    longest_backoff_s: float = Field(60.0, ge=0)
    breaker_after: int = Field(
        10, ge=1, description="requests that fail in a row, without an answer between, before the run stops"
    )
    transport: Literal["raw", "openai"] = Field(
        "raw", description="without effect; older versions had two, and their settings stay valid"
    )
    prices: Mapping[str, Price] = {}
    max_usd: float | None = Field(
        None, ge=0, description="US dollars the corpus may cost: all its thoughts, in all runs"
    )

    @field_validator("preset")
    @classmethod
    def _preset_is_known(cls, preset: str | None) -> str | None:
        if preset is not None and preset not in PRESETS:
            raise ValueError(f"unknown preset `{preset}`; there are: {', '.join(PRESETS)}")
        return preset

    @model_validator(mode="after")
    def _a_stream_can_be_left(self) -> "EndpointSettings":
        if self.stop_when is not None and not self.stream:
            raise ValueError("`stop_when` needs `stream: true`")
        return self

    def name(self) -> str:
        """Return the endpoint's name in request keys: `endpoint` if given, else its URL."""
        return self.endpoint or endpoint_name(self.url())

    def all_prices(self) -> dict[str, Price]:
        """Return the prices that are given, and the listed price of the model if none is given."""
        price = price_of({"model": self.model}, self.prices, self.url())
        return {**({self.model: price} if price else {}), **self.prices}

    def is_free(self) -> bool:
        """Say whether answers cost nothing: all addresses are local, and no price is given."""
        return not self.prices and all(is_local(each.base_url) for each in self.addresses())

    def addresses(self) -> list[Address]:
        """Return the addresses of the endpoint."""
        if not self.endpoints:
            return [Address(self.url(), self.api, self.key_env, self.api_version)]
        return [
            Address(checked(each.base_url), self.api, each.key_env, each.api_version, each.model, each.weight)
            for each in self.endpoints
        ]

    def url(self) -> str:
        """Return the endpoint's URL, the first of several.

        A malformed one, or credentials in it, raise a `ThoughtmillError`.
        """
        first = self.endpoints[0].base_url if self.endpoints else self.base_url
        return checked(first or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL)


class BatchSettings(EndpointSettings):
    """Settings of batches; concurrency, rate limits and backoff of single requests do not apply."""

    batches: Literal["openai", "anthropic", "gemini"] | None = Field(
        None, description="whose form the batches have; default: by the URL"
    )
    poll_s: float = Field(30.0, gt=0, description="seconds between two looks at a batch")
    price_factor: float = Field(
        0.5, ge=0, description="price of a batch, as a share of the price of single requests"
    )


def checked(url: str) -> str:
    """Return a URL, or raise a `ThoughtmillError` if it is malformed or holds credentials."""
    url = url.strip()
    if "@" in url or "?" in url:
        raise ThoughtmillError(
            "the endpoint's URL holds credentials or a query: leave them out, and give a key in "
            "OPENAI_API_KEY alone (or in the variable `key_env`), and Azure's version as `api_version`"
        )
    if not URL.fullmatch(url):
        raise ThoughtmillError(f"base_url `{url}` is not a URL: write http:// or https://, host and path")
    return url
