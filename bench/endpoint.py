"""A loopback endpoint for benchmarks: answers every chat completion after a random wait, and counts.

    python -m bench.endpoint --mean_s 0.3

prints its port and serves until it is killed. It is a bare protocol and leaves the processor to the client
that is measured. `GET /counts` returns the number of requests and of answers. For each request that repeats
an answered one it also returns when the first answer was sent (`time.monotonic`).
"""

import argparse
import asyncio
import json
import random
import socket
import time
from collections import Counter
from typing import Any

COUNTS = Counter[str]()
ANSWERED_S: dict[bytes, float] = {}  # when each prompt was answered last
AGAIN_S: list[float] = []  # when what was asked again had been answered
ESTABLISHED = 1  # of the states of a TCP connection
MESSAGE = {"role": "assistant", "content": "Each box holds 6, so 4 boxes hold 24. " * 12 + "#### 24"}
BODY = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "bench",
        "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 120, "completion_tokens": 130, "total_tokens": 250},
    }
).encode()


class Endpoint(asyncio.Protocol):
    """One connection; requests on it come one after the other."""

    def __init__(self, mean_s: float, chance: random.Random) -> None:
        self.mean_s = mean_s
        self.chance = chance
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return
        if head.startswith(b"GET"):
            self.received = b""
            self._send(json.dumps(counts()).encode())
            return
        if len(body) < _length(head):
            return
        self.received = b""
        prompt = json.dumps(json.loads(body)["messages"]).encode()
        COUNTS["requests"] += 1
        if prompt in ANSWERED_S:
            AGAIN_S.append(ANSWERED_S[prompt])
        wait_s = self.chance.uniform(0.5, 1.5) * self.mean_s
        last = b"\r\nconnection: close" in head.lower()
        asyncio.get_running_loop().call_later(wait_s, self._answer, prompt, last)

    def _answer(self, prompt: bytes, last: bool) -> None:
        if self._connected():
            COUNTS["answers"] += 1
            ANSWERED_S[prompt] = time.monotonic()
            self._send(BODY)
            if last:
                self.transport.close()

    def _connected(self) -> bool:
        """Say whether the client is there; a killed one is gone before asyncio hears of it."""
        if self.transport.is_closing() or not hasattr(socket, "TCP_INFO"):
            return not self.transport.is_closing()
        state = self.transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
        return bool(state[0] == ESTABLISHED)

    def _send(self, body: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.transport.write(head.encode() + body)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def counts() -> dict[str, Any]:
    """Return what was asked and answered so far."""
    return {"requests": COUNTS["requests"], "answers": COUNTS["answers"], "again_s": AGAIN_S}


async def serve(mean_s: float) -> None:
    """Serve for ever on a free port of loopback."""
    chance = random.Random("endpoint")
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Endpoint(mean_s, chance), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--mean_s", type=float, default=0.3)
    asyncio.run(serve(arguments.parse_args().mean_s))
