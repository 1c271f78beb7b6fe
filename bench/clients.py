"""The clients that `bench.teacher` compares, each as its users would write it.

    python bench/clients.py NAME URL REQUESTS CONCURRENCY FOLDER

sends the requests, keeps what the client keeps in FOLDER, and prints one line of JSON: answers, seconds, CPU
seconds, both without imports, and peak memory. It needs nothing but the client's own environment.
"""

import asyncio
import importlib
import importlib.util
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STORY = "A farmer has 12 sheep, buys 7 more and sells a third of them at 45 dollars each. " * 6
SAMPLING: dict[str, Any] = {"temperature": 0.7, "max_tokens": 512, "seed": 0}


def prompts(requests: int, changed: bool = False) -> Iterator[list[dict[str, str]]]:
    """Yield chats of two messages; `changed`: the first one edited, and one more at the end."""
    for number in range(requests + changed):
        story = STORY.replace("12", "13") if changed and number == 0 else STORY
        text = f"Problem {number}. {story}"
        yield [{"role": "system", "content": "Solve it in steps."}, {"role": "user", "content": text}]


def thoughtmill_raw(url: str, requests: int, concurrency: int, folder: Path, changed: bool) -> int:
    """Thoughtmill with its own transport."""
    return _thoughtmill("raw", url, requests, concurrency, folder, changed)


def thoughtmill(url: str, requests: int, concurrency: int, folder: Path, changed: bool) -> int:
    """Thoughtmill as it comes: through the `openai` package."""
    return _thoughtmill("openai", url, requests, concurrency, folder, changed)


def _thoughtmill(
    transport: Any, url: str, requests: int, concurrency: int, folder: Path, changed: bool
) -> int:
    from factory.teachers import Request
    from factory.teachers.openai import OpenAITeacher, Settings

    settings = Settings(base_url=url, endpoint="bench", max_concurrency=concurrency, transport=transport)
    parameters = {"model": "bench", **SAMPLING}
    asked = (Request({}, "cot", 0, tuple(chat), parameters) for chat in prompts(requests, changed))
    replies = OpenAITeacher(settings, folder / "ledger.sqlite").complete(asked)
    return sum(reply.completion is not None for reply in replies)


def openai(url: str, requests: int, concurrency: int, folder: Path, changed: bool) -> int:
    """`AsyncOpenAI` under a semaphore; it keeps nothing."""
    from openai import DefaultAsyncHttpxClient

    return _openai(DefaultAsyncHttpxClient, url, requests, concurrency, changed)


def openai_aiohttp(url: str, requests: int, concurrency: int, folder: Path, changed: bool) -> int:
    """`AsyncOpenAI` on its aiohttp backend."""
    from openai import DefaultAioHttpClient

    return _openai(DefaultAioHttpClient, url, requests, concurrency, changed)


def _openai(backend: Any, url: str, requests: int, concurrency: int, changed: bool) -> int:
    from httpx2 import Limits
    from openai import AsyncOpenAI

    async def run() -> int:
        limits = Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
        client = AsyncOpenAI(base_url=url, api_key="none", http_client=backend(limits=limits))
        free = asyncio.Semaphore(concurrency)

        async def ask(chat: Any) -> str | None:
            async with free:
                answer = await client.chat.completions.create(model="bench", messages=chat, **SAMPLING)
                return answer.choices[0].message.content

        answers = await asyncio.gather(*(ask(chat) for chat in prompts(requests, changed)))
        return sum(answer is not None for answer in answers)

    return asyncio.run(run())


def litellm(url: str, requests: int, concurrency: int, folder: Path, changed: bool) -> int:
    """`litellm.acompletion` under a semaphore, with its disk cache."""
    import litellm as peer

    peer.cache = peer.Cache(type="disk", disk_cache_dir=str(folder / "cache"))

    async def run() -> int:
        free = asyncio.Semaphore(concurrency)

        async def ask(chat: Any) -> str | None:
            async with free:
                answer = await peer.acompletion(
                    model="openai/bench",
                    messages=chat,
                    api_base=url,
                    api_key="none",
                    caching=True,
                    **SAMPLING,
                )
                return answer.choices[0].message.content

        answers = await asyncio.gather(*(ask(chat) for chat in prompts(requests, changed)))
        return sum(answer is not None for answer in answers)

    return asyncio.run(run())


def curator(url: str, requests: int, concurrency: int, folder: Path, changed: bool) -> int:
    """`curator.LLM` with its cache."""
    from bespokelabs import curator as peer

    class Solver(peer.LLM):  # type: ignore[misc,name-defined]  the package is not in our environment
        def prompt(self, row: Any) -> Any:
            return row["chat"]

        def parse(self, row: Any, answer: Any) -> Any:
            return {"answer": answer}

    solver = Solver(
        model_name="bench",
        backend="openai",
        generation_params=SAMPLING,
        backend_params={
            "base_url": url,
            "api_key": "none",
            "max_concurrent_requests": concurrency,
            "max_requests_per_minute": 10_000_000,
            "max_tokens_per_minute": 10_000_000_000,
            "require_all_responses": False,
        },
    )
    answered = solver([{"chat": chat} for chat in prompts(requests, changed)])
    return len(getattr(answered, "dataset", answered))


IMPORTS = {
    thoughtmill_raw: ("factory.teachers.openai", "factory.teachers.raw"),
    thoughtmill: ("factory.teachers.openai", "factory.teachers.through_openai"),
    openai_aiohttp: ("openai",),
    openai: ("openai",),
    litellm: ("litellm",),
    curator: ("bespokelabs.curator",),
}
CLIENTS = {client.__name__: client for client in IMPORTS}


def environment(folder: Path) -> dict[str, str]:
    """Return what peers read from the environment: where to keep things, and what they would fetch.

    Curator's token counter fetches a table; litellm, which it needs, carries the same one.
    """
    found = importlib.util.find_spec("litellm")
    (package,) = (found and found.submodule_search_locations) or [""]
    return {
        "CURATOR_CACHE_DIR": str(folder),
        "CURATOR_VIEWER": "0",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "OPENAI_API_KEY": "none",
        "TELEMETRY_ENABLED": "0",
        "TIKTOKEN_CACHE_DIR": f"{package}/litellm_core_utils/tokenizers",
    }


def main(name: str, url: str, requests: str, concurrency: str, folder: str, changed: str = "") -> None:
    """Run one client and print what it took."""
    client = CLIENTS[name]
    os.environ.update(environment(Path(folder)))
    for module in IMPORTS[client]:
        importlib.import_module(module)
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    answers = client(url, int(requests), int(concurrency), Path(folder), bool(changed))
    spent = {"seconds": time.perf_counter() - began_s, "cpu_s": time.process_time() - began_cpu_s}
    scale = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss: bytes there, kilobytes elsewhere
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 1e6
    print(json.dumps({"answers": answers, "peak_mb": peak_mb, **spent}))


if __name__ == "__main__":
    main(*sys.argv[1:])
