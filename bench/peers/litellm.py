"""`litellm.acompletion` under a semaphore, with its disk cache."""

import asyncio

import litellm

from bench.peers import SAMPLING, Job


def ask(job: Job) -> int:
    """Ask for all at once, so many of them at a time."""
    litellm.cache = litellm.Cache(type="disk", disk_cache_dir=str(job.folder / "cache"))
    return asyncio.run(_ask(job))


async def _ask(job: Job) -> int:
    free = asyncio.Semaphore(job.concurrency)
    asked = {"model": "openai/bench", "api_base": job.url, "api_key": "none", "caching": True, **SAMPLING}

    async def one(chat: list[dict[str, str]]) -> str | None:
        async with free:
            answer = await litellm.acompletion(messages=chat, **asked)
            return answer.choices[0].message.content

    answers = await asyncio.gather(*map(one, job.chats))
    return sum(answer is not None for answer in answers)
