"""Stage `seed`: the rows of problem sets become the table `problems`."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import Field

from thoughtmill.factory.answers.number import canonical
from thoughtmill.factory.core import params, stage, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root
from thoughtmill.factory.core.params import Settings as Section
from thoughtmill.factory.core.progress import track
from thoughtmill.factory.problems import stories
from thoughtmill.factory.problems.sets import PROBLEM_SETS, Fields, ProblemSet
from thoughtmill.factory.problems.sources import rows_of_file, rows_of_hub
from thoughtmill.schemas import Problems
from thoughtmill.schemas.fields import SPLITS

SHOWN_FAULTS = 20


class Columns(Section):
    """Which columns of a `table` source hold what."""

    problem: str = "problem"
    answer: str = "answer"
    solution: str | None = None
    problem_id: str | None = None


class Source(Section):
    """One entry of `seed.sources`.

    `set` is a registered problem set. `file` (JSONL, JSON, CSV, Parquet) is read instead of the Hub, and must
    have the digest `sha256` where that is given. A set that comes as `table` needs a `name`, its `columns`,
    and a `file` or a `hub` name.
    """

    set: str
    name: str | None = None
    file: str | None = None
    sha256: str | None = None
    hub: str | None = None
    config: str | None = None
    revision: str | None = None
    split: str | None = None
    limit: int | None = Field(None, ge=1)
    license: str | None = None
    columns: Columns = Columns()


class Settings(Section):
    """The section `seed` of `params.yaml`."""

    sources: tuple[Source, ...] = Field((Source(set="embedded"),), min_length=1)
    embedded: stories.Settings = stories.Settings()


def seed(settings: Settings, folder: Path) -> Iterator[tables.Row]:
    """Yield the rows of `problems`, source by source.

    Relative files begin at `folder`. Broken rows of a source (no problem, an answer that is no number, a
    missing column) are one `ThoughtmillError` that names them all.
    """
    for source in settings.sources:
        if source.set == "embedded":
            yield from embedded(settings.embedded, source)
        elif source.set == "table":
            yield from _rows(source, _table(source), folder)
        elif source.set in PROBLEM_SETS:
            yield from _rows(source, PROBLEM_SETS[source.set], folder)
        else:
            known = ", ".join(("embedded", *PROBLEM_SETS, "table"))
            raise ThoughtmillError(f"params.yaml: seed: unknown set `{source.set}`; there are: {known}")


def embedded(settings: stories.Settings, source: Source) -> Iterator[tables.Row]:
    """Yield the problems that Thoughtmill writes itself, split by split."""
    counts = {split: getattr(settings, split) for split in SPLITS if hasattr(settings, split)}
    if source.split is not None and source.split not in counts:
        raise _no_split("embedded", source.split, counts)
    for split, most in counts.items():
        if source.split not in (None, split):
            continue
        count = most if source.limit is None else min(most, source.limit)
        for index, story in enumerate(stories.tell(split, count, settings.seed)):
            yield {
                "problem_id": f"embedded-{split}-{index}",
                "source": "embedded",
                "split": split,
                "problem": story.problem,
                "answer": story.answer,
                "solution": story.solution,
                "license": "MIT",
            }


def _table(source: Source) -> ProblemSet:
    """Return the problem set that an entry of the set `table` describes."""
    if source.name is None or (source.file is None) == (source.hub is None):
        raise ThoughtmillError("params.yaml: seed: a `table` needs `name:` and either `file:` or `hub:`")
    split = source.split or "train"
    if split not in SPLITS:
        raise _no_split(source.name, split, SPLITS)
    columns = source.columns

    def read(row: Fields) -> Fields:
        found = {"problem": row[columns.problem], "answer": row[columns.answer]}
        if columns.solution:
            found["solution"] = row[columns.solution]
        if columns.problem_id:
            found["id"] = row[columns.problem_id]
        return found

    return ProblemSet(read, source.hub or "", ((split, split),), "unstated")


def _rows(source: Source, problem_set: ProblemSet, folder: Path) -> Iterator[tables.Row]:
    name = source.name or source.set
    splits = [pair for pair in problem_set.splits if source.split in (None, pair[0])]
    if not splits or (source.split is not None and source.split not in SPLITS):
        raise _no_split(name, source.split, (ours for ours, _ in problem_set.splits))
    if source.file is not None:
        if len(splits) > 1:
            raise ThoughtmillError(
                f"params.yaml: seed: say with `split:` which split of {name} {source.file} is"
            )
        yield from _read(
            source, problem_set, name, splits[0][0], rows_of_file(folder / source.file, source.sha256)
        )
        return
    for ours, theirs in splits:
        hub_rows = rows_of_hub(
            problem_set.hub,
            source.config or problem_set.config,
            theirs,
            source.revision or problem_set.revision,
        )
        yield from _read(source, problem_set, name, ours, hub_rows)


def _no_split(name: str, split: str | None, known: Iterable[str]) -> ThoughtmillError:
    return ThoughtmillError(
        f"params.yaml: seed: {name} has no split `{split}`; there are: {', '.join(known)}"
    )


def _read(
    source: Source,
    problem_set: ProblemSet,
    name: str,
    split: str,
    places: Iterable[tuple[str, Fields]],
) -> Iterator[tables.Row]:
    faults: list[str] = []
    for index, (place, row) in enumerate(places):
        if index == source.limit:
            break
        try:
            found = problem_set.read(row)
        except KeyError as error:
            faults.append(f"{place}: no column {error}")
            continue
        problem, solution = str(found["problem"] or "").strip(), found.get("solution")
        answer = canonical(str(found["answer"]))
        if not problem:
            faults.append(f"{place}: the problem is empty")
        elif answer is None:
            faults.append(f"{place}: the answer {found['answer']!r} is no number")
        else:
            yield {
                "problem_id": f"{name}-{split}-{found.get('id', index)}",
                "source": name,
                "split": split,
                "problem": problem,
                "answer": answer,
                "solution": None if solution is None else str(solution),
                "license": source.license or problem_set.license,
            }
    if faults:
        more = f"; and {len(faults) - SHOWN_FAULTS} more" if len(faults) > SHOWN_FAULTS else ""
        raise ThoughtmillError(
            f"{name}: {len(faults)} broken rows: " + "; ".join(faults[:SHOWN_FAULTS]) + more
        )


def main() -> None:
    """Read `params.yaml`, write `data/problems.parquet`."""
    folder = root()
    settings = params.section("seed", Settings)
    rows = track(seed(settings, folder), "seed")
    tables.write(folder / "data" / "problems.parquet", Problems, rows)


if __name__ == "__main__":
    stage.run(main)
