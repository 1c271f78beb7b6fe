"""Stage `grow`: make new problems from old ones, and ask again where too few records hold.

A growth without a teacher is the teacher of its completions; for others, and for `generate.until`, the
teachers of the corpus are asked. All completions are parsed, solved and compared like any other. The tables
of the stage are in `data/grown/`, and later stages read them beside the tables of the other stages.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Self

from pydantic import Field, model_validator

from thoughtmill.factory.asking import Asking, Growing, writer
from thoughtmill.factory.core import corpus, params, stage, tables
from thoughtmill.factory.core.errors import ThoughtmillError, nearest
from thoughtmill.factory.core.files import folder_aside, root
from thoughtmill.factory.core.params import Section
from thoughtmill.factory.core.printable import say
from thoughtmill.factory.core.progress import track
from thoughtmill.factory.generate import budget_faults
from thoughtmill.factory.growths import GROWTHS, Barren, Child, Parent
from thoughtmill.factory.growths.attempts import Attempt, completions_of, growth_of, id_of, problem_of
from thoughtmill.factory.growths.inheritance import Inheritance, inheritance, is_verified
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.teachers.choice import GenerateSettings
from thoughtmill.factory.teachers.sampling import SamplingSettings
from thoughtmill.factory.thoughts.solving import VerifySettings, executor
from thoughtmill.factory.verify import verify_table
from thoughtmill.schemas import TABLES, Completions, Growths, Problems


class GrowSettings(Section, extra="allow"):
    """The section `grow` of `params.yaml`: the most children of a problem by growth, `redraw: 4`."""

    seed: int = 1
    teacher: str | None = Field(None, description="who writes problems; default: the first of the teachers")
    sampling: Mapping[str, SamplingSettings] = Field({}, description="parameters by growth")

    @model_validator(mode="after")
    def _know_every_growth(self) -> Self:
        for name, count in {**dict.fromkeys(self.sampling, 0), **(self.model_extra or {})}.items():
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

    def asking(self) -> Growing:
        """Return what the section says about asking teachers."""
        sampling = {name: given.model_dump(exclude_unset=True) for name, given in self.sampling.items()}
        return Growing(self.seed, self.teacher, sampling)


class Work(NamedTuple):
    """A problem to grow, how often by which growths, and the seed of all draws."""

    parent: Parent
    budgets: Mapping[str, int]
    seed: int


def works(
    problems: Iterable[tables.Row],
    records: Iterable[tables.Row],
    budgets_of_all: Mapping[str, int],
    seed: int,
) -> Iterator[Work]:
    """Yield every problem that a growth takes, with its verified records; both in the order of problems."""
    splits = {name: getattr(GROWTHS.named(name), "SPLITS", ("train",)) for name in budgets_of_all}
    records_of = tables.in_step((record["problem_id"], record) for record in records)
    for problem in problems:
        mine = records_of(problem["problem_id"])
        split = problem["split"].partition("_")[0]
        budgets = {name: count for name, count in budgets_of_all.items() if split in splits[name]}
        if budgets:
            yield Work(_parent(problem, mine), budgets, seed)


def _parent(problem: tables.Row, records: Sequence[tables.Row]) -> Parent:
    verified = [record for record in records if is_verified(record)]
    first = {record["thought"]: record for record in reversed(verified)}
    return Parent(problem, first, [record for record in records if not is_verified(record)])


def faults(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield the growths that cannot work with other sections; `given` is all of `params.yaml`."""
    budgets, thoughts = given.get("grow") or {}, given.get("thoughts") or ()
    for name in GROWTHS.names():
        growth = GROWTHS.named(name) if budgets.get(name) else None
        for thought in getattr(growth, "WRITES", ()):
            if thought in thoughts:
                yield f"params.yaml: grow: `{name}` writes `{thought}`, which `thoughts` lists: drop one"
        if getattr(growth, "WITHOUT_GOLD", False) and not (given.get("curate") or {}).get("without_gold"):
            yield (
                f"params.yaml: grow: the problems of `{name}` have no gold answer, and none of their records "
                "is kept: set curate.without_gold"
            )
        if is_rewriting(growth):
            yield from _teacher_faults(name, given)


def _teacher_faults(name: str, given: Mapping[str, Any]) -> Iterator[str]:
    generating, growing = given.get("generate") or {}, given.get("grow") or {}
    if params.faults(generating, GenerateSettings, "") or params.faults(growing, GrowSettings, ""):
        return  # these are told where they are
    settings = params.validated(generating, GenerateSettings, "")
    try:
        chosen = writer(name, settings, params.validated(growing, GrowSettings, "").asking())
        yield from budget_faults(settings, given.get("thoughts") or (), {name: chosen})
    except ThoughtmillError as error:
        yield str(error)
        return
    if chosen.module == "embedded":
        yield f"params.yaml: grow: `{name}` needs a teacher that reads problems: set generate.teacher"


