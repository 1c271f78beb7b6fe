"""Thoughtmill."""

from bench.peers import SAMPLING, PeerJob
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.openai import OpenAITeacher


def ask(job: PeerJob) -> int:
    """Ask through the teacher `openai`, with a ledger."""
    chosen = {"endpoint": "bench", "max_concurrency": job.concurrency}
    settings = EndpointSettings.model_validate({"base_url": job.url, **chosen})
    parameters = {"model": "bench", **SAMPLING}
    asked = (Request({}, "cot", 0, tuple(chat), parameters) for chat in job.chats)
    replies = OpenAITeacher(settings, job.folder / "ledger.sqlite").complete(asked)
    return sum(reply.completion is not None for reply in replies)
