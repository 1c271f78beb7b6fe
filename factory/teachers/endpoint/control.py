"""Control: decide when to send and what to do after a fault. Pure: seconds are passed in."""

import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from thoughtmill.factory.ledger import ResultRow
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.endpoint.display import RunCounters
from thoughtmill.factory.teachers.endpoint.faults import About, Fault
from thoughtmill.factory.teachers.endpoint.flow import Flow, backoff_s
from thoughtmill.factory.teachers.endpoint.money import Budget, likely_tokens
from thoughtmill.factory.teachers.endpoint.pending import PendingRequest
from thoughtmill.factory.teachers.endpoint.presets import asked_as
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings

GO_ON = "run the same command again and it asks only for what is missing"


@dataclass(frozen=True, slots=True)
class Retry:
    """The decision to send a request again, not before `at_s`."""

    at_s: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The decision that a request gets no answer in this run."""


@dataclass(frozen=True, slots=True)
class StopRun:
    """The decision to send nothing more; `why` is for the user."""

    why: str


class RefusalStreak:
    """Counts the rows in a row that got the same refusal; an answer begins anew."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.words = ""
        self.rows: set[str] = set()

    def answered(self) -> None:
        """Note an answer."""
        self.rows.clear()

    def refused(self, words: str, row: str) -> bool:
        """Note a refusal of a row in these words; return whether as many rows as allowed got it."""
        if words != self.words:
            self.words, self.rows = words, set()
        self.rows.add(row)
        return len(self.rows) >= self.most


