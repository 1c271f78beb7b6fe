"""Stage `grow`: make new problems from old ones, and verify the completions that their growths wrote.

A growth is the teacher of its completions: they are parsed, solved and compared like any other. Its tables
are in `data/grown/`, and `curate` and all later stages read them beside the tables of the other stages.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, Self

from pydantic import model_validator

from thoughtmill.factory.core import corpus, params, stage, tables
from thoughtmill.factory.core.errors import ThoughtmillError, nearest
from thoughtmill.factory.core.families import heirs_of
from thoughtmill.factory.core.files import folder_aside, root
from thoughtmill.factory.core.params import Section
from thoughtmill.factory.core.progress import track
from thoughtmill.factory.growths import GROWTHS, Barren, Child, Parent
from thoughtmill.factory.ledger.keys import canonical, prompt_sha
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.thoughts.solving import VerifySettings, executor
from thoughtmill.factory.verify import verify_table
from thoughtmill.schemas import TABLES, Completions, Growths, Problems, columns


class GrowSettings(Section, extra="allow"):
    """The section `grow` of `params.yaml`: the most children of a problem by growth, `redraw: 4`."""

    seed: int = 1

    @model_validator(mode="after")
    def _know_every_growth(self) -> Self:
        for name, count in (self.model_extra or {}).items():
            if name not in GROWTHS:
                known = (*type(self).model_fields, *GROWTHS.names())
                raise ValueError(f"`{name}` is an unknown growth{nearest(name, known)}")
            if not isinstance(count, int) or isinstance(count, bool) or count < 0:
                raise ValueError(f"`{name}`: give the most children of a problem, a whole number")
        return self

    @property
    def budgets(self) -> dict[str, int]:
        """The most children of a problem, by growth."""
        return {name: count for name, count in (self.model_extra or {}).items() if count}


class Work(NamedTuple):
    """A problem to grow, how often by which growths, and the seed of all draws."""

    parent: Parent
    budgets: Mapping[str, int]
    seed: int


class Attempt(NamedTuple):
    """What one attempt of a growth on a problem made."""

    parent: tables.Row
    growth: str
    number: int
    made: Child | Barren


def works(
    problems: Iterable[tables.Row], records: Iterable[tables.Row], settings: GrowSettings
) -> Iterator[Work]:
    """Yield every problem that a growth takes, with its verified records; both in the order of problems."""
    splits = {name: getattr(GROWTHS.named(name), "SPLITS", ("train",)) for name in settings.budgets}
    later = groupby(records, key=lambda record: record["problem_id"])
    group = next(later, None)
    for problem in problems:
        while group is not None and group[0] < problem["problem_id"]:
            group = next(later, None)
        mine = group[1] if group is not None and group[0] == problem["problem_id"] else ()
        split = problem["split"].partition("_")[0]
        budgets = {name: count for name, count in settings.budgets.items() if split in splits[name]}
        if budgets:
            yield Work(_parent(problem, list(mine)), budgets, settings.seed)


def _parent(problem: tables.Row, records: Sequence[tables.Row]) -> Parent:
    verified = [record for record in records if _is_verified(record)]
    first = {record["thought"]: record for record in reversed(verified)}
    return Parent(problem, first, [record for record in records if not _is_verified(record)])


def _is_verified(record: tables.Row) -> bool:
    return record["failure"] is None and record["correct"] is not False


def faults(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield the growths that write a thought that is asked for too; `given` is all of `params.yaml`."""
    budgets, thoughts = given.get("grow") or {}, given.get("thoughts") or ()
    for name in GROWTHS.names():
        for thought in getattr(GROWTHS.named(name), "WRITES", ()) if budgets.get(name) else ():
            if thought in thoughts:
                yield f"params.yaml: grow: `{name}` writes `{thought}`, which `thoughts` lists: drop one"


def grow(work: Work, solvers: Solvers) -> list[Attempt]:
    """Return the children that all growths make of a problem; other problems do not change them."""
    problem = dict(work.parent.problem)
    made = []
    for name, count in work.budgets.items():
        random = Random(f"{work.seed}/{problem['problem_id']}/{name}")
        children = GROWTHS.named(name).grow(work.parent, count, random, solvers)
        made += [Attempt(problem, name, number, child) for number, child in enumerate(children)]
    return made


def lost(work: Work) -> list[Attempt]:
    """Return the attempts on a problem whose process died."""
    died = Barren("the process that grew it died")
    return [Attempt(dict(work.parent.problem), name, 0, died) for name in work.budgets]


def problem_of(attempt: Attempt) -> tables.Row | None:
    """Return the new row of `problems`; None where there is no new problem."""
    made = attempt.made
    if isinstance(made, Barren) or made.problem is None:
        return None
    own = {
        "problem_id": f"{attempt.parent['problem_id']}+{attempt.growth}-{attempt.number}",
        "problem": made.problem,
        "answer": made.answer and made.answer.text,
        "answer_kind": made.answer.kind if made.answer else attempt.parent["answer_kind"],
        "solution": None,
        "parent_id": attempt.parent["problem_id"],
        "growth": attempt.growth,
    }
    return {**attempt.parent, **own}


