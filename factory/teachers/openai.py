"""The teacher `openai`: any OpenAI-compatible endpoint; no request is ever paid for twice."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from thoughtmill.factory.ledger import Ledger
from thoughtmill.factory.ledger.locks import Locks
from thoughtmill.factory.teachers import Reply, Request, Teacher
from thoughtmill.factory.teachers.endpoint.allowances import ShardAllowance
from thoughtmill.factory.teachers.endpoint.engine import EndpointRun
from thoughtmill.factory.teachers.endpoint.estimate import CostEstimate, estimates
from thoughtmill.factory.teachers.endpoint.grown import paid_by_grow
from thoughtmill.factory.teachers.endpoint.pending import spent_usd
from thoughtmill.factory.teachers.endpoint.pool import PooledTransport
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.endpoint.transport import RawTransport, Transport

SETTINGS = EndpointSettings


@dataclass
class OpenAITeacher(Teacher):
    """A teacher behind `POST /chat/completions`; see `teachers.endpoint.engine` for how requests run.

    `max_usd` is a budget for all requests of `corpus` and those of the stage `grow` in the project in
    `folder`, in this run and earlier ones. Without a corpus the budget is for this run alone.
    """

    settings: EndpointSettings
    ledger_path: Path | None = None
    corpus: Iterable[Request] = ()
    allowance: ShardAllowance | None = None
    folder: Path | None = None
    shows_progress = True
    uses_ledger = True
    shares_limits = True

    def complete(self, requests: Iterable[Request]) -> Iterator[Reply]:
        """Yield a reply for every request, in the order in which the replies arrive.

        `requests` are read as they are needed, so memory does not grow with their number. A faulty set-up, a
        spent budget and Ctrl-C raise a `ThoughtmillError` once everything in flight is in the ledger.
        """
        settings = self.settings
        transport = transport_of(settings)
        with Ledger(self.ledger_path) as ledger, closing(Locks(ledger.path)) as locks:
            others = paid_by_grow(self.folder, settings) if self.folder else ()
            spent = spent_usd(self.corpus, settings, ledger, locks, others)
            run = EndpointRun(settings, ledger, locks, transport, spent, self.allowance)
            yield from run.replies(requests)


def transport_of(settings: EndpointSettings) -> Transport:
    """Return the transport to the endpoint's addresses."""
    addresses, stream = settings.addresses(), "usage" if settings.stream else "no"
    if len(addresses) > 1:
        words = settings.timeout_s, settings.max_concurrency, stream, settings.stop_when
        return PooledTransport(addresses, *words)
    return RawTransport(
        addresses[0], settings.timeout_s, settings.max_concurrency, stream, settings.stop_when
    )


def make(settings: EndpointSettings, folder: Path, corpus: Iterable[Request]) -> Teacher:
    """Return the teacher; all projects of a user share one ledger."""
    return OpenAITeacher(settings, corpus=corpus, folder=folder)


def estimate(
    settings: EndpointSettings, requests: Iterable[Request], ledger_path: Path | None = None
) -> list[CostEstimate]:
    """Estimate the requests and the cost of `complete` per thought, without sending anything."""
    with Ledger(ledger_path) as ledger:
        return estimates(requests, settings, ledger.__contains__, ledger.typical)
