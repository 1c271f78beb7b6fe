"""Samples: a few problems asked of a teacher and verified, for `preview` and for the pilot of `estimate`."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import NamedTuple

from thoughtmill.factory import generate
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.files import existing
from thoughtmill.factory.solvers.programs import fence_for
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.teachers.choice import ChosenTeacher, GenerateSettings
from thoughtmill.factory.thoughts.solving import configured, solve
from thoughtmill.factory.verify import Verdict, verify
from thoughtmill.schemas import Problems


class VerifiedSample(NamedTuple):
    """A completion, the problem it is for, and its verdict."""

    completion: tables.Row
    problem: tables.Row
    verdict: Verdict


def chosen_problems(folder: Path, settings: GenerateSettings, number: int) -> list[tables.Row]:
    """Return some problems of the splits that are asked, drawn by `generate.seed`, in the table's order."""
    path = existing(folder / "data" / "problems.parquet", "run `dvc repro seed` first")
    every = (row for row in tables.TableReader(path, Problems) if row["split"] in settings.splits)
    random, drawn = Random(settings.seed), list[tables.Row]()
    for seen, row in enumerate(every):  # reservoir sampling keeps memory flat (Vitter, 1985)
        if seen < number:
            drawn.append(row)
        elif (place := random.randrange(seen + 1)) < number:
            drawn[place] = row
    return sorted(drawn, key=lambda row: str(row["problem_id"]))


def verified_samples(
    folder: Path,
    thought: str,
    settings: GenerateSettings,
    chosen: ChosenTeacher,
    problems: Sequence[tables.Row],
) -> Iterator[VerifiedSample]:
    """Ask a teacher for the first sample of a thought about some problems, and verify its completions.

    A teacher with an endpoint keeps its answers in the ledger, so the stage does not pay for them again.
    """
    first = {(row["problem_id"], 0) for row in problems}
    requests = replace(generate.requests_of(folder, thought, settings, chosen), problems=problems, only=first)
    teacher = generate.make_teacher(settings, folder, chosen)
    with closing(generate.generate(requests, teacher, chosen.name)) as rows:
        completions = sorted(rows, key=lambda row: str(row["problem_id"]))
    how = configured()
    with Solvers(how.limits, how.equations_timeout_s, fence_for(how.limits)) as solvers:
        verdicts = list(verify(completions, problems, lambda jobs: iter(solve([*jobs], solvers))))
    by_id = {row["problem_id"]: row for row in problems}
    for completion, verdict in zip(completions, verdicts, strict=True):
        yield VerifiedSample(completion, by_id[completion["problem_id"]], verdict)
