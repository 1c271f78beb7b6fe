"""Samples from an endpoint: served adapters, or any model behind an API."""

from collections.abc import Sequence

from thoughtmill.factory import teachers
from thoughtmill.factory.teachers.openai import OpenAITeacher
from thoughtmill.train import roles
from thoughtmill.train.policies.answering import GeneratedText, GenerationRequest
from thoughtmill.train.writers.settings import EndpointWriterSettings


class EndpointWriter:
    """A `Writer` over an OpenAI-compatible endpoint; its ledger keeps texts from being paid for twice.

    Waiting requests are sent together, as many at a time as the settings allow.
    """

    def __init__(self, settings: EndpointWriterSettings, *, max_new_tokens: int, top_p: float) -> None:
        self.settings, self.max_new_tokens, self.top_p = settings, max_new_tokens, top_p
        self.teacher = OpenAITeacher(settings)
        self.waiting: list[GenerationRequest] = []

    def ask(self, requests: Sequence[GenerationRequest]) -> None:
        """Queue requests until `write` sends them."""
        self.waiting += requests

    def write(self) -> list[GeneratedText]:
        """Send the queued requests and return their texts."""
        sent, self.waiting = self.waiting, []
        # Replies come in any order; the problem of a request carries its position.
        replies = self.teacher.complete(self._request(request, place) for place, request in enumerate(sent))
        return [
            GeneratedText(
                sent[reply.request.problem["place"]].wanted,
                reply.completion or "",
                reply.completion_tokens or 0,
                "truncated" if reply.finish_reason == "length" else reply.failure,
            )
            for reply in replies
        ]

    def _request(self, request: GenerationRequest, place: int) -> teachers.Request:
        parameters = {
            "model": self.settings.models.get(request.role, self.settings.model),
            "temperature": request.temperature,
            "top_p": self.top_p,
            "max_tokens": self.max_new_tokens,
            "seed": request.seed_number,
        }
        message = {"role": "user", "content": roles.prompt(request.role, request.problem, request.given)}
        problem = {"problem_id": request.wanted.problem_id, "place": place}
        return teachers.Request(problem, request.wanted.role, request.wanted.sample, (message,), parameters)