def completions_of(attempt: Attempt, problem_id: str) -> Iterator[tables.Row]:
    """Yield the rows of `completions` that a growth wrote: its own, in answer to no prompt."""
    made = attempt.made
    written = {} if isinstance(made, Barren) else made.completions
    for thought, text in written.items():
        key = hashlib.sha256(canonical([attempt.growth, problem_id, thought, text])).hexdigest()
        yield {
            **dict.fromkeys(column.name for column in columns(Completions)),
            "completion_id": f"{problem_id}/{thought}/0@{key[:8]}",
            "problem_id": problem_id,
            "thought": thought,
            "sample": 0,
            "request_key": key,
            "prompt_sha": prompt_sha(()),
            "teacher": attempt.growth,
            "model": attempt.growth,
            "completion": text,
            "finish_reason": "stop",
            "cost_usd": 0.0,
        }


class Inheritance:
    """The verified completions of inherited thoughts, by the problem that they were asked for.

    `heirs` maps a problem to the head of its family, for problems that were imported with a parent.
    """

    def __init__(self, completions: Iterable[tables.Row], heirs: Mapping[str, str]) -> None:
        self.completions: dict[str, list[tables.Row]] = {}
        for row in completions:
            self.completions.setdefault(row["problem_id"], []).append(row)
        self.heirs = heirs

    def of(self, problem_id: str, parent_id: str) -> Iterator[tables.Row]:
        """Yield the completions that a problem inherits: the same text, paid for once."""
        for row in self.completions.get(self.heirs.get(parent_id, parent_id), ()):
            completion_id = f"{problem_id}/{row['thought']}/{row['sample']}@{row['request_key'][:8]}"
            yield {
                **row,
                "completion_id": completion_id,
                "problem_id": problem_id,
                "teacher": "inherited",
                **dict.fromkeys(("prompt_tokens", "completion_tokens", "latency_s")),
                "cost_usd": 0.0,
            }

    def imported(self) -> Iterator[tables.Row]:
        """Yield the inherited completions of problems that came with a parent."""
        for problem_id, head in self.heirs.items():
            yield from self.of(problem_id, head)


def inheritance(data: Path, thoughts: Iterable[str], problems: Iterable[tables.Row]) -> Inheritance:
    """Read the verified completions of the thoughts that are inherited."""

    def rows() -> Iterator[tables.Row]:
        for thought in thoughts:
            good = {
                record["completion_id"]
                for record in corpus.verified(data, (thought,))
                if _is_verified(record)
            }
            completions = tables.TableReader(data / "completions" / f"{thought}.parquet", Completions)
            yield from (row for row in completions if row["completion_id"] in good)

    return Inheritance(rows(), heirs_of(problems) if thoughts else {})


def write_grown(folder: Path, attempts: Iterable[Attempt], inherited: Inheritance) -> None:
    """Write the grown problems, their completions with those they inherit, and a row for each attempt."""
    with (
        tables.writer(folder / "problems.parquet", Problems) as add_problem,
        tables.writer(folder / "completions.parquet", Completions) as add_completion,
        tables.writer(folder / "growths.parquet", Growths) as add_growth,
    ):
        for completion in inherited.imported():
            add_completion(completion)
        for attempt in attempts:
            problem = problem_of(attempt)
            failed = attempt.made if isinstance(attempt.made, Barren) else None
            about = attempt.parent if problem is None else problem
            if problem is not None:
                add_problem(problem)
                for completion in inherited.of(problem["problem_id"], problem["parent_id"]):
                    add_completion(completion)
            for completion in completions_of(attempt, about["problem_id"]):
                add_completion(completion)
            add_growth(
                {
                    "parent_id": attempt.parent["problem_id"],
                    "growth": attempt.growth,
                    "number": attempt.number,
                    "problem_id": None if failed else about["problem_id"],
                    "reason": failed and failed.reason,
                }
            )


def main() -> None:
    """Read the problems and their verified records, write `data/grown/`."""
    folder = root()
    data = folder / "data"
    settings = params.section("grow", GrowSettings)
    if found := list(faults(params.load())):
        raise ThoughtmillError("\n".join(found))
    solvers = params.section("verify", VerifySettings)
    problems = tables.TableReader(data / "problems.parquet", Problems)
    records = corpus.verified(data, params.thoughts())
    with folder_aside(data / "grown") as part:
        pool = executor(solvers, grow, lost)
        grown = track(works(problems, records, settings), "grow") if settings.budgets else ()
        inherited = inheritance(data, _inherited(params.load()), problems)
        write_grown(part, (attempt for made in pool.spread(grown) for attempt in made), inherited)
        both = [problems.path, part / "problems.parquet"]
        verify_table("grown", part / "completions.parquet", both, part, solvers)
        for name in corpus.GROWN:
            path = part / f"{name}.parquet"
            if not len(tables.TableReader(path, TABLES[name])):
                path.unlink()  # a release has a config for every file


def _inherited(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the thoughts of `generate.inherit`; the section itself belongs to `generate`."""
    section = given.get("generate") or {}
    return tuple(thought for thought in section.get("inherit") or () if thought in given["thoughts"])


if __name__ == "__main__":
    stage.run(main)
