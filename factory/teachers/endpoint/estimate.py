"""Estimate the requests, tokens and dollars of a run before it is started. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.endpoint.money import longest_completion, most_prompt_tokens
from thoughtmill.factory.teachers.endpoint.prices import MILLION, Price, price_of
from thoughtmill.factory.teachers.endpoint.request_keys import RequestKeys
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.thoughts.prompts import Message

# For models without answers in the ledger: prompts of our thoughts have 3.1 to 3.4 bytes a token (SmolLM2's),
# and real chains are half as long again as the examples in their prompts.
BYTES_PER_TOKEN = 3.2
LONGER_THAN_EXAMPLES = 1.5


@dataclass(slots=True)
class CostEstimate:
    """The requests, tokens and dollars of one thought. Costs are None when a price is unknown.

    `held` of its `requests` have an answer in the ledger or repeat another request, and cost nothing.
    `most_usd` is the cost if every completion is as long as allowed, None without a limit.
    """

    thought: str
    requests: int = 0
    held: int = 0
    prompt_tokens: float = 0.0
    completion_tokens: float = 0.0
    cost_usd: float | None = 0.0
    most_usd: float | None = 0.0


def estimates(
    requests: Iterable[Request],
    settings: EndpointSettings,
    held: Callable[[str], bool],
    typical: Callable[[str], Mapping[str, tuple[float, float]]],
) -> list[CostEstimate]:
    """Return an estimate per thought, in the order in which the thoughts first occur.

    `held` says whether the ledger has the answer to a key.
    `typical` returns a model's mean tokens of prompt and completion per thought, where known.
    """
    per_thought: dict[str, CostEstimate] = {}
    known: dict[str, Mapping[str, tuple[float, float]]] = {}
    seen: set[str] = set()
    keys = RequestKeys(settings, held)
    for request in requests:
        row = per_thought.setdefault(request.thought, CostEstimate(request.thought))
        key, parameters = keys.keyed(request)
        row.requests += 1
        if key in seen or held(key):
            row.held += 1
            continue
        seen.add(key)
        asked = str(parameters["model"])
        if asked not in known:
            known[asked] = typical(asked)
        most_prompt, longest = most_prompt_tokens(request.messages), longest_completion(parameters)
        guess = most_prompt / BYTES_PER_TOKEN, likely_completion(request.messages, longest)
        prompt, completion = known[asked].get(request.thought, guess)
        row.prompt_tokens += prompt
        row.completion_tokens += completion
        price = price_of(parameters, settings.prices, settings.url())
        row.cost_usd = _plus(row.cost_usd, price, prompt, completion)
        row.most_usd = _plus(row.most_usd, price, most_prompt, longest)
    return list(per_thought.values())


def likely_completion(messages: Iterable[Message], longest: int | None) -> float:
    """Guess the tokens of a completion by the examples in its prompt; without any, it is the longest."""
    examples = [len(each["content"].encode()) for each in messages if each["role"] == "assistant"]
    if not examples:
        return longest or 0
    likely = LONGER_THAN_EXAMPLES * sum(examples) / len(examples) / BYTES_PER_TOKEN
    return likely if longest is None else min(likely, longest)


def _plus(usd: float | None, price: Price | None, prompt: float, completion: float | None) -> float | None:
    """Add the cost of some tokens; an unknown cost stays unknown."""
    if usd is None or price is None or completion is None:
        return None
    return usd + (prompt * price.prompt + completion * price.completion) / MILLION
