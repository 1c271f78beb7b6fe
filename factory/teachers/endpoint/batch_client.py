"""The batch client: submits requests as the provider's batches, and collects their responses.

Each line of a batch carries the request's key as `custom_id`, so answers may arrive in any order
(https://platform.openai.com/docs/guides/batch).
"""

import time
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import openai
import orjson
from openai.types import Batch

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.ledger import AttemptRow, Ledger, ResultRow
from thoughtmill.factory.ledger.keys import prompt_sha
from thoughtmill.factory.teachers import Reply
from thoughtmill.factory.teachers.endpoint.addresses import without_key
from thoughtmill.factory.teachers.endpoint.bodies import ParsedCompletion
from thoughtmill.factory.teachers.endpoint.display import REDRAW_S, ProgressDisplay, RunCounters
from thoughtmill.factory.teachers.endpoint.faults import About, Fault
from thoughtmill.factory.teachers.endpoint.lenient_json import load_json
from thoughtmill.factory.teachers.endpoint.pending import PendingRequest, result
from thoughtmill.factory.teachers.endpoint.prices import price_of
from thoughtmill.factory.teachers.endpoint.responses import Response, parse_response
from thoughtmill.factory.teachers.endpoint.settings import BatchSettings

URL: Literal["/v1/chat/completions"] = "/v1/chat/completions"
MOST_REQUESTS = 50_000
MOST_BYTES = 190_000_000  # of 200 MB
TAG = "thoughtmill"  # the metadata that marks a batch as ours; its value is the thought
ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
LOST = Fault(About.ROW, "its batch ended without an answer to it")


def line(pending: PendingRequest) -> bytes:
    """Return a request as a line of a batch file."""
    body = orjson.Fragment(pending.body())
    return orjson.dumps({"custom_id": pending.key, "method": "POST", "url": URL, "body": body}) + b"\n"


