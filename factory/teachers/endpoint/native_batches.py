"""Anthropic's and Gemini's batches, with the interface of OpenAI's client.

`NativeBatches` has what `batch_client` uses of `openai.OpenAI`: files and batches. A file that is uploaded is
kept beside the ledger, as these providers return only answers. Its lines become the provider's own requests
when the batch is created, and the answers become lines again. A batch is recorded beside its file; one that a
crash left without its record is found by its name or its size.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

import httpx2
import openai
import orjson
from openai.types import Batch
from openai.types.batch import Errors
from openai.types.batch_error import BatchError

from thoughtmill.factory.core.files import aside
from thoughtmill.factory.core.worker import ClosingContext
from thoughtmill.factory.teachers.endpoint.faults import hidden_status, said
from thoughtmill.factory.teachers.endpoint.lenient_json import load_json, mapping

RESULTS = "results of "  # before a batch's id: the name of its file of answers
Json = dict[str, Any]


class NativeApi(Protocol):
    """How one provider's batches are created, listed and read."""

    path: str
    """The path of its batches."""
    most_bytes: int
    """The longest file of requests."""

    def headers(self, key: str) -> dict[str, str]:
        """Return the headers of every call."""
        ...

    def create(self, name: str, requests: list[Json]) -> tuple[str, Json]:
        """Return the path and the body that create a batch of these requests, lines of OpenAI's form."""
        ...

    def listed(self, page: Json) -> tuple[list[Json], str | None]:
        """Return the batches of a page of the list, and the query of the next page."""
        ...

    def batch(self, found: Json) -> tuple[str, str, str]:
        """Return a batch's id, its status as OpenAI has it, and why it failed."""
        ...

    def is_of(self, found: Json, name: str, count: int) -> bool:
        """Say whether a batch was created with this name and so many requests."""
        ...

    def results(self, found: Json, content: bytes | None) -> tuple[str | None, list[Json]]:
        """Return where a batch's results are, or, given their content, the lines of OpenAI's form."""
        ...


class NativeBatches(ClosingContext):
    """A provider's batches, with the methods of `openai.OpenAI` that `batch_client` calls."""

    def __init__(self, api: NativeApi, base_url: str, key: str, folder: Path, timeout_s: float) -> None:
        self.api, self.base_url, self.folder = api, base_url.rstrip("/"), folder
        self.most_bytes = api.most_bytes
        self.http = httpx2.Client(headers=api.headers(key), timeout=timeout_s)
        self.files = SimpleNamespace(create=self._upload, content=self._content)
        self.batches = SimpleNamespace(create=self._create, list=self._list, retrieve=self._retrieve)

    def with_options(self, **options: Any) -> "NativeBatches":
        """Return the same client: it never retries."""
        return self

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def _upload(self, file: tuple[str, bytes], purpose: str) -> SimpleNamespace:
        name = hashlib.sha256(file[1]).hexdigest()
        with aside(self._file(name, "jsonl")) as part:
            part.write_bytes(file[1])
        return SimpleNamespace(id=name)

    def _create(self, input_file_id: str, metadata: Mapping[str, str], **options: Any) -> Batch:
        lines = [orjson.loads(line) for line in self._file(input_file_id, "jsonl").read_bytes().splitlines()]
        record = {"file": input_file_id, "metadata": dict(metadata), "count": len(lines)}
        self._write(self._file(input_file_id, "created"), record)
        path, body = self.api.create(input_file_id, lines)
        return self._recorded(self._call("POST", path, body), record)

    def _recorded(self, found: Json, record: Json) -> Batch:
        """Record a batch beside its file."""
        batch_id, *_ = self.api.batch(found)
        self._write(self._file(_safe(batch_id), "batch"), record)
        self._file(record["file"], "created").unlink(missing_ok=True)
        return self._batch(found, record)

    def _list(self, limit: int) -> Iterator[Batch]:
        """Yield our batches, also those that were created a moment before a crash."""
        lost = [orjson.loads(path.read_bytes()) for path in sorted(self.folder.glob("*.created"))]
        query: str | None = ""
        while query is not None:
            found, query = self.api.listed(self._call("GET", f"{self.api.path}?{query}"))
            for each in found:
                path = self._file(_safe(self.api.batch(each)[0]), "batch")
                if path.exists():
                    yield self._batch(each, orjson.loads(path.read_bytes()))
                    continue
                mine = next((one for one in lost if self.api.is_of(each, one["file"], one["count"])), None)
                if mine is not None:
                    lost.remove(mine)
                    yield self._recorded(each, mine)

    def _retrieve(self, batch_id: str) -> Batch:
        record = orjson.loads(self._file(_safe(batch_id), "batch").read_bytes())
        return self._batch(self._call("GET", self._path(batch_id)), record)

    def _batch(self, found: Json, record: Json) -> Batch:
        batch_id, status, reason = self.api.batch(found)
        known: Any = status
        ended = status in {"completed", "expired", "cancelled"}
        return Batch.model_construct(
            id=batch_id,
            object="batch",
            endpoint="/v1/chat/completions",
            completion_window="24h",
            created_at=0,
            status=known,
            metadata=record["metadata"],
            input_file_id=record["file"],
            output_file_id=f"{RESULTS}{batch_id}" if ended else None,
            error_file_id=None,
            errors=Errors(data=[BatchError(message=reason)]) if reason else None,
        )

    def _content(self, file_id: str) -> SimpleNamespace:
        if not file_id.startswith(RESULTS):
            return SimpleNamespace(read=self._file(file_id, "jsonl").read_bytes)
        found = self._call("GET", self._path(file_id.removeprefix(RESULTS)))
        url, lines = self.api.results(found, None)
        if url is not None:
            _, lines = self.api.results(found, self._fetch("GET", url).content)
        return SimpleNamespace(read=lambda: b"\n".join(map(orjson.dumps, lines)))

    def _path(self, batch_id: str) -> str:
        return f"{self.api.path}/{batch_id.rpartition('/')[2]}"

    def _call(self, method: str, path: str, body: Json | None = None) -> Json:
        answer = self._fetch(method, f"{self.base_url}/{path}", body)
        try:
            return mapping(load_json(answer.content))
        except ValueError as error:
            raise openai.OpenAIError("the answer is not JSON") from error

    def _fetch(self, method: str, url: str, body: Json | None = None) -> httpx2.Response:
        try:
            answer = self.http.request(method, url, json=body)
        except httpx2.HTTPError as error:
            raise openai.OpenAIError(f"{type(error).__name__}: {error}") from error
        if answer.status_code != 200:
            raise openai.OpenAIError(f"HTTP {answer.status_code}: {said(answer.content)[0]}")
        return answer

    def _file(self, name: str, ending: str) -> Path:
        return self.folder / f"{name}.{ending}"

    def _write(self, path: Path, record: Json) -> None:
        with aside(path) as part:
            part.write_bytes(orjson.dumps(record))


