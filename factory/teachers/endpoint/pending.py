"""Pending requests: keep track of requests until they are rows of the ledger and replies.

`PendingRequest` holds equal requests, `RetryQueue` orders those that wait for a retry, `WriteBatch`
collects the rows of one write to the ledger.
"""

import hashlib
import heapq
import itertools
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.ledger import AttemptRow, FailureRow, Ledger, ResultRow
from thoughtmill.factory.ledger.in_flight import note_killed
from thoughtmill.factory.ledger.keys import prompt_sha
from thoughtmill.factory.ledger.locks import Locks
from thoughtmill.factory.teachers import Reply, Request
from thoughtmill.factory.teachers.endpoint.bodies import ParsedCompletion, parse_body
from thoughtmill.factory.teachers.endpoint.faults import Fault
from thoughtmill.factory.teachers.endpoint.money import Budget
from thoughtmill.factory.teachers.endpoint.prices import Price
from thoughtmill.factory.teachers.endpoint.request_keys import RequestKeys
from thoughtmill.factory.teachers.endpoint.responses import Response
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings


@dataclass(slots=True)
class PendingRequest:
    """A request without a reply; `requests` lists all equal requests, which are sent once.

    `tokens` estimates its prompt and completion, for a limit of tokens; `most_usd` is the most it can cost.
    `stream` is how it was last asked for (see `transport`).
    `blamed` says that its failure counts against the endpoint, `failed_before` that it also failed in an
    earlier run, `locked` that this run holds its lock.
    """

    key: str
    parameters: Mapping[str, Any]
    requests: list[Request]
    tokens: int
    most_usd: float
    attempts: int = 0
    first_sent_s: float = math.inf
    sent_s: float = math.inf
    stream: str = "no"
    blamed: bool = False
    failed_before: bool = False
    locked: bool = False

    @classmethod
    def of(
        cls, request: Request, key: str, parameters: Mapping[str, Any], tokens: int = 0, most_usd: float = 0.0
    ) -> "PendingRequest":
        """Make a pending request; `key` and `parameters` are those of `RequestKeys.keyed`."""
        return cls(key, parameters, [request], tokens, most_usd)

    @property
    def request(self) -> Request:
        """The first of its equal requests."""
        return self.requests[0]

    @property
    def model(self) -> str:
        """The model that is asked."""
        return str(self.parameters["model"])

    def body(self, api: str = "chat") -> bytes:
        """Return the JSON that is sent."""
        prompt = "input" if api == "responses" else "messages"
        return orjson.dumps({**self.parameters, prompt: [*self.request.messages]})

    def result(
        self, endpoint: str, parsed: ParsedCompletion, response: Response, price: Price | None
    ) -> ResultRow:
        """Return its row of `results`."""
        names = endpoint, self.model, self.request.thought, prompt_sha(self.request.messages)
        return result(self.key, names, parsed, response, price)

    def attempt(self, fault: Fault, response: Response) -> AttemptRow:
        """Return a row of `attempts`."""
        most_usd = self.most_usd if fault.billed else 0.0
        return AttemptRow(self.key, self.attempts, response.status, fault.detail, time.time(), most_usd)

    def failure(self, fault: Fault) -> FailureRow:
        """Return its row of `failures`."""
        detail = f"{fault.detail} (after {self.attempts} attempts)" if self.attempts > 1 else fault.detail
        return FailureRow(self.key, self.model, fault.failure, detail, time.time())

    def replies(self, row: ResultRow | FailureRow, parsed: ParsedCompletion | None = None) -> list[Reply]:
        """Return a reply to each of its equal requests."""
        return [reply(request, row, parsed) for request in self.requests]


class RetryQueue:
    """Requests that wait for a retry, ordered by due time, then by arrival. Pure: seconds are passed in."""

    def __init__(self) -> None:
        self.heap: list[tuple[float, int, PendingRequest]] = []
        self.numbers = itertools.count()

    def put(self, pending: PendingRequest, due_s: float) -> None:
        """Let a request wait until `due_s`."""
        heapq.heappush(self.heap, (due_s, next(self.numbers), pending))

    def take(self, now_s: float) -> PendingRequest | None:
        """Remove and return the first request that is due, or None."""
        return heapq.heappop(self.heap)[2] if self.due_s() <= now_s else None

    def due_s(self) -> float:
        """Return when the next request is due; infinity when the queue is empty."""
        return self.heap[0][0] if self.heap else math.inf


