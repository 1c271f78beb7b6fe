"""The registry of teachers: one module per way to get a completion."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from thoughtmill.factory.thoughts.prompts import Message


@dataclass(frozen=True, slots=True)
class Request:
    """One completion to ask for.

    `messages` is the whole prompt. `problem` is the row of `problems` it was rendered from; only teachers
    that compute their completion (`embedded`, `replay`) read it. `parameters` holds the model and every
    sampling parameter that goes to the endpoint (`model`, `temperature`, `top_p`, `max_tokens`, `seed`).
    """

    problem: Mapping[str, Any]
    thought: str
    sample: int
    messages: tuple[Message, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of one request: a completion, or a `failure` of `schemas.fields.FAILURES` with its detail.

    `completion` is untouched. Tokens, `cost_usd` (US dollars) and `latency_s` (seconds) are None when
    unknown.
    """

    request: Request
    request_key: str
    model: str
    completion: str | None
    finish_reason: str | None = None
    failure: str | None = None
    detail: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None
    latency_s: float | None = None


class Teacher(Protocol):
    """A module of this package. Replies come in any order, one for every request."""

    def complete(self, requests: Iterable[Request]) -> Iterator[Reply]:
        """Answer every request, whatever becomes of it."""
        ...
