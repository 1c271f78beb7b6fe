"""The teacher `batch`: the provider's Batch API, at half the price, resumable at every step.

What is under way is remembered by the provider alone: every run first looks there for batches of ours, so
one that was made a moment before a crash is found, waited for and collected like any other. Answers go to the
same ledger, under the same keys, as those of the teacher `openai`.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from operator import length_hint
from pathlib import Path

import openai
from openai.types import Batch
from pydantic import Field

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.ledger import Attempt, Ledger, Result
from thoughtmill.factory.ledger.batches import is_collected, mark_collected
from thoughtmill.factory.ledger.locks import Locks
from thoughtmill.factory.teachers import Reply, Request
from thoughtmill.factory.teachers.endpoint import settings
from thoughtmill.factory.teachers.endpoint.batch_lines import URL, asked, delivered, files
from thoughtmill.factory.teachers.endpoint.deliveries import Completed, Fault, Remedy, read
from thoughtmill.factory.teachers.endpoint.money import Budget, likely_tokens
from thoughtmill.factory.teachers.endpoint.rows import Row, keyed, reply, result, spent_usd
from thoughtmill.factory.teachers.endpoint.sight import REDRAW_S, Sight
from thoughtmill.factory.teachers.endpoint.tally import Tally
from thoughtmill.factory.teachers.endpoint.transport import api_key, without_key

TAG = "thoughtmill"  # the metadata that marks a batch as ours; its value is the thought
OVER = frozenset({"completed", "failed", "expired", "cancelled"})
LOST = Fault(Remedy.GIVE_UP, "its batch ended without an answer to it")


class Settings(settings.Settings):
    """How batches are run; the settings of single requests that do not apply to batches are not read."""

    poll_s: float = Field(30.0, gt=0, description="seconds between two looks at a batch")
    price_factor: float = Field(0.5, ge=0, description="what a batch costs of the price of single requests")


class BatchTeacher:
    """A teacher that answers within a day; `corpus` are all the requests that `max_usd` is for."""

    def __init__(
        self, settings: Settings, ledger_path: Path | None = None, corpus: Iterable[Request] = ()
    ) -> None:
        self.settings = settings
        self.ledger_path = ledger_path
        self.corpus = corpus

    def complete(self, requests: Iterable[Request]) -> Iterator[Reply]:
        """Yield a reply for every request: those in the ledger at once, then each batch's when it is over.

        The requests that must be asked are held in memory. An error of the provider and Ctrl-C raise a
        `ThoughtmillError`; what is under way goes on, and the next run collects it.
        """
        with ExitStack() as open_:
            ledger = open_.enter_context(Ledger(self.ledger_path))
            client = open_.enter_context(
                openai.OpenAI(
                    base_url=self.settings.url(),
                    api_key=api_key() or "none",
                    timeout=self.settings.timeout_s,
                    max_retries=self.settings.max_attempts - 1,
                )
            )
            tally = Tally(time.monotonic(), length_hint(requests) or None)
            desk = Desk(self.settings, ledger, client, tally)
            open_.callback(lambda: desk.sight.end(time.monotonic()))
            try:
                yield from self._complete(requests, desk)
            except openai.OpenAIError as error:
                words = without_key(str(error).encode()).decode()
                raise ThoughtmillError(f"{self.settings.name()} refuses: {words}") from error
            except KeyboardInterrupt as error:
                raise ThoughtmillError(
                    "stopped; batches go on without us: run the same command again to collect them"
                ) from error

    def _complete(self, requests: Iterable[Request], desk: "Desk") -> Iterator[Reply]:
        rows: dict[str, Row] = {}
        for request in requests:
            key, parameters = keyed(request, desk.endpoint, self.settings.model)
            found = desk.ledger.known(key)
            if found is not None:
                desk.tally.of(request.thought).held += 1
                yield reply(request, found)
            elif key in rows:
                rows[key].requests.append(request)
            else:
                rows[key] = Row(key, parameters, [request], likely_tokens(request.messages, parameters), 0.0)
        if not rows:  # whoever has all answers needs no provider
            return
        for row in rows.values():
            desk.tally.of(row.request.thought).in_flight += len(row.requests)
        with closing(Locks(desk.ledger.path)) as locks:
            locks.wait(hashlib.sha256(desk.endpoint.encode()).hexdigest())  # for other runs' batches
            under_way = desk.find()
            collected = [rows.pop(key) for key in [*rows] if key in desk.ledger]
            asked_before = {key for keys in under_way.values() for key in keys}
            new = [row for key, row in rows.items() if key not in asked_before]
            if new:
                self._afford(rows, asked_before, desk.ledger, locks)
            under_way |= desk.submit(new)
        for row in collected:
            yield from desk.replies(row, LOST)
        needed = {batch for batch, keys in under_way.items() if any(key in rows for key in keys)}
        for batch_id in desk.wait(needed):
            faults = desk.collect(batch_id)
            for key in under_way[batch_id]:
                if key in rows:
                    yield from desk.replies(rows.pop(key), faults.get(key, LOST))

    def _afford(self, rows: Mapping[str, Row], under_way: set[str], ledger: Ledger, locks: Locks) -> None:
        """Refuse, before anything is sent, what may cost more than the budget; what is under way counts."""
        settings = self.settings
        if settings.max_usd is None:
            return
        corpus = [*self.corpus]
        budget = Budget(settings.max_usd, settings.prices, spent_usd(corpus, settings, ledger, locks))
        asked = {row.key: (row.request.messages, row.parameters) for row in rows.values()}
        for request in corpus:
            key, parameters = keyed(request, settings.name(), settings.model)
            if key in under_way:
                asked[key] = request.messages, parameters
        budget.hold(sum(budget.most_usd(*each) for each in asked.values()) * settings.price_factor)
        if not budget.affords(0.0):
            raise ThoughtmillError(
                f"{budget.spent_usd:.4f} of {budget.max_usd:.4f} dollars are spent, and this may cost "
                f"{budget.held_usd:.4f}: raise max_usd, or ask for less"
            )


class Desk:
    """The provider's side of batches, and what it means for the ledger."""

    def __init__(self, settings: Settings, ledger: Ledger, client: openai.OpenAI, tally: Tally) -> None:
        self.settings = settings
        self.tally = tally
        self.sight = Sight(tally, ledger)
        self.endpoint = settings.name()
        self.ledger = ledger
        self.client = client

    def find(self) -> dict[str, list[str]]:
        """Collect our batches that are over; return the keys of those that are under way, by batch."""
        under_way: dict[str, list[str]] = {}
        for batch in self.client.batches.list(limit=100):
            if TAG not in (batch.metadata or {}) or is_collected(self.ledger, batch.id):
                continue
            if batch.status in OVER:
                try:
                    self.collect(batch.id)
                except openai.NotFoundError:  # its files are deleted, and nothing of it is to be had
                    mark_collected(self.ledger, batch.id)
            else:
                under_way[batch.id] = list(asked(self._content(batch.input_file_id)))
        return under_way

    def submit(self, rows: list[Row]) -> dict[str, list[str]]:
        """Upload rows and create their batches; return as `find`.

        To create one is never tried again: it may have been made, and its answer lost. The next run finds it.
        """
        created: dict[str, list[str]] = {}
        for thought, content in files(rows):
            uploaded = self.client.files.create(file=("thoughtmill.jsonl", content), purpose="batch")
            batch = self.client.with_options(max_retries=0).batches.create(
                input_file_id=uploaded.id, endpoint=URL, completion_window="24h", metadata={TAG: thought}
            )
            created[batch.id] = list(asked(content))
        return created

    def wait(self, batches: set[str]) -> Iterator[str]:
        """Yield each batch when it is over."""
        left = set(batches)
        while left:
            over = [batch for batch in sorted(left) if self.client.batches.retrieve(batch).status in OVER]
            yield from over
            left -= set(over)
            if left and not over:
                self._rest()

    def _rest(self) -> None:
        """Wait until it is time for another look, and show meanwhile that the run is alive."""
        end_s = time.monotonic() + self.settings.poll_s
        while (now_s := time.monotonic()) < end_s:
            self.sight.show(now_s)
            time.sleep(min(end_s - now_s, REDRAW_S))

    def collect(self, batch_id: str) -> dict[str, Fault]:
        """Write a batch's answers and errors to the ledger; return the faults by key.

        A batch that the provider did not accept raises a `ThoughtmillError` with the provider's words.
        """
        batch = self.client.batches.retrieve(batch_id)
        requests = asked(self._content(batch.input_file_id))
        results: list[Result] = []
        faults: dict[str, Fault] = {}
        attempts: list[Attempt] = []
        for file_id in filter(None, (batch.output_file_id, batch.error_file_id)):
            for key, delivery in delivered(self._content(file_id)):
                if key not in requests:
                    continue
                model, prompt_sha = requests[key]
                verdict = read(delivery)
                if isinstance(verdict, Completed):
                    cost = self._cost(model, verdict)
                    thought = (batch.metadata or {})[TAG]
                    results.append(
                        result(key, self.endpoint, model, thought, prompt_sha, verdict, delivery, cost)
                    )
                else:
                    faults[key] = verdict
                    attempts.append(Attempt(key, 1, delivery.status, verdict.detail, time.time()))
        self.ledger.write(results, attempts)
        mark_collected(self.ledger, batch_id)
        if batch.status == "failed":
            raise ThoughtmillError(f"{self.endpoint} refuses a batch: {_reasons(batch)}")
        return faults

    def replies(self, row: Row, fault: Fault) -> list[Reply]:
        """Return the replies of a row whose batch has been collected; the ledger learns how it ended."""
        found, count = self.ledger.get(row.key), self.tally.of(row.request.thought)
        count.in_flight -= len(row.requests)
        if found is not None:
            count.answered += len(row.requests)
            self.tally.bought((found.prompt_tokens or 0) + (found.completion_tokens or 0), found.cost_usd)
            return row.replies(found)
        count.failed += len(row.requests)
        failure = row.failure(fault)
        self.ledger.write([], failures=[failure])
        return row.replies(failure)

    def _content(self, file_id: str | None) -> bytes:
        return without_key(self.client.files.content(file_id).read()) if file_id else b""

    def _cost(self, model: str, completed: Completed) -> float | None:
        price = self.settings.prices.get(model)
        usage = completed.prompt_tokens, completed.cached_tokens, completed.completion_tokens
        cost = price.cost_usd(*usage) if price else None
        return None if cost is None else cost * self.settings.price_factor


def _reasons(batch: Batch) -> str:
    data = (batch.errors.data if batch.errors else None) or []
    return "; ".join(str(each.message) for each in data) or batch.status
