"""Rows: a request on its way, and what it becomes in the ledger and in a reply."""

import hashlib
import heapq
import itertools
import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import orjson

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.ledger import AttemptRow, FailureRow, Ledger, ResultRow
from thoughtmill.factory.ledger.keys import prompt_sha, request_key, sent
from thoughtmill.factory.ledger.locks import Locks
from thoughtmill.factory.teachers import Reply, Request
from thoughtmill.factory.teachers.endpoint.money import Budget, Price, likely_tokens
from thoughtmill.factory.teachers.endpoint.responses import Fault, ParsedCompletion, Response, completion
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings


@dataclass(slots=True)
class PendingRequest:
    """One request on its way, and everyone who asked for it.

    `tokens` is about what it takes, for the limit per minute; `most_usd` the most it can cost. `blamed` says
    that a failure of it has been counted as one of the endpoint, `locked` that no other run asks for it.
    """

    key: str
    parameters: Mapping[str, Any]
    requests: list[Request]
    tokens: int
    most_usd: float
    attempts: int = 0
    first_sent_s: float = math.inf
    sent_s: float = math.inf
    blamed: bool = False
    locked: bool = False

    @classmethod
    def of(
        cls, request: Request, key: str, parameters: Mapping[str, Any], most_usd: float = 0.0
    ) -> "PendingRequest":
        """Return a request that nobody has asked for yet; `parameters` and `key` are those of `keyed`."""
        return cls(key, parameters, [request], likely_tokens(request.messages, parameters), most_usd)

    @property
    def request(self) -> Request:
        """The request that was first to ask for it."""
        return self.requests[0]

    @property
    def model(self) -> str:
        """The model that is asked."""
        return str(self.parameters["model"])

    def body(self) -> bytes:
        """Return the JSON that is sent."""
        return orjson.dumps({**self.parameters, "messages": [*self.request.messages]})

    def result(
        self, endpoint: str, completed: ParsedCompletion, delivery: Response, price: Price | None
    ) -> ResultRow:
        """Return its row of `results`."""
        usage = (completed.prompt_tokens, completed.cached_tokens, completed.completion_tokens)
        cost_usd = price.cost_usd(*usage) if price else None
        sha = prompt_sha(self.request.messages)
        return result(
            self.key, endpoint, self.model, self.request.thought, sha, completed, delivery, cost_usd
        )

    def attempt(self, fault: Fault, delivery: Response) -> AttemptRow:
        """Return its row of `attempts`."""
        most_usd = self.most_usd if fault.billed else 0.0
        return AttemptRow(self.key, self.attempts, delivery.status, fault.detail, time.time(), most_usd)

    def failure(self, fault: Fault) -> FailureRow:
        """Return its row of `failures`."""
        detail = f"{fault.detail} (after {self.attempts} attempts)" if self.attempts > 1 else fault.detail
        return FailureRow(self.key, self.model, fault.failure, detail, time.time())

    def replies(self, end: ResultRow | FailureRow, completed: ParsedCompletion | None = None) -> list[Reply]:
        """Return what everyone who asked for it gets."""
        return [reply(request, end, completed) for request in self.requests]


def keyed(request: Request, endpoint: str, model: str) -> tuple[str, Mapping[str, Any]]:
    """Return a request's key and the parameters it is sent with; `model` is for requests that name none."""
    parameters = {"model": model, **sent(request.parameters)}
    return request_key(endpoint, request.messages, parameters, request.sample), parameters


def spent_usd(corpus: Iterable[Request], settings: EndpointSettings, ledger: Ledger, locks: Locks) -> float:
    """Return what is spent of a budget: what the requests it is for have cost; 0 without a budget.

    What is unknown counts as the most it can be. While `locks` are open no other run spends from this budget:
    one that tries to raises a `ThoughtmillError`.
    """
    budget = Budget(settings.max_usd, settings.prices)

    def most(request: Request) -> tuple[str, float]:
        key, parameters = keyed(request, settings.name(), settings.model)
        return key, budget.most_usd(request.messages, parameters)

    asked = map(most, corpus if settings.max_usd is not None else ())
    first = next(asked, None)  # the same for all runs of a corpus
    if first is None:
        return 0.0
    if not locks.lock(hashlib.sha256(f"budget/{first[0]}".encode()).hexdigest()):
        raise ThoughtmillError("another run spends from the same max_usd: start this one when it has ended")
    return ledger.cost_usd(chain([first], asked))


def result(
    key: str,
    endpoint: str,
    model: str,
    thought: str,
    sha: str,
    completed: ParsedCompletion,
    delivery: Response,
    cost_usd: float | None,
) -> ResultRow:
    """Return the row of `results` of an answer that came now; `sha` is that of its prompt."""
    return ResultRow(
        request_key=key,
        endpoint=endpoint,
        model=model,
        thought=thought,
        prompt_sha=sha,
        body=delivery.body,
        finish_reason=completed.finish_reason,
        prompt_tokens=completed.prompt_tokens,
        cached_tokens=completed.cached_tokens,
        completion_tokens=completed.completion_tokens,
        cost_usd=cost_usd,
        latency_s=delivery.latency_s,
        answered_at=time.time(),
    )


def reply(
    request: Request, result: ResultRow | FailureRow, completed: ParsedCompletion | None = None
) -> Reply:
    """Return the reply that a row of the ledger is; an answer is read from its body unless that is done."""
    if isinstance(result, FailureRow):
        key, model, failure, detail = result.request_key, result.model, result.failure, result.detail
        return Reply(request, key, model, None, failure=failure, detail=detail)
    read = completed or completion(result.body)
    if isinstance(read, str):
        return Reply(request, result.request_key, result.model, None, failure="unanswered", detail=read)
    return Reply(
        request=request,
        request_key=result.request_key,
        model=read.model or result.model,
        completion=read.text,
        finish_reason=read.finish_reason,
        failure=read.failure,
        detail=read.detail,
        prompt_tokens=result.prompt_tokens,
        completion_tokens=result.completion_tokens,
        cost_usd=result.cost_usd,
        latency_s=result.latency_s,
    )


class RetryQueue:
    """A heap of rows by the time they are due; of two due at once, the one that came first."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, int, PendingRequest]] = []
        self.numbers = itertools.count()

    def put(self, row: PendingRequest, due_s: float) -> None:
        """Let a row wait until `due_s`."""
        heapq.heappush(self.rows, (due_s, next(self.numbers), row))

    def take(self, now_s: float) -> PendingRequest | None:
        """Take a row whose time has come."""
        return heapq.heappop(self.rows)[2] if self.due_s() <= now_s else None

    def due_s(self) -> float:
        """Return when the next row is due; infinity when none waits."""
        return self.rows[0][0] if self.rows else math.inf


@dataclass(slots=True)
class WriteBatch:
    """What is written to the ledger at once; `over` are the rows that end with it."""

    over: list[PendingRequest] = field(default_factory=list)
    results: list[ResultRow] = field(default_factory=list)
    failures: list[FailureRow] = field(default_factory=list)
    attempts: list[AttemptRow] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    def end(
        self, row: PendingRequest, end: ResultRow | FailureRow, completed: ParsedCompletion | None = None
    ) -> None:
        """Take in how a row ends."""
        if isinstance(end, ResultRow):
            self.results.append(end)
        else:
            self.failures.append(end)
        self.replies += row.replies(end, completed)
        self.over.append(row)

    def write(self, ledger: Ledger) -> None:
        """Write it."""
        if self.over or self.attempts:
            ledger.write(self.results, self.attempts, self.failures)
