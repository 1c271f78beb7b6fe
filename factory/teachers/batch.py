"""The teacher `batch`: the provider's Batch API, at half the price; runs can be stopped and resumed.

Every run first asks the provider for our batches. So a batch that was created a moment before a crash is
found, waited for and collected like any other. Answers go to the same ledger, under the same keys, as those
of the teacher `openai`.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from operator import length_hint
from pathlib import Path
from typing import cast

import openai

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.printable import say
from thoughtmill.factory.ledger import Ledger
from thoughtmill.factory.ledger.locks import Locks
from thoughtmill.factory.teachers import BudgetSpent, Reply, Request, Teacher
from thoughtmill.factory.teachers import openai as single
from thoughtmill.factory.teachers.endpoint.addresses import api_key, without_key
from thoughtmill.factory.teachers.endpoint.batch_client import LOST, BatchClient
from thoughtmill.factory.teachers.endpoint.display import RunCounters
from thoughtmill.factory.teachers.endpoint.estimate import CostEstimate
from thoughtmill.factory.teachers.endpoint.grown import paid_by_grow
from thoughtmill.factory.teachers.endpoint.money import Budget
from thoughtmill.factory.teachers.endpoint.native_batches import (
    AnthropicApi,
    GeminiApi,
    NativeApi,
    NativeBatches,
)
from thoughtmill.factory.teachers.endpoint.pending import PendingRequest, reply, spent_usd
from thoughtmill.factory.teachers.endpoint.request_keys import RequestKeys
from thoughtmill.factory.teachers.endpoint.settings import BatchSettings

SETTINGS = BatchSettings
NATIVE_HOSTS = {"anthropic.com": "anthropic", "googleapis.com": "gemini"}


@dataclass
class BatchTeacher(Teacher):
    """A teacher that replies within a day.

    `max_usd` is a budget for all requests of `corpus`, and those of `grow` in the project in `folder`.
    """

    settings: BatchSettings
    ledger_path: Path | None = None
    corpus: Iterable[Request] = ()
    folder: Path | None = None
    shows_progress = True
    uses_ledger = True

    def complete(self, requests: Iterable[Request]) -> Iterator[Reply]:
        """Yield a reply for every request: from the ledger at once, from a batch when it has ended.

        Requests without an answer are held in memory. An error of the provider and Ctrl-C raise a
        `ThoughtmillError`; the provider works on, and the next run collects the batches.
        """
        with ExitStack() as open_:
            ledger = open_.enter_context(Ledger(self.ledger_path))
            provider = open_.enter_context(provider_of(self.settings, ledger.path))
            counters = RunCounters(time.monotonic(), length_hint(requests) or None)
            client = BatchClient(self.settings, ledger, provider, counters)
            open_.callback(lambda: client.display.end(time.monotonic()))
            try:
                yield from self._complete(requests, client)
            except openai.OpenAIError as error:
                message = without_key(str(error).encode()).decode()
                raise ThoughtmillError(f"{self.settings.name()} refuses: {message}") from error
            except KeyboardInterrupt as error:
                raise ThoughtmillError(
                    "stopped; batches go on without us: run the same command again to collect them"
                ) from error

    def _complete(self, requests: Iterable[Request], client: BatchClient) -> Iterator[Reply]:
        pending: dict[str, PendingRequest] = {}
        keys = RequestKeys(self.settings, client.ledger.__contains__, say)
        for request in requests:
            key, parameters = keys.keyed(request)
            known = client.ledger.known(key)
            if known is not None:
                client.counters.of(request.thought).held += 1
                yield reply(request, known)
            elif key in pending:
                pending[key].requests.append(request)
            else:
                pending[key] = PendingRequest.of(request, key, parameters)
        if not pending:  # with all answers in the ledger, no provider is needed
            return
        for each in pending.values():
            client.counters.of(each.request.thought).in_flight += len(each.requests)
        collected, under_way = self._submit(pending, client)
        for each in collected:
            yield from client.replies(each, LOST)
        needed = {batch for batch, keys in under_way.items() if any(key in pending for key in keys)}
        for batch_id in client.wait(needed):
            faults = client.collect(batch_id)
            for key in under_way[batch_id]:
                if key in pending:
                    yield from client.replies(pending.pop(key), faults.get(key, LOST))

    def _submit(
        self, pending: dict[str, PendingRequest], client: BatchClient
    ) -> tuple[list[PendingRequest], dict[str, list[str]]]:
        """Submit requests that are in no batch; return those answered meanwhile, and the keys of each batch.

        The lock keeps two runs from submitting the same requests.
        """
        with closing(Locks(client.ledger.path)) as locks:
            locks.wait(hashlib.sha256(client.endpoint.encode()).hexdigest())
            under_way = client.find()
            collected = [pending.pop(key) for key in [*pending] if key in client.ledger]
            asked = {key for keys in under_way.values() for key in keys}
            new = [each for key, each in pending.items() if key not in asked]
            if new:
                self._check_budget(pending.values(), asked, client.ledger, locks)
            return collected, under_way | client.submit(new)

    def _check_budget(
        self, pending: Iterable[PendingRequest], under_way: set[str], ledger: Ledger, locks: Locks
    ) -> None:
        """Raise a `ThoughtmillError` if these requests and those under way may exceed the budget."""
        settings = self.settings
        if settings.max_usd is None:
            return
        corpus = [*self.corpus]
        others = paid_by_grow(self.folder, settings) if self.folder else ()
        spent = spent_usd(corpus, settings, ledger, locks, others)
        budget = Budget(settings.max_usd, settings.prices, spent, settings.url())
        asked = {each.key: (each.request.messages, each.parameters) for each in pending}
        keys = RequestKeys(settings, ledger.__contains__)
        for request in corpus:
            key, parameters = keys.keyed(request)
            if key in under_way:
                asked[key] = request.messages, parameters
        budget.hold(sum(budget.most_usd(*each) for each in asked.values()) * settings.price_factor)
        if not budget.affords(0.0):
            raise BudgetSpent(
                f"{budget.spent_usd:.4f} of {budget.max_usd:.4f} dollars are spent, and this may cost "
                f"{budget.held_usd:.4f}: raise max_usd, or ask for less"
            )


def provider_of(settings: BatchSettings, ledger: Path) -> openai.OpenAI:
    """Return the client of the provider's batches: OpenAI's, or one with the same methods."""
    key, url = api_key(settings.key_env) or "none", settings.url()
    if api := native_api(settings):
        folder = ledger.with_name(f"{ledger.name}-batches")
        folder.mkdir(exist_ok=True)
        native = NativeBatches(api, url.removesuffix("/openai"), key, folder, settings.timeout_s)
        return cast("openai.OpenAI", native)
    return openai.OpenAI(
        base_url=url, api_key=key, timeout=settings.timeout_s, max_retries=settings.max_attempts - 1
    )


def native_api(settings: BatchSettings) -> NativeApi | None:
    """Return the API of a provider that has its own batches, by the setting or by the URL."""
    by_url = [name for host, name in NATIVE_HOSTS.items() if host in settings.url()]
    chosen = settings.batches or (*by_url, "openai")[0]
    if chosen == "anthropic":
        return AnthropicApi()
    return GeminiApi() if chosen == "gemini" else None


def make(settings: BatchSettings, folder: Path, corpus: Iterable[Request]) -> Teacher:
    """Return the teacher; all projects of a user share one ledger."""
    return BatchTeacher(settings, corpus=corpus, folder=folder)


def estimate(settings: BatchSettings, requests: Iterable[Request]) -> list[CostEstimate]:
    """Estimate the requests and the cost of `complete` per thought, without sending anything."""

    def discounted(usd: float | None) -> float | None:
        return None if usd is None else usd * settings.price_factor

    return [
        replace(each, cost_usd=discounted(each.cost_usd), most_usd=discounted(each.most_usd))
        for each in single.estimate(settings, requests)
    ]
