"""The teacher `embedded`: compiles the worked solution of a problem into the requested thought.

It needs no network and no key. A solution that it cannot compile gives a failure with its reason. A share
`error_rate` of its completions has a mistake of the kind that real teachers make, for verification to catch.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
    """The section `generate.embedded` of `params.yaml`."""

    error_rate: float = pydantic.Field(0.15, ge=0, le=1, description="share of completions with a slip")
    seed: int = 1


SETTINGS = EmbeddedTeacherSettings


@dataclass
class EmbeddedTeacher(Teacher):
    """A teacher that reads `problem["solution"]`; it replies at once, in order, and for free."""

    settings: EmbeddedTeacherSettings

    def complete(self, requests: Iterable[Request]) -> Iterator[Reply]:
        """Reply to every request; the failure is `uncompilable` where no solution is usable."""
        for request in requests:
            yield self._answer(request)

    def _answer(self, request: Request) -> Reply:
        key = self._request_key(request)
        if request.thought not in COMPILERS:
            return _uncompilable(request, key, f"the embedded teacher does not write {request.thought}")
        solution = _read(request.problem["solution"], request.problem["problem"])
        if isinstance(solution, UnusableSolution):
            return _uncompilable(request, key, str(solution))
        correct = CorrectCompletion(request.thought, solution, COMPILERS[request.thought](solution))
        completion, finish_reason = self._slipped(
            correct, f"{request.problem['problem_id']}/{request.sample}"
        )
        return Reply(request, key, MODEL, completion, finish_reason, cost_usd=0.0)

    def _slipped(self, correct: CorrectCompletion, which: str) -> tuple[str, str]:
        """Return completion and finish reason: the correct completion, or at `error_rate` a slip."""
        random = Random(f"{self.settings.seed}/{which}/{correct.thought}")
        if random.random() < self.settings.error_rate:
            for slip in random.sample(SLIPS[correct.thought], len(SLIPS[correct.thought])):
                wrong = slip(correct, random)
                if wrong is not None:
                    return wrong, "length" if slip is unfinished else "stop"
        return correct.completion, "stop"

    def _request_key(self, request: Request) -> str:
        problem = [request.problem[column] for column in ("problem_id", "problem", "solution")]
        settings, messages = self.settings.model_dump(), [*request.messages]
        parts = [MODEL, settings, messages, *problem, request.thought, request.sample]
        return hashlib.sha256(canonical(parts)).hexdigest()


@lru_cache(maxsize=16)
def _read(text: str | None, problem: str) -> Solution | UnusableSolution:
    """Parse a solution, or return why it is unusable; cached, as requests about a problem come together."""
    if not text:
        return UnusableSolution("the problem has no worked solution")
    try:
        return parse(text, problem)
    except UnusableSolution as reason:
        return reason


def _uncompilable(request: Request, key: str, detail: str) -> Reply:
    return Reply(request, key, MODEL, None, failure="uncompilable", detail=detail, cost_usd=0.0)


def make(settings: EmbeddedTeacherSettings, folder: Path, corpus: Iterable[Request]) -> Teacher:
    """Return the teacher; it reads only its requests."""
    return EmbeddedTeacher(settings)
