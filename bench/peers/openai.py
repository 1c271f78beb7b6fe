"""`AsyncOpenAI` under a semaphore, without a cache; the variant is its backend, `aiohttp` or `httpx`."""

import asyncio

from httpx2 import Limits
from openai import AsyncOpenAI, DefaultAioHttpClient, DefaultAsyncHttpxClient

from bench.peers import SAMPLING, PeerJob


def ask(job: PeerJob) -> int:
    """Ask about all problems, `concurrency` at a time."""
    return asyncio.run(_ask(job))


async def _ask(job: PeerJob) -> int:
    backend = DefaultAioHttpClient if job.variant == "aiohttp" else DefaultAsyncHttpxClient
    limits = Limits(max_connections=job.concurrency, max_keepalive_connections=job.concurrency)
    client = AsyncOpenAI(base_url=job.url, api_key="none", http_client=backend(limits=limits))
    free = asyncio.Semaphore(job.concurrency)

    async def answer(chat: list[dict[str, str]]) -> str | None:
        async with free:
            reply = await client.chat.completions.create(model="bench", messages=chat, **SAMPLING)
            return reply.choices[0].message.content

    answers = await asyncio.gather(*map(answer, job.chats))
    return sum(answer is not None for answer in answers)
