"""`litellm.acompletion` under a semaphore, with its disk cache."""

import asyncio

import litellm

from bench.peers import SAMPLING, PeerJob


def ask(job: PeerJob) -> int:
    """Ask about all problems, `concurrency` at a time."""
    litellm.cache = litellm.Cache(type="disk", disk_cache_dir=str(job.folder / "cache"))
    return asyncio.run(_ask(job))


async def _ask(job: PeerJob) -> int:
    free = asyncio.Semaphore(job.concurrency)
    asked = {"model": "openai/bench", "api_base": job.url, "api_key": "none", "caching": True, **SAMPLING}

    async def answer(chat: list[dict[str, str]]) -> str | None:
        async with free:
            reply = await litellm.acompletion(messages=chat, **asked)
            return reply.choices[0].message.content

    answers = await asyncio.gather(*map(answer, job.chats))
    return sum(answer is not None for answer in answers)
