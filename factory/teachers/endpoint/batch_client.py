"""The batch client: uploads requests as batches, and collects what came of them.

A line's `custom_id` is the request's key, so an answer finds its place however late, and in whatever order,
it comes (https://platform.openai.com/docs/guides/batch).
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
from thoughtmill.factory.teachers.endpoint.display import REDRAW_S, ProgressDisplay, RunCounters
from thoughtmill.factory.teachers.endpoint.pending import PendingRequest, result
from thoughtmill.factory.teachers.endpoint.responses import Fault, ParsedCompletion, Remedy, Response, read
from thoughtmill.factory.teachers.endpoint.settings import BatchSettings
from thoughtmill.factory.teachers.endpoint.transport import without_key

URL: Literal["/v1/chat/completions"] = "/v1/chat/completions"
MOST_REQUESTS = 50_000
MOST_BYTES = 190_000_000  # of 200 MB


def line(row: PendingRequest) -> bytes:
    """Return the line that asks for a row."""
    body = orjson.Fragment(row.body())
    return orjson.dumps({"custom_id": row.key, "method": "POST", "url": URL, "body": body}) + b"\n"


def files(rows: Iterable[PendingRequest]) -> Iterator[tuple[str, bytes]]:
    """Yield (thought, content) of the files to upload, each of one thought and within the limits."""
    open_files: dict[str, list[bytes]] = {}
    sizes: dict[str, int] = {}
    for row in rows:
        thought, text = row.request.thought, line(row)
        lines = open_files.setdefault(thought, [])
        if len(lines) == MOST_REQUESTS or sizes.get(thought, 0) + len(text) > MOST_BYTES:
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


def delivered(content: bytes) -> Iterator[tuple[str, Response]]:
    """Yield key and delivery of each line in a file of answers or of errors; a broken line is passed over."""
    for text in content.splitlines():
        try:
            each = orjson.loads(text)
            found = str(each["custom_id"]), _delivery(each.get("response"), each.get("error"))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        yield found


def _delivery(response: Any, error: Any) -> Response:
    """Return what a line brought: an HTTP answer, or the reason why there is none."""
    if response:
        return Response(int(response["status_code"]), orjson.dumps(response["body"]), latency_s=None)
    said = error or {}
    return Response(
        None, b"", latency_s=None, detail=f"{said.get('code')}: {said.get('message')}", sent=False
    )


TAG = "thoughtmill"  # the metadata that marks a batch as ours; its value is the thought
OVER = frozenset({"completed", "failed", "expired", "cancelled"})
LOST = Fault(Remedy.GIVE_UP, "its batch ended without an answer to it")


class BatchClient:
    """The provider's side of batches, and what it means for the ledger."""

    def __init__(
        self, settings: BatchSettings, ledger: Ledger, client: openai.OpenAI, tally: RunCounters
    ) -> None:
        self.settings = settings
        self.counters = tally
        self.display = ProgressDisplay(tally, ledger)
        self.endpoint = settings.name()
        self.ledger = ledger
        self.client = client

    def find(self) -> dict[str, list[str]]:
        """Collect our batches that are over; return the keys of those that are under way, by batch."""
        under_way: dict[str, list[str]] = {}
        for batch in self.client.batches.list(limit=100):
            if TAG not in (batch.metadata or {}) or self.ledger.is_collected(batch.id):
                continue
            if batch.status in OVER:
                try:
                    self.collect(batch.id)
                except openai.NotFoundError:  # its files are deleted, and nothing of it is to be had
                    self.ledger.mark_collected(batch.id)
            else:
                under_way[batch.id] = list(asked(self._content(batch.input_file_id)))
        return under_way

    def submit(self, rows: list[PendingRequest]) -> dict[str, list[str]]:
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
            self.display.show(now_s)
            time.sleep(min(end_s - now_s, REDRAW_S))

    def collect(self, batch_id: str) -> dict[str, Fault]:
        """Write a batch's answers and errors to the ledger; return the faults by key.

        A batch that the provider did not accept raises a `ThoughtmillError` with the provider's words.
        """
        batch = self.client.batches.retrieve(batch_id)
        requests = asked(self._content(batch.input_file_id))
        results: list[ResultRow] = []
        faults: dict[str, Fault] = {}
        attempts: list[AttemptRow] = []
        for file_id in filter(None, (batch.output_file_id, batch.error_file_id)):
            for key, delivery in delivered(self._content(file_id)):
                if key not in requests:
                    continue
                model, prompt_sha = requests[key]
                verdict = read(delivery)
                if isinstance(verdict, ParsedCompletion):
                    cost = self._cost(model, verdict)
                    thought = (batch.metadata or {})[TAG]
                    results.append(
                        result(key, self.endpoint, model, thought, prompt_sha, verdict, delivery, cost)
                    )
                else:
                    faults[key] = verdict
                    attempts.append(AttemptRow(key, 1, delivery.status, verdict.detail, time.time()))
        self.ledger.write(results, attempts)
        self.ledger.mark_collected(batch_id)
        if batch.status == "failed":
            raise ThoughtmillError(f"{self.endpoint} refuses a batch: {_reasons(batch)}")
        return faults

    def replies(self, row: PendingRequest, fault: Fault) -> list[Reply]:
        """Return the replies of a row whose batch has been collected; the ledger learns how it ended."""
        found, count = self.ledger.get(row.key), self.counters.of(row.request.thought)
        count.in_flight -= len(row.requests)
        if found is not None:
            count.answered += len(row.requests)
            self.counters.bought((found.prompt_tokens or 0) + (found.completion_tokens or 0), found.cost_usd)
            return row.replies(found)
        count.failed += len(row.requests)
        failure = row.failure(fault)
        self.ledger.write([], failures=[failure])
        return row.replies(failure)

    def _content(self, file_id: str | None) -> bytes:
        return without_key(self.client.files.content(file_id).read()) if file_id else b""

    def _cost(self, model: str, completed: ParsedCompletion) -> float | None:
        price = self.settings.prices.get(model)
        usage = completed.prompt_tokens, completed.cached_tokens, completed.completion_tokens
        cost = price.cost_usd(*usage) if price else None
        return None if cost is None else cost * self.settings.price_factor


def _reasons(batch: Batch) -> str:
    data = (batch.errors.data if batch.errors else None) or []
    return "; ".join(str(each.message) for each in data) or batch.status
