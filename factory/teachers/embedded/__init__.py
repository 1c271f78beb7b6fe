"""The teacher `embedded`: compiles the worked solution of a problem into the requested thought.

It needs no network and no key. A solution in prose that closes with its answer, as in MATH, is a chain as it
is. Any other solution that it cannot compile gives a failure with its reason. A share `error_rate` of its
completions has a mistake of the kind that real teachers make, for verification to catch.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any, Literal, TypeVar

import pydantic

from thoughtmill.factory.ledger.keys import canonical
from thoughtmill.factory.solutions import Solution, parse
from thoughtmill.factory.solutions.calculations import UnusableSolution
from thoughtmill.factory.teachers import Reply, Request, Teacher
from thoughtmill.factory.teachers.embedded import prose
from thoughtmill.factory.teachers.embedded.compiling import COMPILERS
from thoughtmill.factory.teachers.embedded.dialects import in_dialect
from thoughtmill.factory.teachers.embedded.slips import SLIPS, CorrectCompletion, cut, unfinished

MODEL = "embedded-1"

Correct = TypeVar("Correct")


class EmbeddedTeacherSettings(pydantic.BaseModel, extra="forbid", frozen=True):
    """The section `generate.embedded` of `params.yaml`."""

    error_rate: float = pydantic.Field(0.15, ge=0, le=1, description="share of completions with a slip")
    seed: int = 1
    programs: Literal["declared", "in_place"] = pydantic.Field(
        "declared",
        description="whether programs name the problem's numbers first, or write them where they count",
    )
    rules: Literal["what", "why"] = pydantic.Field(
        "what", description="whether general rules only say what to do, or also why"
    )

    def told(self) -> dict[str, Any]:
        """Return what the request keys of completions hold: a dialect only where it is not the default."""
        return self.model_dump(exclude_defaults=True) | {"error_rate": self.error_rate, "seed": self.seed}


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
        which = f"{request.problem['problem_id']}/{request.sample}/{request.thought}"
        solution = _read(request.problem["solution"], request.problem["problem"])
        chain = prose.chain(request.problem["solution"]) if request.thought == "cot" else None
        if isinstance(solution, Solution):
            solution = in_dialect(request.thought, solution, self.settings.programs, self.settings.rules)
            correct = CorrectCompletion(request.thought, solution, COMPILERS[request.thought](solution))
            said, reason = self._slipped(which, correct.completion, correct, SLIPS[request.thought])
        elif chain is not None:
            said, reason = self._slipped(which, chain, chain, prose.SLIPS)
        else:
            return _uncompilable(request, key, str(solution))
        return Reply(request, key, MODEL, said, reason, cost_usd=0.0)

    def _slipped(
        self,
        which: str,
        completion: str,
        correct: Correct,
        slips: Sequence[Callable[[Correct, Random], str | None]],
    ) -> tuple[str, str]:
        """Return completion and finish reason: the correct completion, or at `error_rate` a slip of it."""
        random = Random(f"{self.settings.seed}/{which}")
        if random.random() < self.settings.error_rate:
            for slip in random.sample(slips, len(slips)):
                wrong = slip(correct, random)
                if wrong is not None:
                    return wrong, "length" if slip in (unfinished, cut) else "stop"
        return completion, "stop"

    def _request_key(self, request: Request) -> str:
        problem = [request.problem[column] for column in ("problem_id", "problem", "solution")]
        settings, messages = self.settings.told(), [*request.messages]
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