class Control:
    """Flow, budget and counters of one run; the run reports every request and every response to it.

    The run sets `asked_all` when every request has been sent at least once.
    """

    def __init__(
        self, settings: EndpointSettings, now_s: float, total: int | None, spent_usd: float = 0.0
    ) -> None:
        self.settings = settings
        self.endpoint = settings.name()
        self.flow = Flow(settings, now_s)
        self.budget = Budget(settings.max_usd, settings.prices, spent_usd, settings.url())
        self.counters = RunCounters(now_s, total)
        self.refusals = RefusalStreak(settings.breaker_after)
        self.asked_all = False

    def pending(self, request: Request, key: str, parameters: Mapping[str, Any]) -> PendingRequest:
        """Return a request with what its limits need to know of it: tokens and dollars."""
        tokens = likely_tokens(request.messages, parameters) if self.flow.tokens else 0
        most_usd = self.budget.most_usd(request.messages, parameters)
        return PendingRequest.of(request, key, parameters, tokens, most_usd)

    def wait_s(self, pending: PendingRequest, now_s: float) -> float | StopRun:
        """Return the seconds until a request may be sent; infinity until another response arrives."""
        wait_s = self.flow.wait_s(pending.tokens, now_s)
        if wait_s > 0 or self.budget.affords(pending.most_usd):
            return wait_s
        if self.flow.window.in_flight or self.budget.wait_s() < math.inf:
            return self.budget.wait_s()
        return StopRun(
            f"max_usd is used up: {self.budget.spent_usd:.4f} of {self.budget.max_usd:.4f} dollars are "
            f"spent and the next request may cost {pending.most_usd:.4f}; raise max_usd, then {GO_ON}"
        )

    def sent(self, pending: PendingRequest, now_s: float) -> None:
        """Note that a request is sent."""
        pending.attempts += 1
        pending.sent_s = now_s
        pending.first_sent_s = min(pending.first_sent_s, now_s)
        self.flow.sent(pending.tokens, now_s)
        self.budget.hold(pending.most_usd)
        self.counters.of(pending.request.thought).in_flight += 1

    def answered(
        self, pending: PendingRequest, result: ResultRow, now_s: float, wait_s: float | None = None
    ) -> None:
        """Note an answer, with the tokens and dollars it took; `wait_s`: its limit is used up for so long."""
        self._received(pending)
        self.refusals.answered()
        if wait_s:
            self.flow.breaker.wait(wait_s, now_s)
        used = (result.prompt_tokens or 0) + (result.completion_tokens or 0)
        self.flow.answered(pending.tokens - used if used else 0, pending.sent_s, now_s)
        self.budget.settle(pending.most_usd, pending.most_usd if result.cost_usd is None else result.cost_usd)
        self.counters.bought(used, result.cost_usd)
        self.counters.of(pending.request.thought).answered += len(pending.requests)

    def dropped(self, pending: PendingRequest) -> None:
        """Note that a request was refused and is asked in another form."""
        self._received(pending)
        self.budget.settle(pending.most_usd, 0.0)

    def failed(
        self, pending: PendingRequest, fault: Fault, retry_after_s: float | None, now_s: float
    ) -> Retry | GiveUp | StopRun:
        """Note a fault, and decide whether to retry its request, to give it up or to stop the run."""
        self._received(pending)
        self.budget.settle(pending.most_usd, pending.most_usd if fault.billed else 0.0)
        if fault.overload:
            self.flow.overloaded(pending.sent_s, now_s, retry_after_s)
        if fault.about is About.MOMENT:
            return self._later(pending, fault, retry_after_s, now_s)
        if self._refuses_all(pending, fault):
            return StopRun(f"{self.endpoint} refuses: {fault.detail}{advice(pending, fault)}")
        if fault.about in {About.KEY, About.MODEL} and pending.attempts < self.settings.max_attempts:
            return Retry(now_s + max(self._backoff_s(pending), retry_after_s or 0.0))
        return self._give_up(pending)

    def _later(
        self, pending: PendingRequest, fault: Fault, retry_after_s: float | None, now_s: float
    ) -> Retry | GiveUp | StopRun:
        """Decide on a fault that may pass."""
        self._blame_endpoint(pending, fault, now_s)
        self.counters.pause_s = self.flow.breaker.until_s
        if self.flow.breaker.open:
            return StopRun(self._outage(fault))
        if pending.attempts < self.settings.max_attempts:
            return Retry(now_s + max(self._backoff_s(pending), retry_after_s or 0.0))
        return self._give_up(pending)

    def _give_up(self, pending: PendingRequest) -> GiveUp:
        self.counters.of(pending.request.thought).failed += len(pending.requests)
        return GiveUp()

    def _refuses_all(self, pending: PendingRequest, fault: Fault) -> bool:
        """Say whether a refusal is not the row's own: enough rows got it in a row, or all so far.

        A fault of the row, recognised by its words, counts only while no row has an answer: then the longest
        completion may be longer than the model's context. Before the first answer, a key or a model that is
        refused stops the run as soon as nothing is in flight that could be answered.
        """
        answers = self.counters.has_answers
        if fault.about is About.ROW:
            return not answers and self.refusals.refused(fault.same, pending.key)
        is_row = fault.about is About.UNKNOWN
        many = self.refusals.refused(
            fault.same, pending.key if is_row else f"{pending.key}/{pending.attempts}"
        )
        none = not answers if is_row else not self.counters.is_answered
        return many or (none and not self.flow.window.in_flight)

    def _blame_endpoint(self, pending: PendingRequest, fault: Fault, now_s: float) -> None:
        """Count a failure against the endpoint, unless the request itself is more likely to be the cause.

        An outage always counts. Any other failure counts once per request. It does not count when other
        requests have been answered and only retries are left, or requests that also failed in an earlier run:
        requests that always fail then end as rows without an answer, and do not stop the run.
        """
        is_its_own = self.counters.has_answers and (self.asked_all or pending.failed_before)
        breaker = self.flow.breaker
        if fault.outage:
            breaker.failed(now_s, pending.sent_s, now_s)
        elif not pending.blamed and not is_its_own:
            pending.blamed = breaker.failed(pending.first_sent_s, pending.sent_s, now_s)

    def _outage(self, fault: Fault) -> str:
        failed = f"{self.endpoint} failed {self.flow.breaker.failures} times in a row, the last time with:"
        alone = "" if fault.outage else "; if it fails these requests alone, raise breaker_after"
        return f"{failed} {fault.detail}; when it works, {GO_ON}{alone}"

    def _received(self, pending: PendingRequest) -> None:
        self.flow.received()
        self.counters.of(pending.request.thought).in_flight -= 1

    def _backoff_s(self, pending: PendingRequest) -> float:
        chance = random.Random(f"{pending.key}/{pending.attempts}")
        return backoff_s(pending.attempts, self.settings.backoff_s, self.settings.longest_backoff_s, chance)


def advice(pending: PendingRequest, fault: Fault) -> str:
    """Return which line of `params.yaml` to change, if a refusal names a parameter that was sent."""
    sent = [name for name in pending.parameters if name != "model"]
    named = [name for name in sent if name in fault.names]
    named = named or [name for name in sent if re.search(rf"\b{name}\b", fault.detail)]
    if fault.about is not About.UNKNOWN or not named:
        return ""
    lines = " or ".join(f"`{asked_as(name, pending.request.parameters)}: null`" for name in named)
    place = f"generate.sampling.{pending.request.thought}"
    return f"; to leave it out, set {lines} in params.yaml under {place}"
