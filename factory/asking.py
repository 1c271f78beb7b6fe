"""What the stage `grow` asks teachers: samples until enough hold, new problems, and thoughts about them.

Everything that is asked has a request key like the requests of `generate`, and its answer is in the ledger.
So a rebuild asks nothing. When `max_usd` is spent, asking ends, and what has come is used.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, count
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from thoughtmill.factory.core import params, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.generate import (
    asked,
    make_teacher,
)
from thoughtmill.factory.growths import GROWTHS, Barren
from thoughtmill.factory.growths.attempts import Attempt, id_of, problem_of
from thoughtmill.factory.growths.rewriting import rejections
from thoughtmill.factory.growths.until import Again
from thoughtmill.factory.teachers import BudgetSpent, Request
from thoughtmill.factory.teachers.choice import ChosenTeacher, GenerateSettings, UntilSettings
from thoughtmill.factory.teachers.endpoint.grown import AskedByGrow, NotedRequests
from thoughtmill.factory.teachers.thought_requests import SizedRows, ThoughtRequests
from thoughtmill.factory.thoughts.prompts import Prompt, load, prompt_of
from thoughtmill.factory.thoughts.solving import VerifySettings
from thoughtmill.factory.verify import verify_table
from thoughtmill.schemas import Completions, Problems, Records

Add = Callable[[tables.Row], None]


class Growing(NamedTuple):
    """What the section `grow` says about asking: the seed, who writes problems, and how they are sampled."""

    seed: int
    teacher: str | None
    sampling: Mapping[str, Mapping[str, Any]]


@dataclass
class Asker:
    """Asks the teachers of a project within their budgets; `spent` says why it has stopped asking."""

    folder: Path
    settings: GenerateSettings
    requests: list[ThoughtRequests] = field(default_factory=list)
    unanswered: int = 0
    spent: str | None = None

    def __post_init__(self) -> None:
        self.asked = AskedByGrow(self.folder)

    def rows(
        self,
        thought: str,
        prompt: Prompt,
        teachers: Iterable[ChosenTeacher],
        problems: SizedRows,
        only: Collection[tuple[str, int]] | None = None,
    ) -> Iterator[tables.Row]:
        """Ask for a thought, or for problems, about some problems; yield rows of `completions`."""
        if self.spent is not None:
            return
        plan = []
        for chosen in teachers:
            requests = ThoughtRequests(problems, thought, prompt, self.settings, chosen, only)
            self.requests.append(requests)
            more = self._requests(with_endpoint=chosen.endpoint is not None)
            plan.append((requests, chosen, make_teacher(self.settings, self.folder, chosen, more)))
        try:
            with closing(asked(plan, f"ask for {thought}", partial(NotedRequests, note=self.asked))) as rows:
                for row in rows:
                    self.unanswered += row["failure"] == "unanswered"
                    yield row
        except BudgetSpent as error:
            self.spent = str(error)

    def _requests(self, with_endpoint: bool) -> Iterator[Request]:
        every = chain.from_iterable(self.requests)
        return (request for request in every if (request.endpoint is not None) == with_endpoint)


def writer(name: str, settings: GenerateSettings, growing: Growing, problems: int = 1) -> ChosenTeacher:
    """Return the teacher that writes the problems of a growth, `problems` of each parent."""
    teachers = settings.chosen(name)
    found = next((each for each in teachers if growing.teacher in (None, each.name)), None)
    if found is None:
        names = ", ".join(each.name for each in teachers)
        raise ThoughtmillError(f"params.yaml: grow.teacher: `{growing.teacher}` is not one of: {names}")
    return replace(_sampled(found, name, growing), samples=problems, first_sample=0, fallback_of=None)


def _sampled(chosen: ChosenTeacher, name: str, growing: Growing) -> ChosenTeacher:
    """Return a teacher that samples as a growth says."""
    own = getattr(GROWTHS.named(name), "SAMPLING", {})
    return replace(chosen, sampling={**own, **chosen.sampling, **growing.sampling.get(name, {})})


def again_by(teachers: Sequence[ChosenTeacher], until: UntilSettings) -> list[ChosenTeacher]:
    """Return who is asked again: the first teacher of a thought and its fall-backs.

    Their further samples come after those of all teachers, each teacher's in a range of its own.
    """
    first, total = teachers[0], sum(each.samples for each in teachers)
    further = max(0, until.at_most - first.samples)
    found: list[ChosenTeacher] = []
    for each in teachers:
        if each is first or each.fallback_of in {one.name for one in found}:
            begin = total + len(found) * further - first.samples
            found.append(replace(each, samples=until.at_most, first_sample=begin))
    return found


def more_by(
    thought: str, name: str, settings: GenerateSettings, growing: Growing, wanted: Mapping[str, int]
) -> tuple[ChosenTeacher, set[tuple[str, int]]]:
    """Return who writes the further samples of a thought that a growth wants, and which these are.

    `wanted` has their number by problem. They come after the samples of all teachers and of `until`.
    """
    teachers = settings.chosen(thought)
    until = settings.until or UntilSettings(verified=1, at_most=teachers[0].samples)
    before = again_by(teachers, until)
    begin = max(teachers[0].samples, until.at_most)
    end = sum(each.samples for each in teachers)
    end += len(before) * max(0, until.at_most - teachers[0].samples)
    sampled = _sampled(teachers[0], name, growing)
    teacher = replace(sampled, samples=begin + max(wanted.values()), first_sample=end - begin)
    return teacher, {(problem_id, begin + at) for problem_id, n in wanted.items() for at in range(n)}


@dataclass
class Asking:
    """What growths and `generate.until` ask for; `folder` holds tables in between.

    `parents` says for each growth whose problems a teacher writes how many of each problem, and why none.
    """

    data: Path
    folder: Path
    settings: GenerateSettings
    growing: Growing
    solvers: VerifySettings
    parents: Mapping[str, tuple[int, Sequence[tuple[tables.Row, str | None]]]] = field(default_factory=dict)
    rounds: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.asker = Asker(self.data.parent, self.settings)
        self.listed = params.thoughts(self.data.parent / "params.yaml")

    def again(self) -> None:
        """Ask again for thoughts with too few records that hold, round by round, and verify each round."""
        for thought in self.listed if self.settings.until else ():
            self._again(thought, self.settings.until)

    def _again(self, thought: str, until: Any) -> None:
        problems = tables.TableReader(self.data / "problems.parquet", Problems)
        teachers = self.settings.chosen(thought)
        state = Again(until.verified, until.at_most, teachers[0].samples)
        state.add(tables.TableReader(self.data / "verified" / thought / "records.parquet", Records))
        for number in count(1):
            wanted = state.wanted()
            if not wanted or self.asker.spent:
                return
            place = self.folder / f"{thought}-{number}"
            rows = self.asker.rows(
                thought, self._prompt(thought), again_by(teachers, until), problems, wanted
            )
            state.add(self._verified(place, rows, [problems.path]))
            self.rounds.append(place)

    def _verified(self, place: Path, rows: Iterable[tables.Row], problems: list[Path]) -> tables.TableReader:
        """Write completions and verify them; return their records."""
        tables.write(place / "completions.parquet", Completions, rows)
        verify_table(place.name, place / "completions.parquet", problems, place, self.solvers)
        return tables.TableReader(place / "records.parquet", Records)

    def records(self) -> tables.MergedRows:
        """Return the verified records of the stages before, with those that were asked for again."""
        folders = [*(self.data / "verified" / thought for thought in self.listed), *self.rounds]
        return tables.merged(Records, *(folder / "records.parquet" for folder in folders))

    def copy_again(self, add: Add) -> None:
        """Add the completions that were asked for again."""
        for place in self.rounds:
            for row in tables.TableReader(place / "completions.parquet", Completions):
                add(row)

    def rewritings(self, add: Add) -> Iterator[Attempt]:
        """Ask for new problems; add what the teacher wrote, and yield what was made of it."""
        for name, (number, parents) in self.parents.items():
            growth = GROWTHS.named(name)
            prompt = prompt_of(growth.INSTRUCTION, getattr(growth, "EXEMPLARS", ()))
            teacher = writer(name, self.settings, self.growing, number)
            problems = [problem for problem, unfit in parents if unfit is None]
            written: dict[tuple[str, int], tables.Row] = {}
            for row in self.asker.rows(name, prompt, [teacher], problems):
                add(row)
                written[row["problem_id"], row["sample"]] = row
            for problem, unfit in parents:
                if unfit is not None:
                    yield Attempt(problem, name, 0, Barren(unfit))
                else:
                    yield from self._read(name, problem, number, written)

    def _read(
        self, name: str, problem: tables.Row, number: int, written: Mapping[tuple[str, int], tables.Row]
    ) -> Iterator[Attempt]:
        """Yield the attempts of a growth on a problem."""
        earlier: list[str] = []
        for at in range(number):
            row = written.get((problem["problem_id"], at))
            if row is None:
                made: Any = Barren("it was not asked for: its split is not asked, or max_usd is spent")
            elif row["failure"] is not None:
                made = Barren(f"the teacher's completion is `{row['failure']}`")
            else:
                random = Random(f"{self.growing.seed}/{problem['problem_id']}/{name}/{at}")
                made = GROWTHS.named(name).read(problem, row["completion"], tuple(earlier), random)
            if not isinstance(made, Barren):
                earlier.append(made.problem)
            yield Attempt(problem, name, at, made)

    def thoughts(self, attempts: Sequence[Attempt], add: Add) -> dict[str, str]:
        """Ask for thoughts of new problems, and for more of old ones; return why problems are rejected."""
        made = {id_of(attempt): problem for attempt in attempts if (problem := problem_of(attempt))}
        self._more(Counter((a.growth, a.parent["problem_id"]) for a in attempts if not problem_of(a)), add)
        if not made:
            return {}
        problems = [made[problem_id] for problem_id in sorted(made)]
        completions: list[tables.Row] = []
        for thought in self.listed:
            if thought not in self.settings.inherit:
                teachers = self.settings.chosen(thought)
                completions += self.asker.rows(thought, self._prompt(thought), teachers, problems)
        for row in completions:
            add(row)
        place = self.folder / "asked"
        tables.write(place / "problems.parquet", Problems, problems)
        records = self._verified(place, completions, [place / "problems.parquet"])
        return rejections(records, {row["problem_id"]: row["answer"] for row in problems})

    def _more(self, samples: Mapping[tuple[str, str], int], add: Add) -> None:
        """Ask for more samples of problems, by growth and problem."""
        problems = tables.TableReader(self.data / "problems.parquet", Problems)
        for name in sorted({name for name, _ in samples}):
            wanted = {problem_id: n for (growth, problem_id), n in samples.items() if growth == name}
            for thought in self.listed:
                teacher, only = more_by(thought, name, self.settings, self.growing, wanted)
                for row in self.asker.rows(thought, self._prompt(thought), [teacher], problems, only):
                    add(row)

    def _prompt(self, thought: str) -> Prompt:
        return load(thought, self.data / "exemplars.jsonl")

    def remarks(self) -> Iterator[str]:
        """Yield what to do about what was not answered or not asked."""
        if self.asker.spent is not None:
            yield f"asking has ended: {self.asker.spent}"
        if self.asker.unanswered:
            again = "thoughtmill ledger retry && dvc repro -f -s grow"
            yield f"{self.asker.unanswered} unanswered; ask again with: {again}"