class AnthropicApi:
    """Message Batches (https://docs.anthropic.com/en/api/creating-message-batches)."""

    path = "messages/batches"
    most_bytes = 190_000_000

    def headers(self, key: str) -> dict[str, str]:
        """Return the key and the version of the API."""
        return {"x-api-key": key, "anthropic-version": "2023-06-01"}

    def create(self, name: str, requests: list[Json]) -> tuple[str, Json]:
        """Return the call that creates a batch."""
        made = [{"custom_id": each["custom_id"], "params": anthropic_body(each["body"])} for each in requests]
        return "messages/batches", {"requests": made}

    def listed(self, page: Json) -> tuple[list[Json], str | None]:
        """Return the batches of a page."""
        more = f"after_id={page['last_id']}" if page.get("has_more") else None
        return page.get("data", []), more

    def batch(self, found: Json) -> tuple[str, str, str]:
        """Return id, status and reason; a batch of Anthropic never fails as a whole."""
        return found["id"], "completed" if found.get("processing_status") == "ended" else "in_progress", ""

    def is_of(self, found: Json, name: str, count: int) -> bool:
        """Recognise a batch by its size, as it has no name."""
        counted: int = sum(mapping(found.get("request_counts")).values())
        return counted == count

    def results(self, found: Json, content: bytes | None) -> tuple[str | None, list[Json]]:
        """Return the address of the results, or their lines."""
        if content is None:
            return found["results_url"], []
        return None, [_anthropic_line(load_json(line)) for line in content.splitlines() if line.strip()]


