"""A real HTTP server on loopback that answers like an OpenAI-compatible endpoint, faults and all.

What it does is scripted per request: `plan` gets the last message and how often it has been asked (from 1)
and returns a `Turn`; the `raw` bytes of one need be no HTTP. It counts what it was
asked and what it answered in full.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.loopback import LoopbackServer


@dataclass(frozen=True)
class Turn:
    """What the server does with one request: wait, then answer, refuse, or break off.

    It waits until `asked` prompts have come and it has given `after` good answers, and then for `delay_s`.
    """

    text: str | None = "42"
    finish_reason: str = "stop"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    delay_s: float = 0.0
    asked: int = 0
    after: int = 0
    drop: bool = False
    refusal: str | None = None
    raw: bytes | None = None


Plan = Callable[[str, int], Turn]


def error(status: int, message: str = "no", code: str | None = None, **headers: str) -> Turn:
    """Refuse as OpenAI does."""
    body = json.dumps({"error": {"message": message, "type": "error", "code": code}}).encode()
    return Turn(status=status, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()})


class FakeEndpoint(LoopbackServer):
    """The server, in a thread of its own; `with FakeEndpoint(plan) as endpoint: endpoint.url`."""

    def __init__(self, plan: Plan = lambda prompt, times: Turn()) -> None:
        super().__init__()
        self.plan = plan
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self.ports: list[int] = []  # of whoever asked: one port is one connection
        self.in_flight = 0
        self.most_in_flight = 0

    @property
    def url(self) -> str:
        """The base URL of the API."""
        return f"{self.host}/v1"

    def routes(self) -> list[web.RouteDef]:
        """Return the one route of chat completions."""
        return [web.post("/v1/chat/completions", self._answer)]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        prompt = asked["messages"][-1]["content"]
        self.bodies.append(asked)
        self.headers.append(dict(request.headers))
        self.asked[prompt] += 1
        assert request.transport is not None
        self.ports.append(request.transport.get_extra_info("peername")[1])
        turn = self.plan(prompt, self.asked[prompt])
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            while len(self.asked) < turn.asked or self.answered.total() < turn.after:
                await asyncio.sleep(0.005)
            await asyncio.sleep(turn.delay_s)
            return await self._reply(request, asked, prompt, turn)
        finally:
            self.in_flight -= 1

    async def _reply(
        self, request: web.Request, asked: dict[str, Any], prompt: str, turn: Turn
    ) -> web.StreamResponse:
        body = completion(asked, turn) if turn.body is None else turn.body
        headers = {"Content-Type": "application/json", **turn.headers}
        if turn.drop:
            answer = web.StreamResponse(headers={**headers, "Content-Length": str(len(body))})
            if body:
                await answer.prepare(request)
                await answer.write(body[: len(body) // 2])
            assert request.transport is not None
            request.transport.abort()
            return answer
        if turn.raw is not None:
            assert request.transport is not None
            request.transport.write(turn.raw)
            request.transport.close()
            return web.StreamResponse()
        whole = web.Response(status=turn.status, body=body, headers=headers)
        await whole.prepare(request)
        await whole.write_eof()
        self.answered[prompt] += turn.status == 200
        return whole


def completion(asked: Mapping[str, Any], turn: Turn) -> bytes:
    """Write a chat completion."""
    message = {"role": "assistant", "content": turn.text, "refusal": turn.refusal}
    choice = {"index": 0, "message": message, "finish_reason": turn.finish_reason}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}}
    return json.dumps(
        {
            "id": "x",
            "object": "chat.completion",
            "model": f"{asked['model']}-0613",
            "choices": [choice],
            "usage": usage,
        }
    ).encode()