@dataclass(slots=True)
class WriteBatch:
    """Rows that are written to the ledger together, the requests that end with them, and their replies."""

    finished: list[PendingRequest] = field(default_factory=list)
    results: list[ResultRow] = field(default_factory=list)
    failures: list[FailureRow] = field(default_factory=list)
    attempts: list[AttemptRow] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    def finish(
        self, pending: PendingRequest, row: ResultRow | FailureRow, parsed: ParsedCompletion | None = None
    ) -> None:
        """Add the last row of a request and its replies; `parsed` saves reading the result's body again."""
        if isinstance(row, ResultRow):
            self.results.append(row)
        else:
            self.failures.append(row)
        self.replies += pending.replies(row, parsed)
        self.finished.append(pending)

    def keys(self) -> Iterator[str]:
        """Yield the keys of the requests that have a row in the batch."""
        yield from (pending.key for pending in self.finished)
        yield from (attempt.request_key for attempt in self.attempts)

    def write(self, ledger: Ledger) -> None:
        """Write the rows, if there are any."""
        if self.finished or self.attempts:
            ledger.write(self.results, self.attempts, self.failures)


def spent_usd(
    corpus: Iterable[Request],
    settings: EndpointSettings,
    ledger: Ledger,
    locks: Locks,
    others: Iterable[tuple[str, float]] = (),
) -> float:
    """Return how much of the budget is spent: the cost of all requests of the corpus; 0 without a budget.

    `others` are requests of the corpus by their keys, such as those of `grow`, with their highest costs.
    An unknown cost counts at its highest. This locks the budget until `locks` are closed; if another run has
    locked it, a `ThoughtmillError` is raised.
    """
    if settings.max_usd is None:
        return 0.0
    note_killed(ledger)
    budget = Budget(settings.max_usd, settings.prices, url=settings.url())

    keys = RequestKeys(settings, ledger.__contains__)

    def most(request: Request) -> tuple[str, float]:
        key, parameters = keys.keyed(request)
        return key, budget.most_usd(request.messages, parameters)

    asked = map(most, corpus)
    first = next(asked, None)  # the same for all runs of a corpus
    if first is None:
        return 0.0
    if not locks.lock(hashlib.sha256(f"budget/{first[0]}".encode()).hexdigest()):
        raise ThoughtmillError(
            "another run spends from the same max_usd: start this one when it has ended; "
            "with `executor: ray` one run spreads the requests and shares max_usd"
        )
    return ledger.cost_usd(itertools.chain([first], asked, others))


def result(
    key: str,
    names: tuple[str, str, str, str],
    parsed: ParsedCompletion,
    response: Response,
    price: Price | None,
    price_factor: float = 1.0,
) -> ResultRow:
    """Return the row of `results` for an answer that has just arrived.

    `names` are its endpoint, its model, its thought and the `prompt_sha` of its messages.
    """
    cost_usd = price.cost_usd(*parsed.usage) if price else None
    return ResultRow(
        key,
        *names,
        response.body,
        parsed.finish_reason,
        *parsed.usage,
        cost_usd=None if cost_usd is None else cost_usd * price_factor,
        latency_s=response.latency_s,
        answered_at=time.time(),
    )


def reply(request: Request, row: ResultRow | FailureRow, parsed: ParsedCompletion | None = None) -> Reply:
    """Return a row of the ledger as a reply; its body is parsed unless `parsed` is given."""
    if isinstance(row, FailureRow):
        return Reply(request, row.request_key, row.model, None, failure=row.failure, detail=row.detail)
    read = parsed or parse_body(row.body)
    if isinstance(read, str):
        return Reply(request, row.request_key, row.model, None, failure="unanswered", detail=read)
    return Reply(
        request=request,
        request_key=row.request_key,
        model=row.model,
        completion=read.text,
        finish_reason=read.finish_reason,
        failure=read.failure,
        detail=read.detail,
        prompt_tokens=row.prompt_tokens,
        completion_tokens=row.completion_tokens,
        cost_usd=row.cost_usd,
        latency_s=row.latency_s,
        reasoning=read.reasoning,
        reasoning_tokens=read.reasoning_tokens,
        cached_tokens=row.cached_tokens,
    )
