"""Foresee what growths ask teachers: new problems, thoughts about these, and more samples of old ones."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from thoughtmill.factory.asking import more_by, writer
from thoughtmill.factory.core import corpus, params, tables
from thoughtmill.factory.grow import GrowSettings, is_rewriting, parents_of_rewritings, works
from thoughtmill.factory.growths import GROWTHS, Barren
from thoughtmill.factory.growths.attempts import Attempt, id_of
from thoughtmill.factory.teachers import TEACHERS, Request
from thoughtmill.factory.teachers.choice import ChosenTeacher, GenerateSettings
from thoughtmill.factory.teachers.endpoint.estimate import CostEstimate
from thoughtmill.factory.teachers.thought_requests import ThoughtRequests
from thoughtmill.factory.thoughts.prompts import load, prompt_of
from thoughtmill.schemas import Growths, Problems

AT_MOST = ", at most"


def growths(folder: Path, settings: GenerateSettings) -> list[CostEstimate]:
    """Return an estimate for each growth that asks, and for each thought of the problems to come.

    A problem to come is taken to be as long as its parent. Before all thoughts are verified, every problem of
    the right split is taken for a parent, and the names say `at most`.
    """
    growing = params.section("grow", GrowSettings, folder / "params.yaml")
    thoughts = params.thoughts(folder / "params.yaml")
    verified = [folder / "data" / "verified" / name / "records.parquet" for name in thoughts]
    known = all(path.exists() for path in verified)
    plan = _Plan(folder, settings, growing, thoughts, known)
    end = "" if known else AT_MOST
    return [replace(found, thought=found.thought + end) for found in plan.estimates() if found.requests]


@dataclass(frozen=True)
class _Plan:
    """What growths will ask; `known` says whether the records of all thoughts are verified."""

    folder: Path
    settings: GenerateSettings
    growing: GrowSettings
    thoughts: Sequence[str]
    known: bool

    def estimates(self) -> Iterator[CostEstimate]:
        """Yield an estimate for each growth that writes problems, then for each thought."""
        budgets = self.growing.budgets
        writing = {name: budgets[name] for name in budgets if is_rewriting(GROWTHS.named(name))}
        further = {name: budgets[name] for name in budgets if hasattr(GROWTHS.named(name), "ASKS")}
        parents = self._parents() if writing else {}
        for name, number in writing.items():
            growth = GROWTHS.named(name)
            prompt = prompt_of(growth.INSTRUCTION, getattr(growth, "EXEMPLARS", ()))
            teacher = writer(name, self.settings, self.growing.asking(), number)
            yield from _of(
                teacher, ThoughtRequests(parents[name], name, prompt, self.settings, teacher), name
            )
        children = [*self._children(parents, writing)] if writing else []
        for thought in self.thoughts:
            for teacher in self.settings.chosen(thought) if thought not in self.settings.inherit else ():
                by = f" by {teacher.name}" if self.settings.teachers else ""
                yield from _of(
                    teacher, self._about(children, thought, teacher), f"{thought} of new problems{by}"
                )
            for name, number in further.items():
                yield from self._further(thought, name, number)

    def _further(self, thought: str, name: str, number: int) -> Iterator[CostEstimate]:
        """Yield the estimate of more samples of a thought about old problems."""
        found = works(self._problems(), (), {name: number}, self.growing.seed)
        wanted = {work.parent.problem["problem_id"]: number for work in found}
        if wanted:
            teacher, only = more_by(thought, name, self.settings, self.growing.asking(), wanted)
            requests = replace(self._about(self._problems(), thought, teacher), only=only)
            yield from _of(teacher, requests, f"{thought}, {name}")

    def _about(self, problems: Any, thought: str, teacher: ChosenTeacher) -> ThoughtRequests:
        prompt = load(thought, self.folder / "data" / "exemplars.jsonl")
        return ThoughtRequests(problems, thought, prompt, self.settings, teacher)

    def _problems(self) -> tables.TableReader:
        return tables.TableReader(self.folder / "data" / "problems.parquet", Problems)

    def _parents(self) -> dict[str, list[tables.Row]]:
        """Return the problems that each growth is given to write others."""
        data = self.folder / "data"
        records: Iterable[tables.Row] = corpus.verified(data, tuple(self.thoughts)) if self.known else ()
        found = parents_of_rewritings(self._problems(), records, self.growing)
        return {
            name: [row for row, unfit in rows if not (self.known and unfit)]
            for name, (_, rows) in found.items()
        }

    def _children(
        self, parents: Mapping[str, Sequence[tables.Row]], budgets: Mapping[str, int]
    ) -> Iterator[tables.Row]:
        """Yield the new problems: those that `grow` made when it last ran, and others to come."""
        made, tried = self._made()
        for name, rows in parents.items():
            for row in rows:
                for number in range(budgets[name]):
                    problem_id = id_of(Attempt(row, name, number, Barren("")))
                    if problem_id in made:
                        yield made[problem_id]
                    elif (row["problem_id"], name, number) not in tried:
                        text = f"{row['problem']} ({name} {number})"
                        yield {**row, "problem_id": problem_id, "problem": text, "solution": None}

    def _made(self) -> tuple[dict[str, tables.Row], set[tuple[str, str, int]]]:
        """Return the problems that `grow` made when it last ran, by id, and what it tried."""
        grown = self.folder / "data" / "grown"
        problems, attempts = grown / "problems.parquet", grown / "growths.parquet"
        made = tables.TableReader(problems, Problems) if problems.exists() else ()
        tried = tables.TableReader(attempts, Growths) if attempts.exists() else ()
        return (
            {row["problem_id"]: row for row in made},
            {(row["parent_id"], row["growth"], row["number"]) for row in tried},
        )


def _of(teacher: ChosenTeacher, requests: Iterable[Request], name: str) -> Iterator[CostEstimate]:
    """Yield the estimate of requests, if their teacher's module can tell one."""
    estimate: Any = getattr(TEACHERS.named(teacher.module), "estimate", None)
    for found in estimate(teacher.settings, requests) if estimate else ():
        yield replace(found, thought=name)