def is_rewriting(growth: object) -> bool:
    """Say whether a teacher writes the problems of a growth."""
    return hasattr(growth, "INSTRUCTION")


def parents_of_rewritings(
    problems: Iterable[tables.Row], records: Iterable[tables.Row], settings: GrowSettings
) -> dict[str, tuple[int, list[tuple[tables.Row, str | None]]]]:
    """Return for each growth that asks for problems how many, and of which parents or why not of one."""
    budgets = {name: n for name, n in settings.budgets.items() if is_rewriting(GROWTHS.named(name))}
    found: dict[str, tuple[int, list[tuple[tables.Row, str | None]]]] = {
        name: (number, []) for name, number in budgets.items()
    }
    for work in works(problems, records, budgets, settings.seed) if budgets else ():
        for name in work.budgets:
            found[name][1].append((dict(work.parent.problem), _unfit(work.parent, name)))
    return found


def _unfit(parent: Parent, name: str) -> str | None:
    """Return why a problem is not given to a teacher to write another one, or None."""
    if parent.problem["answer"] is None and not getattr(GROWTHS.named(name), "WITHOUT_GOLD", False):
        return "its answer is unknown"
    solved = any(record["predicted_answer"] is not None for record in parent.records.values())
    return None if solved else "it has no verified thought"


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


def write_grown(
    folder: Path, attempts: Iterable[Attempt], inherited: Inheritance, asking: Asking | None = None
) -> None:
    """Write the grown problems, their completions with those they inherit, and a row for each attempt.

    `asking` writes what growths and `generate.until` ask for; without it, nobody is asked.
    """
    with (
        tables.writer(folder / "problems.parquet", Problems) as add_problem,
        tables.writer(folder / "completions.parquet", Completions) as add_completion,
        tables.writer(folder / "rewritings.parquet", Completions) as add_rewriting,
        tables.writer(folder / "growths.parquet", Growths) as add_growth,
    ):

        def add(attempt: Attempt, rejection: str | None = None) -> None:
            problem = problem_of(attempt)
            about = attempt.parent if problem is None else problem
            if problem is not None:
                add_problem(problem if rejection is None else {**problem, "answer": None})
                for completion in inherited.of(problem["problem_id"], problem["parent_id"]):
                    add_completion(completion)
            for completion in completions_of(attempt, about["problem_id"]):
                add_completion(completion)
            add_growth(growth_of(attempt, problem, rejection))

        for completion in inherited.imported():
            add_completion(completion)
        asks: list[Attempt] = []
        for attempt in chain(attempts, asking.rewritings(add_rewriting) if asking else ()):
            if isinstance(attempt.made, Child) and attempt.made.asks:
                asks.append(attempt)
            else:
                add(attempt)
        if asking is not None:
            asking.copy_again(add_completion)
            rejected = asking.thoughts(asks, add_completion)
            for attempt in asks:
                add(attempt, rejected.get(id_of(attempt)))


def main() -> None:
    """Read the problems and their verified records, write `data/grown/`."""
    folder = root()
    data = folder / "data"
    settings = params.section("grow", GrowSettings)
    if found := list(faults(params.load())):
        raise ThoughtmillError("\n".join(found))
    solvers = params.section("verify", VerifySettings)
    generating = params.section("generate", GenerateSettings)
    inherit = tuple(thought for thought in generating.inherit if thought in params.thoughts())
    problems = tables.TableReader(data / "problems.parquet", Problems)
    with folder_aside(data / "grown") as part, TemporaryDirectory(prefix="grow-") as between:
        asking = Asking(data, Path(between), generating, settings.asking(), solvers)
        asking.again()
        records = asking.records()
        alone = {name: n for name, n in settings.budgets.items() if not is_rewriting(GROWTHS.named(name))}
        asking.parents = parents_of_rewritings(problems, records, settings)
        pool = executor(solvers, grow, lost)
        grown = track(works(problems, records, alone, settings.seed), "grow") if alone else ()
        inherited = inheritance(data, inherit, problems)
        write_grown(part, (attempt for made in pool.spread(grown) for attempt in made), inherited, asking)
        both = [problems.path, part / "problems.parquet"]
        verify_table("grown", part / "completions.parquet", both, part, solvers)
        for name, table in corpus.GROWN.items():
            path = part / f"{name}.parquet"
            if not len(tables.TableReader(path, TABLES[table])):
                path.unlink()  # a release has a config for every file
    asking.asker.asked.forget_earlier()
    for line in asking.remarks():
        say(line)


if __name__ == "__main__":
    stage.run(main)
