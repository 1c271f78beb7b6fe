"""The embedded teacher: it compiles a problem's own worked solution into the thought that is asked for.

It needs no network and no key, and says why where it can write nothing. At `error_rate` it slips as real
teachers do, so that what verification catches is there to be seen.
"""

import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from random import Random

import pydantic

from thoughtmill.factory.ledger.keys import canonical
from thoughtmill.factory.solutions import Solution, parse
from thoughtmill.factory.solutions.calculations import UnusableSolution
from thoughtmill.factory.teachers import Reply, Request, Teacher
from thoughtmill.factory.teachers.embedded.compiling import COMPILERS
from thoughtmill.factory.teachers.embedded.slips import SLIPS, CorrectCompletion, unfinished

MODEL = "embedded-1"


class EmbeddedTeacherSettings(pydantic.BaseModel, extra="forbid", frozen=True):
    """How often the teacher slips, and the seed its slips depend on."""

    error_rate: float = pydantic.Field(0.15, ge=0, le=1, description="share of completions with a slip")
    seed: int = 1


SETTINGS = EmbeddedTeacherSettings


class EmbeddedTeacher(Teacher):
    """A teacher that reads `problem["solution"]`; it answers at once, in order, and for nothing."""

    def __init__(self, settings: EmbeddedTeacherSettings) -> None:
        self.settings = settings

    def complete(self, requests: Iterable[Request]) -> Iterator[Reply]:
        """Answer every request; what cannot be compiled has the failure `uncompilable` and says why."""
        for request in requests:
            yield self._answer(request)

    def _answer(self, request: Request) -> Reply:
        key = self._request_key(request)
        if request.thought not in COMPILERS:
            return _uncompilable(request, key, f"the embedded teacher does not write {request.thought}")
        solution = _read(request.problem["solution"], request.problem["problem"])
        if isinstance(solution, UnusableSolution):
            return _uncompilable(request, key, str(solution))
        right = CorrectCompletion(request.thought, solution, COMPILERS[request.thought](solution))
        completion, finish_reason = self._slipped(right, f"{request.problem['problem_id']}/{request.sample}")
        return Reply(request, key, MODEL, completion, finish_reason, cost_usd=0.0)

    def _slipped(self, right: CorrectCompletion, which: str) -> tuple[str, str]:
        """Return what the teacher says and why it stops: the right completion, or at `error_rate` a slip."""
        random = Random(f"{self.settings.seed}/{which}/{right.thought}")
        if random.random() < self.settings.error_rate:
            for slip in random.sample(SLIPS[right.thought], len(SLIPS[right.thought])):
                wrong = slip(right, random)
                if wrong is not None:
                    return wrong, "length" if slip is unfinished else "stop"
        return right.completion, "stop"

    def _request_key(self, request: Request) -> str:
        asked = [request.problem["problem_id"], request.problem["problem"], request.problem["solution"]]
        return hashlib.sha256(
            canonical(
                [
                    MODEL,
                    self.settings.model_dump(),
                    [*request.messages],
                    *asked,
                    request.thought,
                    request.sample,
                ]
            )
        ).hexdigest()


@lru_cache(maxsize=16)
def _read(text: str | None, problem: str) -> Solution | UnusableSolution:
    """Read a solution; kept for the few requests about the same problem that come one after another."""
    if not text:
        return UnusableSolution("the problem has no worked solution")
    try:
        return parse(text, problem)
    except UnusableSolution as reason:
        return reason


def _uncompilable(request: Request, key: str, detail: str) -> Reply:
    return Reply(request, key, MODEL, None, failure="uncompilable", detail=detail, cost_usd=0.0)


def make(settings: EmbeddedTeacherSettings, folder: Path, corpus: Iterable[Request]) -> Teacher:
    """Return the teacher; it reads nothing but its requests."""
    return EmbeddedTeacher(settings)
