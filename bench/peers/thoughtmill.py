"""Thoughtmill; the variant is its transport."""

import importlib

from bench.peers import SAMPLING, PeerJob
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.openai import OpenAITeacher


def prepare(variant: str) -> None:
    """Import the modules that a run imports when it begins."""
    if variant == "openai":
        importlib.import_module("thoughtmill.factory.teachers.endpoint.through_openai")


def ask(job: PeerJob) -> int:
    """Ask through the teacher `openai`, with a ledger."""
    chosen = {"endpoint": "bench", "max_concurrency": job.concurrency, "transport": job.variant}
    settings = EndpointSettings.model_validate({"base_url": job.url, **chosen})
    parameters = {"model": "bench", **SAMPLING}
    asked = (Request({}, "cot", 0, tuple(chat), parameters) for chat in job.chats)
    replies = OpenAITeacher(settings, job.folder / "ledger.sqlite").complete(asked)
    return sum(reply.completion is not None for reply in replies)
