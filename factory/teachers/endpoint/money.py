"""Money: the cost of a completion, the most it can cost, and a budget that is never overspent. Pure."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.teachers.endpoint.prices import Price, price_of
from thoughtmill.factory.thoughts.prompts import Message

TOKENS_PER_MESSAGE = 16  # marks of role and turn; endpoints add 3 to 7
LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")
UNKNOWN_COMPLETION = 512  # estimated tokens where a request sets no limit


def most_prompt_tokens(messages: Iterable[Message]) -> int:
    """Return an upper bound of the prompt's tokens: a text has no more tokens than bytes."""
    return sum(
        TOKENS_PER_MESSAGE + sum(len(part.encode()) for part in message.values()) for message in messages
    )


def likely_tokens(messages: Iterable[Message], parameters: Mapping[str, Any]) -> int:
    """Estimate the tokens of a request: four bytes a token, as in English."""
    return -(-most_prompt_tokens(messages) // 4) + (longest_completion(parameters) or UNKNOWN_COMPLETION)


def longest_completion(parameters: Mapping[str, Any]) -> int | None:
    """Return the most tokens that a completion may have; None without a limit."""
    most = next((parameters[name] for name in LIMITS if parameters.get(name)), None)
    return most if isinstance(most, int) else None


class Budget:
    """Keeps spending within a limit: before a request is sent, the most it can cost is held back."""

    def __init__(
        self, max_usd: float | None, prices: Mapping[str, Price], spent_usd: float = 0.0, url: str = ""
    ) -> None:
        self.url = url
        self.max_usd = max_usd
        self.prices = prices
        self.spent_usd = spent_usd
        self.held_usd = 0.0

    def most_usd(self, messages: Iterable[Message], parameters: Mapping[str, Any]) -> float:
        """Return the most a request can cost; 0 without a budget.

        With a budget, a model without a price or a request without `max_tokens` raises a `ThoughtmillError`.
        """
        if self.max_usd is None:
            return 0.0
        model = str(parameters["model"])
        price, tokens = price_of(parameters, self.prices, self.url), longest_completion(parameters)
        if price is None:
            raise ThoughtmillError(
                f"max_usd is set, and the price of `{model}` is unknown: give it under `prices`"
            )
        if tokens is None:
            raise ThoughtmillError("max_usd is set, and a completion may be of any length: give `max_tokens`")
        return price.cost_usd(most_prompt_tokens(messages), 0, tokens) or 0.0

    def affords(self, usd: float) -> bool:
        """Say whether the budget has room for this amount."""
        return self.max_usd is None or self.spent_usd + self.held_usd + usd <= self.max_usd

    def wait_s(self) -> float:
        """Return the seconds until the budget may have room, without an answer of this run; mostly never."""
        return math.inf

    def hold(self, usd: float) -> None:
        """Hold back the most that a request can cost."""
        self.held_usd += usd

    def settle(self, held_usd: float, spent_usd: float) -> None:
        """Replace the amount held back for a request by its cost."""
        self.held_usd -= held_usd
        self.spent_usd += spent_usd

    def close(self) -> None:
        """End the run that spends from it."""
