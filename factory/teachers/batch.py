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

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.ledger import Ledger
from thoughtmill.factory.ledger.locks import Locks
from thoughtmill.factory.teachers import Reply, Request
from thoughtmill.factory.teachers.endpoint.batch_client import LOST, BatchClient
from thoughtmill.factory.teachers.endpoint.display import RunCounters
from thoughtmill.factory.teachers.endpoint.money import Budget, likely_tokens
from thoughtmill.factory.teachers.endpoint.pending import PendingRequest, keyed, reply, spent_usd
from thoughtmill.factory.teachers.endpoint.settings import BatchSettings
from thoughtmill.factory.teachers.endpoint.transport import api_key, without_key


class BatchTeacher:
    """A teacher that answers within a day; `corpus` are all the requests that `max_usd` is for."""

    def __init__(
        self, settings: BatchSettings, ledger_path: Path | None = None, corpus: Iterable[Request] = ()
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
            provider = open_.enter_context(
                openai.OpenAI(
                    base_url=self.settings.url(),
                    api_key=api_key() or "none",
                    timeout=self.settings.timeout_s,
                    max_retries=self.settings.max_attempts - 1,
                )
            )
            counters = RunCounters(time.monotonic(), length_hint(requests) or None)
            client = BatchClient(self.settings, ledger, provider, counters)
            open_.callback(lambda: client.display.end(time.monotonic()))
            try:
                yield from self._complete(requests, client)
            except openai.OpenAIError as error:
                words = without_key(str(error).encode()).decode()
                raise ThoughtmillError(f"{self.settings.name()} refuses: {words}") from error
            except KeyboardInterrupt as error:
                raise ThoughtmillError(
                    "stopped; batches go on without us: run the same command again to collect them"
                ) from error

    def _complete(self, requests: Iterable[Request], client: BatchClient) -> Iterator[Reply]:
        rows: dict[str, PendingRequest] = {}
        for request in requests:
            key, parameters = keyed(request, client.endpoint, self.settings.model)
            found = client.ledger.known(key)
            if found is not None:
                client.counters.of(request.thought).held += 1
                yield reply(request, found)
            elif key in rows:
                rows[key].requests.append(request)
            else:
                rows[key] = PendingRequest(
                    key, parameters, [request], likely_tokens(request.messages, parameters), 0.0
                )
        if not rows:  # whoever has all answers needs no provider
            return
        for row in rows.values():
            client.counters.of(row.request.thought).in_flight += len(row.requests)
        with closing(Locks(client.ledger.path)) as locks:
            locks.wait(hashlib.sha256(client.endpoint.encode()).hexdigest())  # for other runs' batches
            under_way = client.find()
            collected = [rows.pop(key) for key in [*rows] if key in client.ledger]
            asked_before = {key for keys in under_way.values() for key in keys}
            new = [row for key, row in rows.items() if key not in asked_before]
            if new:
                self._afford(rows, asked_before, client.ledger, locks)
            under_way |= client.submit(new)
        for row in collected:
            yield from client.replies(row, LOST)
        needed = {batch for batch, keys in under_way.items() if any(key in rows for key in keys)}
        for batch_id in client.wait(needed):
            faults = client.collect(batch_id)
            for key in under_way[batch_id]:
                if key in rows:
                    yield from client.replies(rows.pop(key), faults.get(key, LOST))

    def _afford(
        self, rows: Mapping[str, PendingRequest], under_way: set[str], ledger: Ledger, locks: Locks
    ) -> None:
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
