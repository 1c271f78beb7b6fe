"""Control: what a run may send, what it has spent, what to do about a fault. Pure: seconds are passed in."""

import math
import random
from dataclasses import dataclass

from thoughtmill.factory.ledger import ResultRow
from thoughtmill.factory.teachers.endpoint.display import RunCounters
from thoughtmill.factory.teachers.endpoint.flow import Flow, backoff_s
from thoughtmill.factory.teachers.endpoint.money import Budget
from thoughtmill.factory.teachers.endpoint.pending import PendingRequest
from thoughtmill.factory.teachers.endpoint.responses import Fault, Remedy
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings

GO_ON = "run the same command again and it asks only for what is missing"


@dataclass(frozen=True, slots=True)
class Retry:
    """Ask for this row again, not before `at_s`."""

    at_s: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """This row has no answer and gets none in this run."""


@dataclass(frozen=True, slots=True)
class StopRun:
    """Nothing more is sent; `why` is for the user."""

    why: str


class Control:
    """Flow, budget and tally of one run, which every row passes when it is sent and when it lands.

    `asked_all` is to be set when there is no request left that has not been asked once.
    """

    def __init__(
        self, settings: EndpointSettings, now_s: float, total: int | None, spent_usd: float = 0.0
    ) -> None:
        self.settings = settings
        self.endpoint = settings.name()
        self.flow = Flow.of(settings, now_s)
        self.budget = Budget(settings.max_usd, settings.prices, spent_usd)
        self.counters = RunCounters(now_s, total)
        self.asked_all = False

    def wait_s(self, row: PendingRequest, now_s: float) -> float | StopRun:
        """Return the seconds until a row may be sent; infinite: not before another lands."""
        wait_s = self.flow.wait_s(row.tokens, now_s)
        if wait_s > 0 or self.budget.affords(row.most_usd):
            return wait_s
        if self.flow.window.in_flight:
            return math.inf
        return StopRun(
            f"max_usd is used up: {self.budget.spent_usd:.4f} of {self.budget.max_usd:.4f} dollars are "
            f"spent and the next request may cost {row.most_usd:.4f}; raise max_usd, then {GO_ON}"
        )

    def sent(self, row: PendingRequest, now_s: float) -> None:
        """Note that a row is sent."""
        row.attempts += 1
        row.sent_s = now_s
        row.first_sent_s = min(row.first_sent_s, now_s)
        self.flow.sent(row.tokens, now_s)
        self.budget.hold(row.most_usd)
        self.counters.of(row.request.thought).in_flight += 1

    def answered(self, row: PendingRequest, result: ResultRow, now_s: float) -> None:
        """Settle what an answer took."""
        self._landed(row)
        used = (result.prompt_tokens or 0) + (result.completion_tokens or 0)
        self.flow.answered(row.tokens - used if used else 0, now_s)
        self.budget.settle(row.most_usd, row.most_usd if result.cost_usd is None else result.cost_usd)
        self.counters.bought(used, result.cost_usd)
        self.counters.of(row.request.thought).answered += len(row.requests)

    def failed(
        self, row: PendingRequest, fault: Fault, retry_after_s: float | None, now_s: float
    ) -> Retry | GiveUp | StopRun:
        """Settle a fault, and say what becomes of its row."""
        self._landed(row)
        self.budget.settle(row.most_usd, row.most_usd if fault.billed else 0.0)
        if fault.overload:
            self.flow.overloaded(row.sent_s, now_s, retry_after_s)
        if fault.remedy is Remedy.STOP:
            return StopRun(f"{self.endpoint} refuses: {fault.detail}")
        if fault.remedy is Remedy.RETRY:
            self._blame(row, fault, now_s)
            self.counters.pause_s = self.flow.breaker.until_s
            if self.flow.breaker.open:
                return StopRun(self._broken(fault))
            if row.attempts < self.settings.max_attempts:
                return Retry(now_s + max(self._backoff_s(row), retry_after_s or 0.0))
        self.counters.of(row.request.thought).failed += len(row.requests)
        return GiveUp()

    def _blame(self, row: PendingRequest, fault: Fault, now_s: float) -> None:
        """Count a failure as one of the endpoint.

        Of those that may be the row's own fault only the first counts; and none where other rows have answers
        and there is nothing new to ask: rows that are never answered, and all that is left, end as such.
        """
        breaker = self.flow.breaker
        if fault.outage:
            breaker.failed(now_s, row.sent_s, now_s)
        elif not row.blamed and not (self.asked_all and self.counters.has_answers):
            row.blamed = breaker.failed(row.first_sent_s, row.sent_s, now_s)

    def _broken(self, fault: Fault) -> str:
        failed = f"{self.endpoint} failed {self.flow.breaker.failures} times in a row, the last time with:"
        alone = "" if fault.outage else "; if it fails these requests alone, raise breaker_after"
        return f"{failed} {fault.detail}; when it works, {GO_ON}{alone}"

    def _landed(self, row: PendingRequest) -> None:
        self.flow.landed()
        self.counters.of(row.request.thought).in_flight -= 1

    def _backoff_s(self, row: PendingRequest) -> float:
        chance = random.Random(f"{row.key}/{row.attempts}")
        return backoff_s(row.attempts, self.settings.backoff_s, self.settings.longest_backoff_s, chance)
