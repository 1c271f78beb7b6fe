"""Thoughtmill; the variant is its transport."""

import importlib

from bench.peers import SAMPLING, Job
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.openai import EndpointSettings, OpenAITeacher


def prepare(variant: str) -> None:
    """Import what a run imports when it begins."""
    transport = "raw" if variant == "raw" else "through_openai"
    importlib.import_module(f"thoughtmill.factory.teachers.endpoint.{transport}")


def ask(job: Job) -> int:
    """Ask through the teacher, ledger on."""
    chosen = {"endpoint": "bench", "max_concurrency": job.concurrency, "transport": job.variant}
    settings = EndpointSettings.model_validate({"base_url": job.url, **chosen})
    parameters = {"model": "bench", **SAMPLING}
    asked = (Request({}, "cot", 0, tuple(chat), parameters) for chat in job.chats)
    replies = OpenAITeacher(settings, job.folder / "ledger.sqlite").complete(asked)
    return sum(reply.completion is not None for reply in replies)
