"""The teacher `openai`: any OpenAI-compatible endpoint, never paid twice for one request."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from thoughtmill.factory.ledger import Ledger
from thoughtmill.factory.ledger.locks import Locks
from thoughtmill.factory.teachers import Reply, Request
from thoughtmill.factory.teachers.endpoint.engine import EndpointRun
from thoughtmill.factory.teachers.endpoint.estimate import CostEstimate, estimate
from thoughtmill.factory.teachers.endpoint.pending import spent_usd
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.endpoint.transport import Transport

__all__ = ["EndpointSettings", "OpenAITeacher"]


class OpenAITeacher:
    """A teacher behind `POST /chat/completions`; see `factory.teachers.endpoint.engine` for what it promises.

    `corpus` are all the requests that `max_usd` is for: what earlier runs paid for them is spent. Without it
    the budget is for this run alone.
    """

    def __init__(
        self, settings: EndpointSettings, ledger_path: Path | None = None, corpus: Iterable[Request] = ()
    ) -> None:
        self.settings = settings
        self.ledger_path = ledger_path
        self.corpus = corpus

    def complete(self, requests: Iterable[Request]) -> Iterator[Reply]:
        """Yield a reply for every request, in the order in which they come.

        `requests` are read as they are needed, so memory does not grow with their number. A set-up that
        cannot work, a budget that is used up and Ctrl-C raise a `ThoughtmillError` once everything in
        flight is in the ledger.
        """
        url = self.settings.url()
        with Ledger(self.ledger_path) as ledger, closing(Locks(ledger.path)) as locks:
            spent = spent_usd(self.corpus, self.settings, ledger, locks)
            run = EndpointRun(self.settings, ledger, locks, self._transport(url), spent)
            yield from run.replies(requests)

    def estimate(self, requests: Iterable[Request]) -> list[CostEstimate]:
        """Return what `complete` would ask and cost, per thought, without asking anything."""
        settings = self.settings
        with Ledger(self.ledger_path) as ledger:
            return estimate(
                requests,
                settings.name(),
                settings.model,
                settings.prices,
                ledger.__contains__,
                ledger.typical,
            )

    def _transport(self, url: str) -> Transport:
        """Return the transport that is chosen; the `openai` package takes half a second to import."""
        words = url, self.settings.timeout_s, self.settings.max_concurrency
        if self.settings.transport == "raw":
            from thoughtmill.factory.teachers.endpoint.transport import RawTransport

            return RawTransport(*words)
        from thoughtmill.factory.teachers.endpoint.through_openai import OpenAITransport

        return OpenAITransport(*words)
