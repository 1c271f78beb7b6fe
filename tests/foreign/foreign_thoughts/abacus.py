"""The teacher `abacus`: it copies the solution of a problem, and slips now and then."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import BaseModel

from thoughtmill.factory.ledger.keys import request_key
from thoughtmill.factory.teachers import Reply, Request, Teacher


class AbacusSettings(BaseModel, extra="forbid", frozen=True):
    """The section `generate.abacus` of `params.yaml`."""

    slip_every: int = 5


SETTINGS = AbacusSettings


class Abacus(Teacher):
    """A teacher that adds where it should multiply, once in `slip_every` requests."""

    def __init__(self, settings: AbacusSettings) -> None:
        self.settings = settings

    def complete(self, requests: Iterable[Request]) -> Iterator[Reply]:
        """Answer every request in order."""
        for number, request in enumerate(requests, start=1):
            completion = str(request.problem["solution"])
            if number % self.settings.slip_every == 0:
                completion = completion.replace("*", "+")
            key = request_key("abacus", request.messages, self.settings.model_dump(), request.sample)
            yield Reply(request, key, "abacus-1", completion, "stop", cost_usd=0.0)


def make(settings: AbacusSettings, folder: Path, corpus: Iterable[Request]) -> Teacher:
    """Return the teacher; it needs neither the project's folder nor a budget over the corpus."""
    return Abacus(settings)
