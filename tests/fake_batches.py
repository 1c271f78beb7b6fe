"""A provider's files and batches, over real HTTP on loopback.

A batch is answered when it is looked at for the second time; `plan` says what each of its requests gets: a
`Turn`, or None for a request that expired.
"""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.fake_endpoint import Turn, completion
from tests.loopback import LoopbackServer

BatchPlan = Callable[[str], Turn | None]


class FakeBatches(LoopbackServer):
    """The server, in a thread of its own; `with FakeBatches(plan) as provider: provider.url`."""

    def __init__(
        self, plan: BatchPlan = lambda prompt: Turn(), end: str = "completed", looks: int = 2
    ) -> None:
        super().__init__()
        self.plan = plan
        self.end = end
        self.looks = looks
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.asked: Counter[str] = Counter()
        self.crash_after_create = self.locked_out = False

    @property
    def url(self) -> str:
        """The base URL of the API."""
        return f"{self.host}/v1"

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of files and batches."""
        return [
            web.post("/v1/files", self._upload),
            web.get("/v1/files/{name}/content", self._content),
            web.post("/v1/batches", self._create),
            web.get("/v1/batches", self._list),
            web.get("/v1/batches/{name}", self._look),
        ]

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        uploaded = form["file"]
        assert isinstance(uploaded, web.FileField)
        return web.json_response({"id": self._keep(uploaded.file.read()), "object": "file"})

    async def _content(self, request: web.Request) -> web.Response:
        found = self.files.get(request.match_info["name"])
        return _error(404, "No such File object") if found is None else web.Response(body=found)

    async def _create(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        assert (wanted["completion_window"], wanted["endpoint"]) == ("24h", "/v1/chat/completions")
        name = f"batch_{len(self.batches)}"
        self.batches[name] = {"id": name, "object": "batch", "status": "in_progress", "looks": 0, **wanted}
        for line in self.files[wanted["input_file_id"]].splitlines():
            self.asked[json.loads(line)["body"]["messages"][-1]["content"]] += 1
        if self.crash_after_create:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(self.batches[name])

    async def _list(self, request: web.Request) -> web.Response:
        if self.locked_out:
            return _error(401, f"{request.headers['Authorization']} opens nothing")
        return web.json_response({"object": "list", "data": list(self.batches.values()), "has_more": False})

    async def _look(self, request: web.Request) -> web.Response:
        batch = self.batches[request.match_info["name"]]
        batch["looks"] += 1
        if batch["looks"] >= self.looks and batch["status"] == "in_progress":
            self._finish(batch)
        return web.json_response(batch)

    def _finish(self, batch: dict[str, Any]) -> None:
        """Answer a batch's requests, the last first, as providers keep no order."""
        batch["status"] = self.end
        if self.end == "failed":
            batch["errors"] = {"object": "list", "data": [{"message": "Enqueued token limit reached"}]}
            return
        answers, errors = [], []
        for text in reversed(self.files[batch["input_file_id"]].splitlines()):
            asked = json.loads(text)
            turn = self.plan(asked["body"]["messages"][-1]["content"])
            if turn is None:
                error = {"code": "batch_expired", "message": "This request could not be executed in time."}
                errors.append({"custom_id": asked["custom_id"], "response": None, "error": error})
                continue
            body = json.loads(completion(asked["body"], turn) if turn.body is None else turn.body)
            line = {
                "custom_id": asked["custom_id"],
                "response": {"status_code": turn.status, "body": body},
                "error": None,
            }
            (answers if turn.status == 200 else errors).append(line)
        batch["output_file_id"] = self._keep_lines(answers)
        batch["error_file_id"] = self._keep_lines(errors)

    def _keep_lines(self, lines: list[dict[str, Any]]) -> str | None:
        return self._keep("\n".join(map(json.dumps, lines)).encode()) if lines else None

    def _keep(self, content: bytes) -> str:
        name = f"file_{len(self.files)}"
        self.files[name] = content
        return name


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": {"message": message}}, status=status)
