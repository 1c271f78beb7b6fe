"""The registry of teachers: one module for each way to get a completion.

To add a teacher, write a module like `TeacherModule`: here, or in your package under an entry point
`thoughtmill.teachers`. Then choose it with `generate.teacher` in `params.yaml`; its settings are in the
subsection of its name. A teacher is imported only when it is chosen.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.registry import Registry, modules_of
from thoughtmill.factory.thoughts.prompts import Message


class BudgetSpent(ThoughtmillError):
    """`max_usd` does not pay for the next request; everything that was asked before it has its reply."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request for one completion.

    `messages` is the whole prompt. `problem` is the row of `problems` it was rendered from; only teachers
    that compute their completion (`embedded`, `replay`) read it. `parameters` are the sampling parameters
    that an endpoint gets (`temperature`, `top_p`, `max_tokens`, `seed` and others). They may name a `model`;
    the default is the model of the teacher's settings. `endpoint` is the endpoint's name in the request key,
    by default that of the teacher's settings. `settings` are those of its endpoint, where the corpus has
    several: they say which preset and which API the request has.
    """

    problem: Mapping[str, Any]
    thought: str
    sample: int
    messages: tuple[Message, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    endpoint: str | None = None
    settings: Any = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The outcome of one request: a completion, or a `failure` of `schemas.fields.FAILURES` with its detail.

    `completion` is untouched. `reasoning` is the thinking that an endpoint sent apart; the completion may
    hold more, between tags. Tokens, `cost_usd` (US dollars) and `latency_s` (seconds) are None when unknown;
    `reasoning_tokens` are a part of `completion_tokens`, `cached_tokens` of `prompt_tokens`.
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
    reasoning: str | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None


class Teacher(Protocol):
    """Answers requests. Inherit from this class to keep its defaults."""

    shows_progress: bool = False
    """Whether it shows its own progress; otherwise the stage shows it."""
    uses_ledger: bool = False
    """Whether it keeps its replies in the ledger: `thoughtmill ledger retry` then asks again for failures."""
    shares_limits: bool = False
    """Whether shards of its requests may run at once: it then draws dollars and rates from `allowance`."""
    allowance: Any = None
    """What it draws from in a shard: a `teachers.endpoint.allowances.ShardAllowance`."""

    def complete(self, requests: Iterable[Request]) -> Iterator[Reply]:
        """Yield one reply for every request, in any order."""
        ...

    def samples(self, problem: Mapping[str, Any], thought: str, asked: int) -> int:
        """Return how many completions to ask for about a problem; the settings say `asked`."""
        return asked

    def remarks(self, thought: str) -> Iterable[str]:
        """Return what to tell the user when all requests for a thought are answered."""
        return ()


class TeacherModule(Protocol):
    """A module of this registry.

    It may also have `estimate(settings, requests)`, which returns a list of
    `teachers.endpoint.estimate.CostEstimate` without sending anything. A teacher without it is free.
    """

    SETTINGS: type[BaseModel]
    """The pydantic model of the teacher's subsection of `generate` in `params.yaml`."""

    def make(self, settings: Any, folder: Path, corpus: Iterable[Request]) -> Teacher:
        """Return the teacher that these `SETTINGS` describe.

        `folder` is the project's root. `corpus` yields the requests of all thoughts, for a budget.
        """
        ...


TEACHERS: Registry[TeacherModule] = Registry(
    "teacher",
    "thoughtmill.teachers",
    modules_of(
        "thoughtmill.factory.teachers", but_not=("choice", "endpoint", "sampling", "thought_requests")
    ),
)


FINISHES: dict[str, str] = {  # endpoints' words for an end that spoils a completion, in lower case
    **dict.fromkeys(
        "length max_tokens max_output_tokens max_length token_limit context_length model_length"
        " model_context_window_exceeded error_limit time_limit".split(),
        "truncated",
    ),
    **dict.fromkeys(
        "content_filter content_filtered guardrail_intervened refusal safety recitation prohibited_content"
        " blocklist spii sensitive error_toxic".split(),
        "refused",
    ),
    "repeating": "truncated",  # our own word, for `stop_when`
}

CUT = {"repeating": "because it repeats itself", "time_limit": "by the time limit"}
"""Why a completion was cut off, where its length is not the reason."""


def end_of(finish_reason: str | None) -> str:
    """Return an endpoint's word for the end of a completion as `FINISHES` has it, without its enumeration.

    >>> end_of("FinishReason.MAX_TOKENS"), end_of("content_filter: OTHER"), end_of(None)
    ('max_tokens', 'content_filter', '')
    """
    word = (finish_reason or "").lower().partition(":")[0]
    return word.rpartition(".")[2].removeprefix("finish_reason_")


def failure_of(
    completion: str | None, finish_reason: str | None, reasoning: str | None = None
) -> tuple[str | None, str | None]:
    """Return why a completion is unusable, as a word of `FAILURES` and a detail; (None, None) if usable.

    `completion` is the answer without its thinking, `reasoning`.

    >>> failure_of("ans = 4 *", "length")
    ('truncated', 'cut off by the length limit')
    >>> failure_of("", "length", "Let x be")
    ('truncated', 'cut off by the length limit, inside the thinking')
    >>> failure_of("4 4 4 4", "repeating")
    ('truncated', 'cut off because it repeats itself')
    >>> failure_of(None, "content_filter: PROHIBITED_CONTENT")
    ('refused', 'stopped by a content filter')
    """
    answered = bool((completion or "").strip())
    end = FINISHES.get(end_of(finish_reason))
    if end == "refused":
        return "refused", "stopped by a content filter"
    if end == "truncated":
        part = "" if reasoning is None else ", inside the answer" if answered else ", inside the thinking"
        why = CUT.get(end_of(finish_reason), "by the length limit")
        return "truncated", f"cut off {why}{part}"
    if not answered:
        return "empty", "the completion has no text" + ("" if reasoning is None else " after its thinking")
    return None, None
