"""Parse, solve and check completions on all cores, without the gold answer."""

import dataclasses
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import Field

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import NotInProject
from thoughtmill.factory.core.executors import Executor, chosen
from thoughtmill.factory.core.journal import journaled
from thoughtmill.factory.core.params import Section
from thoughtmill.factory.solvers.checks import CHECKS, checked
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.outcome import Check, Outcome
from thoughtmill.factory.solvers.programs import fence_for
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.thoughts import THOUGHTS
from thoughtmill.factory.thoughts.reasoning import join, separated

Item = TypeVar("Item")
Result = TypeVar("Result")


class VerifySettings(Section):
    """The section `verify` of `params.yaml`."""

    workers: int = Field(0, ge=0, description="processes that solve; 0 is one per core")
    equations_timeout_s: float = Field(5.0, gt=0, description="seconds for one system of equations")
    limits: Limits = Limits()


def configured() -> VerifySettings:
    """Return the section `verify` of the current project; outside a project, the defaults."""
    try:
        return params.section("verify", VerifySettings)
    except NotInProject:
        return VerifySettings()


class Job(NamedTuple):
    """A completion to solve, or the failure that replaces it; never the gold answer.

    `answer_kind` is the kind of answer that the problem asks for. `reasoning` is thinking that was sent
    apart; the completion may hold more. A `parsed` completion is a rationale already.
    """

    thought: str
    problem: str
    answer_kind: str
    completion: str | None
    failure: str | None = None
    detail: str | None = None
    reasoning: str | None = None
    parsed: bool = False


class Solved(NamedTuple):
    """The rationale of a job, if any, its outcome, and the seconds for both."""

    rationale: str | None
    outcome: Outcome
    elapsed_s: float = 0.0


Solving = Callable[[Iterable[Job]], Iterator[Solved]]
"""A function that solves jobs, in this process or in many, and yields results in order."""


def solve(jobs: Sequence[Job], solvers: Solvers) -> list[Solved]:
    """Parse completions and solve their rationales; the programs among them run ahead, together."""
    begun = time.perf_counter()
    rationales = [_parsed(job) for job in jobs]
    found = zip(jobs, rationales, strict=True)
    solvers.programs.ahead([text for job, text in found if text is not None and _is_program(job)])
    share_s = (time.perf_counter() - begun) / max(1, len(jobs))
    return [_solved(job, text, solvers, share_s) for job, text in zip(jobs, rationales, strict=True)]


def _parsed(job: Job) -> str | None:
    if job.failure not in (None, "truncated") or job.completion is None:
        return None
    if job.parsed:
        return job.completion
    thought = THOUGHTS.named(job.thought)
    if job.failure is not None and not getattr(thought, "READS_CUT", False):
        return None
    reasoning, answer, _ = separated(job.reasoning, job.completion)
    text = join(reasoning, answer or "") if getattr(thought, "READS_REASONING", False) else answer
    try:
        rationale = thought.parse(text or "")
    except RecursionError:  # brackets within brackets, a thousand deep
        return None
    return rationale and rationale.encode("utf-8", "replace").decode()  # JSON may hold half a character


def _is_program(job: Job) -> bool:
    return THOUGHTS.named(job.thought).KIND == "program"


def _solved(job: Job, rationale: str | None, solvers: Solvers, share_s: float) -> Solved:
    begun = time.perf_counter()
    if rationale is None and (job.failure is not None or job.completion is None):
        return Solved(None, Outcome(None, job.failure or "unanswered", job.detail))
    if rationale is None:
        outcome = Outcome(None, "unparsable", f"no {job.thought} can be read from the completion")
    else:
        thought = THOUGHTS.named(job.thought)
        outcome = thought.solve(rationale, job.problem, job.answer_kind, solvers)
        outcome = checked(thought.KIND, rationale, job.problem, outcome)
        if job.failure is not None and outcome.detail is None:
            outcome = dataclasses.replace(outcome, detail=f"{job.detail}; what is whole before is read")
    return Solved(rationale, outcome, share_s + time.perf_counter() - begun)


def solving(settings: VerifySettings, journal: Path) -> Solving:
    """Return a function that solves jobs on all cores; after `kill -9` it continues from `journal`.

    The programs that do not end are remembered beside the journal, for all workers, while the work lasts.
    """
    late = journal.with_suffix(".late")
    spread = _executor(settings, solve, _lost, late).spread

    def solved(jobs: Iterable[Job]) -> Iterator[Solved]:
        yield from journaled(journal, spread, jobs, dump=_dump, load=_load)
        shutil.rmtree(late, ignore_errors=True)

    return solved


def executor(
    settings: VerifySettings, work: Callable[[Item, Solvers], Result], lost: Callable[[Item], Result]
) -> Executor[Item, Result]:
    """Return an executor of processes, by default one per core, that each have their own solvers.

    If the system cannot fence programs well, this warns or refuses, once for all workers.
    """
    return _executor(settings, partial(_each, work), lost)


def _executor(
    settings: VerifySettings,
    work: Callable[[list[Item], Solvers], list[Result]],
    lost: Callable[[Item], Result],
    late: Path | None = None,
) -> Executor[Item, Result]:
    workers = settings.workers or os.cpu_count() or 1
    begun = (settings, fence_for(settings.limits), late)
    return chosen()(partial(_with_solvers, work), lost, workers, _begin, begun)


def source_digest() -> str:
    """Return a digest of all code that a verdict depends on; a change starts new journals."""
    here = Path(__file__).parents[1]
    files = sorted(
        path for room in ("answers", "solvers", "thoughts") for path in (here / room).rglob("*.py")
    )
    brought = (point for registry in (THOUGHTS, CHECKS) for point in registry.foreign.values())
    versions = sorted(f"{point.value} {point.dist and point.dist.version}" for point in brought)
    parts = [*(path.read_bytes() for path in files), *(version.encode() for version in versions)]
    return hashlib.sha256(b"".join(parts)).hexdigest()


_solvers: Solvers


def _begin(settings: VerifySettings, fence: str, late: Path | None) -> None:
    """Open the solvers of a worker process; they end with it."""
    global _solvers  # noqa: PLW0603  a process pool hands its workers nothing but functions
    _solvers = Solvers(settings.limits, settings.equations_timeout_s, fence, late)


def _with_solvers(work: Callable[[list[Item], Solvers], list[Result]], items: list[Item]) -> list[Result]:
    return work(items, _solvers)


def _each(work: Callable[[Item, Solvers], Result], items: list[Item], solvers: Solvers) -> list[Result]:
    return [work(item, solvers) for item in items]


def _lost(job: Job) -> Solved:
    return Solved(None, Outcome(None, "killed", "the process that solved it died, twice"))


def _dump(solved: Solved) -> Any:
    return solved.rationale, dataclasses.asdict(solved.outcome), solved.elapsed_s


def _load(noted: Any) -> Solved:
    rationale, fields, elapsed_s = noted
    checks = tuple(Check(**check) for check in fields.pop("checks"))
    answer = fields.pop("answer")
    return Solved(rationale, Outcome(answer and Answer(*answer), **fields, checks=checks), elapsed_s)
