"""Stage `verify`: every completion of a thought is parsed, solved and compared with the gold answer."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from pydantic import Field

from factory import params, stage, tables
from factory.files import root
from factory.params import Settings as Section
from factory.progress import track
from factory.solvers.answers import equal
from factory.solvers.limits import Limits
from factory.solvers.outcome import Check, Outcome
from factory.solvers.solvers import Solvers
from factory.thoughts import named
from factory.workers import Crew
from schemas import Checks, Completions, Problems, Records


class Settings(Section):
    """The section `verify` of `params.yaml`."""

    workers: int = Field(0, ge=0, description="processes that solve; 0 is one per core")
    equations_timeout_s: float = Field(5.0, gt=0, description="seconds for one system of equations")
    limits: Limits = Limits()


class Job(NamedTuple):
    """What is to be solved: a completion, or the failure that stands in its place. Never the gold answer."""

    thought: str
    problem: str
    completion: str | None
    failure: str | None = None
    detail: str | None = None


class Solved(NamedTuple):
    """The rationale that was read, if any, and what it came to."""

    rationale: str | None
    outcome: Outcome


Solving = Callable[[Iterable[Job]], Iterator[Solved]]
"""A way to do jobs, in order: in this process or in many."""

Verdict = tuple[tables.Row, list[tables.Row]]
"""A row of `records` and its rows of `checks`."""


def solve(job: Job, solvers: Solvers) -> Solved:
    """Parse one completion and solve its rationale."""
    if job.failure is not None or job.completion is None:
        return Solved(None, Outcome(None, job.failure or "unanswered", job.detail))
    thought = named(job.thought)
    rationale = thought.parse(job.completion)
    if rationale is None:
        return Solved(None, Outcome(None, "unparsable", f"no {job.thought} can be read from the completion"))
    return Solved(rationale, thought.solve(rationale, job.problem, solvers))


def verify(
    completions: Iterable[tables.Row], problems: Iterable[tables.Row], solving: Solving
) -> Iterator[Verdict]:
    """Yield a verdict for every completion, whatever became of it.

    Both tables come in primary-key order, which is how they are joined in flat memory.
    """
    waiting: deque[tuple[tables.Row, tables.Row]] = deque()

    def jobs() -> Iterator[Job]:
        for completion, problem in tables.joined(completions, problems):
            waiting.append((completion, problem))
            yield Job(
                completion["thought"],
                problem["problem"],
                completion["completion"],
                completion["failure"],
                completion["detail"],
            )

    for solved in solving(jobs()):
        yield verdict(*waiting.popleft(), solved)


def verdict(completion: tables.Row, problem: tables.Row, solved: Solved) -> Verdict:
    """Compare what a rationale came to with the gold answer; unknown is None, never False."""
    outcome = solved.outcome
    record_id = f"{completion['problem_id']}/{completion['thought']}/{completion['sample']}"
    record = {
        "record_id": record_id,
        "problem_id": completion["problem_id"],
        "thought": completion["thought"],
        "sample": completion["sample"],
        "completion_id": completion["completion_id"],
        "rationale": solved.rationale,
        "predicted_answer": outcome.answer,
        "failure": outcome.failure,
        "correct": None if outcome.answer is None else equal(outcome.answer, problem["answer"]),
        "fence": outcome.fence,
        "split": problem["split"],
        "kept": False,
        "drop_reason": None,
    }
    found = (Check("solved", outcome.failure is None, outcome.detail), *outcome.checks)
    checks = [
        {"record_id": record_id, "check": check.check, "passed": check.passed, "detail": check.detail}
        for check in sorted(found, key=lambda check: check.check)
    ]
    return record, checks


_solvers: Solvers


def _begin(settings: Settings) -> None:
    """Open the solvers of a worker process; they end with it."""
    global _solvers  # noqa: PLW0603  a process pool hands its workers nothing but functions
    _solvers = Solvers(settings.limits, settings.equations_timeout_s)


def _work(job: Job) -> Solved:
    return solve(job, _solvers)


def _lost(job: Job) -> Solved:
    return Solved(None, Outcome(None, "killed", "the process that solved it died, twice"))


def crew(settings: Settings) -> Crew[Job, Solved]:
    """Return the processes that solve, one per core unless `verify.workers` says otherwise."""
    return Crew(_work, _lost, settings.workers or os.cpu_count() or 1, _begin, (settings,))


def main(thought: str) -> None:
    """Read the completions of a thought, write `data/verified/<thought>/` records and checks."""
    data = root() / "data"
    settings = params.section("verify", Settings)
    named(thought)
    completions = tables.Source(data / "completions" / f"{thought}.parquet", Completions)
    problems = tables.Source(data / "problems.parquet", Problems)
    folder = data / "verified" / thought
    with (
        tables.writer(folder / "records.parquet", Records) as add_record,
        tables.writer(folder / "checks.parquet", Checks) as add_check,
    ):
        for record, checks in verify(
            track(completions, f"verify {thought}"), problems, crew(settings).spread
        ):
            add_record(record)
            for check in checks:
                add_check(check)


if __name__ == "__main__":
    stage.run(main)
