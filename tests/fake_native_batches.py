"""Anthropic's and Gemini's own batches, over real HTTP on loopback.

A batch ends when it is looked at for the second time. The prompt `too long` is refused, `expired` gets no
answer.
"""

import json
from collections import Counter
from typing import Any

from aiohttp import web

from tests.loopback import LoopbackServer

KEY = "sk-native-0123456789"


class FakeNativeBatches(LoopbackServer):
    """The server, in a thread of its own; `url` is Anthropic's base URL, `gemini_url` Gemini's."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: dict[str, dict[str, Any]] = {}
        self.asked: Counter[str] = Counter()
        self.crash_after_create = False
        self.looks: Counter[str] = Counter()
        self.bodies: list[Any] = []

    @property
    def url(self) -> str:
        """Anthropic's base URL."""
        return f"{self.host}/v1"

    @property
    def gemini_url(self) -> str:
        """Gemini's base URL, of its compatible API."""
        return f"{self.host}/v1beta/openai"

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of both providers."""
        return [
            web.post("/v1/messages/batches", self._create_anthropic),
            web.get("/v1/messages/batches", self._list_anthropic),
            web.get("/v1/messages/batches/{id}", self._anthropic),
            web.get("/v1/messages/batches/{id}/results", self._results),
            web.post("/v1beta/models/{call}", self._create_gemini),
            web.get("/v1beta/batches", self._list_gemini),
            web.get("/v1beta/batches/{id}", self._gemini),
        ]

    def _refused(self, request: web.Request, header: str) -> web.Response | None:
        if request.headers.get(header) == KEY:
            return None
        error = {"type": "authentication_error", "message": "invalid x-api-key"}
        return web.json_response({"type": "error", "error": error}, status=401)

    async def _create_anthropic(self, request: web.Request) -> web.Response:
        if refused := self._refused(request, "x-api-key"):
            return refused
        assert request.headers["anthropic-version"]
        body = await request.json()
        self.bodies.append(body)
        self.asked.update(each["params"]["messages"][-1]["content"] for each in body["requests"])
        name = f"msgbatch_{len(self.batches)}"
        self.batches[name] = body
        if self.crash_after_create:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(self._shown(name))

    def _shown(self, name: str) -> dict[str, Any]:
        ended, count = self.looks[name] >= 2, len(self.batches[name]["requests"])
        counts = {"processing": 0 if ended else count, "succeeded": count if ended else 0, "errored": 0}
        results = f"{self.url}/messages/batches/{name}/results" if ended else None
        status = "ended" if ended else "in_progress"
        return {"id": name, "processing_status": status, "request_counts": counts, "results_url": results}

    async def _list_anthropic(self, request: web.Request) -> web.Response:
        if refused := self._refused(request, "x-api-key"):
            return refused
        names = list(self.batches)
        after = request.query.get("after_id")
        page = names[names.index(after) + 1 :][:1] if after else names[:1]
        more = bool(page) and page[-1] != names[-1]
        shown = [self._shown(name) for name in page]
        return web.json_response({"data": shown, "has_more": more, "last_id": page[-1] if page else None})

    async def _anthropic(self, request: web.Request) -> web.Response:
        self.looks[request.match_info["id"]] += 1
        return web.json_response(self._shown(request.match_info["id"]))

    async def _results(self, request: web.Request) -> web.Response:
        lines = []
        for each in reversed(self.batches[request.match_info["id"]]["requests"]):
            prompt = each["params"]["messages"][-1]["content"]
            message = {
                "type": "message",
                "model": "served",
                "content": [{"type": "thinking", "thinking": "6 * 7"}, {"type": "text", "text": "42"}],
                "stop_reason": "end_turn",
                "usage": {"input_tokens": 10, "output_tokens": 5},
            }
            result: dict[str, Any] = {"type": "succeeded", "message": message}
            if prompt == "too long":
                error = {
                    "type": "invalid_request_error",
                    "message": "prompt is too long: 9 tokens > 8 maximum",
                }
                result = {"type": "errored", "error": {"type": "error", "error": error}}
            elif prompt == "expired":
                result = {"type": "expired"}
            lines.append(json.dumps({"custom_id": each["custom_id"], "result": result}))
        return web.Response(text="\n".join(lines))

    async def _create_gemini(self, request: web.Request) -> web.Response:
        if refused := self._refused(request, "x-goog-api-key"):
            return refused
        assert request.match_info["call"] == "served:batchGenerateContent"
        body = (await request.json())["batch"]
        self.bodies.append(body)
        made = body["input_config"]["requests"]["requests"]
        self.asked.update(each["request"]["contents"][-1]["parts"][0]["text"] for each in made)
        name = f"batches/{len(self.batches)}"
        self.batches[name] = body
        if self.crash_after_create:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(self._operation(name))

    def _operation(self, name: str) -> dict[str, Any]:
        body, ended = self.batches[name], self.looks[name] >= 2
        state = "BATCH_STATE_SUCCEEDED" if ended else "BATCH_STATE_RUNNING"
        operation = {"name": name, "metadata": {"displayName": body["display_name"], "state": state}}
        if ended:
            answers = [self._answer(each) for each in body["input_config"]["requests"]["requests"]]
            operation |= {"done": True, "response": {"inlinedResponses": {"inlinedResponses": answers}}}
        return operation

    def _answer(self, each: dict[str, Any]) -> dict[str, Any]:
        prompt = each["request"]["contents"][-1]["parts"][0]["text"]
        if prompt == "too long":
            error = {"code": 400, "message": "exceeds the maximum number of tokens", "status": "INVALID"}
            return {"error": error, "metadata": each["metadata"]}
        parts = [{"text": "6 * 7", "thought": True}, {"text": "42"}]
        usage = {"promptTokenCount": 10, "candidatesTokenCount": 2, "thoughtsTokenCount": 3}
        candidate = {"content": {"parts": parts, "role": "model"}, "finishReason": "STOP"}
        response = {"candidates": [candidate], "usageMetadata": {**usage, "totalTokenCount": 15}}
        return {"response": response, "metadata": each["metadata"]}

    async def _list_gemini(self, request: web.Request) -> web.Response:
        return web.json_response({"operations": [self._operation(name) for name in self.batches]})

    async def _gemini(self, request: web.Request) -> web.Response:
        name = f"batches/{request.match_info['id']}"
        self.looks[name] += 1
        return web.json_response(self._operation(name))
