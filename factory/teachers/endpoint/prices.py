"""Prices of models: given in `params.yaml`, else from the list that the package `genai-prices` keeps."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import Field

from thoughtmill.factory.core.params import Section
from thoughtmill.factory.teachers.endpoint.addresses import is_local

MILLION = 1_000_000
SAMPLE = 1000  # tokens of a usage whose price is looked up: large prompts may cost more a token


class Price(Section):
    """US dollars per million tokens; the price of `cached` prompt tokens defaults to that of `prompt`."""

    prompt: float = Field(ge=0)
    completion: float = Field(ge=0)
    cached: float | None = Field(None, ge=0)

    def cost_usd(
        self, prompt_tokens: int | None, cached_tokens: int | None, completion_tokens: int | None
    ) -> float | None:
        """Return the cost of one completion; None when its usage is unknown.

        >>> Price(prompt=1, cached=0.5, completion=2).cost_usd(1000, 400, 500)
        0.0018
        """
        if prompt_tokens is None or completion_tokens is None:
            return None
        cached = min(cached_tokens or 0, prompt_tokens)
        cached_price = self.prompt if self.cached is None else self.cached
        cost = (prompt_tokens - cached) * self.prompt + cached * cached_price
        return (cost + completion_tokens * self.completion) / MILLION


def price_of(parameters: Mapping[str, Any], given: Mapping[str, Price], url: str) -> Price | None:
    """Return the price of a request: the given price of its model, else the listed one, else None."""
    model = str(parameters["model"])
    return given.get(model) or listed(model, url, str(parameters.get("service_tier") or ""))


@lru_cache(maxsize=1024)
def listed(model: str, url: str, tier: str = "") -> Price | None:
    """Return the price that a model has at an endpoint's URL today, in a tier of service; None if unlisted.

    >>> listed("gpt-4o-mini", "https://api.openai.com/v1")
    Price(prompt=0.15, completion=0.6, cached=0.075)
    >>> listed("gpt-4o-mini", "http://localhost:8000/v1")
    """
    if not url or is_local(url):
        return None
    from genai_prices import Usage, calc_price  # it takes half a second to import

    def usd(**tokens: int) -> float:
        used, context = Usage(**tokens), {"service_tier": tier} if tier else None
        found = calc_price(used, model, provider_api_url=url, price_context=context)
        return float(found.total_price * MILLION / SAMPLE)

    try:
        cached = usd(input_tokens=SAMPLE, cache_read_tokens=SAMPLE)
        return Price(prompt=usd(input_tokens=SAMPLE), completion=usd(output_tokens=SAMPLE), cached=cached)
    except LookupError:
        return None