class GeminiApi:
    """Batches of inline requests (https://ai.google.dev/api/batch-api)."""

    path = "batches"
    most_bytes = 15_000_000  # of 20 MB

    def headers(self, key: str) -> dict[str, str]:
        """Return the key."""
        return {"x-goog-api-key": key}

    def create(self, name: str, requests: list[Json]) -> tuple[str, Json]:
        """Return the call that creates a batch; all its requests have one model."""
        made = [
            {"request": gemini_body(each["body"]), "metadata": {"key": each["custom_id"]}}
            for each in requests
        ]
        batch = {"display_name": f"thoughtmill {name}", "input_config": {"requests": {"requests": made}}}
        model = str(requests[0]["body"]["model"]).removeprefix("models/")
        return f"models/{model}:batchGenerateContent", {"batch": batch}

    def listed(self, page: Json) -> tuple[list[Json], str | None]:
        """Return the batches of a page."""
        token = page.get("nextPageToken")
        return page.get("operations", []), f"pageToken={token}" if token else None

    def batch(self, found: Json) -> tuple[str, str, str]:
        """Return id, status and reason."""
        state = str(mapping(found.get("metadata")).get("state")).rpartition("_")[2]
        ends = {"SUCCEEDED": "completed", "FAILED": "failed", "CANCELLED": "cancelled", "EXPIRED": "expired"}
        return found["name"], ends.get(state, "in_progress"), mapping(found.get("error")).get("message", "")

    def is_of(self, found: Json, name: str, count: int) -> bool:
        """Recognise a batch by its name."""
        return bool(mapping(found.get("metadata")).get("displayName") == f"thoughtmill {name}")

    def results(self, found: Json, content: bytes | None) -> tuple[str | None, list[Json]]:
        """Return the lines, which are in the batch itself."""
        inner = mapping(found.get("response")) or mapping(mapping(found.get("metadata")).get("output"))
        listed = mapping(inner.get("inlinedResponses")).get("inlinedResponses") or []
        return None, [_gemini_line(each) for each in listed]


def anthropic_body(body: Json) -> Json:
    """Return a chat completion's request as a request of Anthropic's messages.

    >>> chat = [{"role": "system", "content": "Solve."}, {"role": "user", "content": "2 + 2?"}]
    >>> anthropic_body({"model": "claude", "max_tokens": 9, "messages": chat})["system"]
    'Solve.'
    """
    taken = ("model", "max_tokens", "temperature", "top_p", "top_k", "thinking", "service_tier")
    given = {name: body[name] for name in taken if name in body}
    stops = body.get("stop")
    if stops:
        given["stop_sequences"] = [stops] if isinstance(stops, str) else stops
    if system := _system(body):
        given["system"] = system
    return {**given, "messages": [each for each in body["messages"] if each["role"] != "system"]}


def gemini_body(body: Json) -> Json:
    """Return a chat completion's request as a request of Gemini's API.

    >>> chat = [{"role": "user", "content": "2 + 2?"}]
    >>> gemini_body({"model": "gemini", "max_tokens": 9, "messages": chat})["generation_config"]
    {'max_output_tokens': 9}
    """
    names = {"max_tokens": "max_output_tokens", "temperature": "temperature", "top_p": "top_p"}
    settings: Json = {names[name]: value for name, value in body.items() if name in names}
    if thinking := mapping(mapping(body.get("extra_body")).get("google")).get("thinking_config"):
        settings["thinking_config"] = thinking
    roles = {"user": "user", "assistant": "model"}
    contents = [
        {"role": roles[each["role"]], "parts": [{"text": each["content"]}]}
        for each in body["messages"]
        if each["role"] in roles
    ]
    system = _system(body)
    instruction = {"system_instruction": {"parts": [{"text": system}]}} if system else {}
    return {**instruction, "contents": contents, "generation_config": settings}


def _system(body: Json) -> str:
    return "\n".join(each["content"] for each in body["messages"] if each["role"] == "system")


def _anthropic_line(each: Json) -> Json:
    """Return a result as a line of OpenAI's answers or errors."""
    result = each["result"]
    if result["type"] == "succeeded":
        return _line(each["custom_id"], 200, result["message"])
    if result["type"] == "errored":
        status = hidden_status(orjson.dumps(result["error"])) or 400
        return _line(each["custom_id"], status, result["error"])
    error = {"code": f"batch_{result['type']}", "message": "the batch ended without an answer"}
    return {"custom_id": each["custom_id"], "response": None, "error": error}


def _gemini_line(each: Json) -> Json:
    """Return a result as a line of OpenAI's answers or errors."""
    key, error = each["metadata"]["key"], each.get("error")
    if not error:
        return _line(key, 200, each["response"])
    code = error.get("code")
    return _line(key, code if isinstance(code, int) and code >= 400 else 400, {"error": error})


def _line(key: str, status: int, body: Json) -> Json:
    return {"custom_id": key, "response": {"status_code": status, "body": body}, "error": None}


def _safe(batch_id: str) -> str:
    return batch_id.replace("/", "-")