def files(requests: Iterable[PendingRequest], most_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Yield (thought, content) of each file to upload; a file has one thought and keeps the limits."""
    open_files: dict[str, list[bytes]] = {}
    sizes: dict[str, int] = {}
    for pending in requests:
        thought, text = pending.request.thought, line(pending)
        lines = open_files.setdefault(thought, [])
        if len(lines) == MOST_REQUESTS or sizes.get(thought, 0) + len(text) > most_bytes:
            yield thought, b"".join(lines)
            lines.clear()
            sizes[thought] = 0
        lines.append(text)
        sizes[thought] = sizes.get(thought, 0) + len(text)
    for thought, lines in open_files.items():
        yield thought, b"".join(lines)


def asked(content: bytes) -> dict[str, tuple[str, str]]:
    """Return the model and the `prompt_sha` of each key in an uploaded file."""
    lines = (orjson.loads(text) for text in content.splitlines() if text.strip())
    return {
        each["custom_id"]: (each["body"]["model"], prompt_sha(each["body"]["messages"])) for each in lines
    }


def responses(content: bytes) -> Iterator[tuple[str, Response]]:
    """Yield (key, response) for each line of a file of answers or errors; skip broken lines."""
    for text in content.splitlines():
        try:
            each = load_json(text)
            keyed_response = str(each["custom_id"]), _response(each.get("response"), each.get("error"))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        yield keyed_response


def _response(answer: Any, error: Any) -> Response:
    """Return the response of a line: its HTTP answer, or the reason why it has none."""
    if answer:
        return Response(int(answer["status_code"]), orjson.dumps(answer["body"]), latency_s=None)
    error = error or {}
    detail = f"{error.get('code')}: {error.get('message')}"
    return Response(None, b"", latency_s=None, detail=detail, sent=False)


class BatchClient:
    """Submits batches, waits for them, and collects their answers into the ledger."""

    def __init__(
        self, settings: BatchSettings, ledger: Ledger, provider: openai.OpenAI, counters: RunCounters
    ) -> None:
        self.settings = settings
        self.counters = counters
        self.display = ProgressDisplay(counters, ledger)
        self.endpoint = settings.name()
        self.ledger = ledger
        self.provider = provider

    def find(self) -> dict[str, list[str]]:
        """Collect our batches that have ended; return the keys of each batch that is under way."""
        under_way: dict[str, list[str]] = {}
        for batch in self.provider.batches.list(limit=100):
            if TAG not in (batch.metadata or {}) or self.ledger.is_collected(batch.id):
                continue
            if batch.status in ENDED:
                try:
                    self.collect(batch.id)
                except openai.NotFoundError:  # its files are deleted, so its answers are lost
                    self.ledger.mark_collected(batch.id)
            else:
                under_way[batch.id] = list(asked(self._content(batch.input_file_id)))
        return under_way

    def submit(self, requests: list[PendingRequest]) -> dict[str, list[str]]:
        """Upload requests and create their batches; return the keys of each batch.

        The call that creates a batch is never retried: if only its answer was lost, the batch exists, and the
        next run finds it.
        """
        created: dict[str, list[str]] = {}
        most_bytes = min(MOST_BYTES, getattr(self.provider, "most_bytes", MOST_BYTES))
        for thought, content in files(requests, most_bytes):
            uploaded = self.provider.files.create(file=("thoughtmill.jsonl", content), purpose="batch")
            batch = self.provider.with_options(max_retries=0).batches.create(
                input_file_id=uploaded.id, endpoint=URL, completion_window="24h", metadata={TAG: thought}
            )
            created[batch.id] = list(asked(content))
        return created

    def wait(self, batches: set[str]) -> Iterator[str]:
        """Yield each batch when it has ended."""
        left = set(batches)
        while left:
            ended = [each for each in sorted(left) if self.provider.batches.retrieve(each).status in ENDED]
            yield from ended
            left -= set(ended)
            if left and not ended:
                self._sleep()

    def _sleep(self) -> None:
        """Sleep until the next look at the batches; keep the display going."""
        end_s = time.monotonic() + self.settings.poll_s
        while (now_s := time.monotonic()) < end_s:
            self.display.show(now_s)
            time.sleep(min(end_s - now_s, REDRAW_S))

    def collect(self, batch_id: str) -> dict[str, Fault]:
        """Write a batch's answers and faults to the ledger; return the faults by key.

        A batch that the provider rejected raises a `ThoughtmillError` with the provider's words.
        """
        batch = self.provider.batches.retrieve(batch_id)
        requests = asked(self._content(batch.input_file_id))
        thought = (batch.metadata or {})[TAG]
        results: list[ResultRow] = []
        attempts: list[AttemptRow] = []
        faults: dict[str, Fault] = {}
        for file_id in filter(None, (batch.output_file_id, batch.error_file_id)):
            for key, response in responses(self._content(file_id)):
                if key not in requests:
                    continue
                model, sha = requests[key]
                parsed = parse_response(response)
                if isinstance(parsed, ParsedCompletion):
                    names = self.endpoint, model, thought, sha
                    price = price_of({"model": model}, self.settings.prices, self.settings.url())
                    results.append(result(key, names, parsed, response, price, self.settings.price_factor))
                else:
                    faults[key] = parsed
                    attempts.append(AttemptRow(key, 1, response.status, parsed.detail, time.time()))
        self.ledger.write(results, attempts)
        self.ledger.mark_collected(batch_id)
        if batch.status == "failed":
            raise ThoughtmillError(f"{self.endpoint} refuses a batch: {_reasons(batch)}")
        return faults

    def replies(self, pending: PendingRequest, fault: Fault) -> list[Reply]:
        """Return the replies of a request whose batch is collected; `fault` is for a missing answer."""
        answer, counters = self.ledger.get(pending.key), self.counters.of(pending.request.thought)
        counters.in_flight -= len(pending.requests)
        if answer is not None:
            counters.answered += len(pending.requests)
            tokens = (answer.prompt_tokens or 0) + (answer.completion_tokens or 0)
            self.counters.bought(tokens, answer.cost_usd)
            return pending.replies(answer)
        counters.failed += len(pending.requests)
        failure = pending.failure(fault)
        self.ledger.write([], failures=[failure])
        return pending.replies(failure)

    def _content(self, file_id: str | None) -> bytes:
        return without_key(self.provider.files.content(file_id).read()) if file_id else b""


def _reasons(batch: Batch) -> str:
    errors = (batch.errors.data if batch.errors else None) or []
    return "; ".join(str(error.message) for error in errors) or batch.status
