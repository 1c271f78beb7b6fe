"""Stage `seed`: the rows of problem sets become the table `problems`, or `refused` with the reason."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from thoughtmill.factory.core import params, stage, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import public, root
from thoughtmill.factory.core.printable import say
from thoughtmill.factory.core.progress import track
from thoughtmill.factory.core.rows.hub import origin_of
from thoughtmill.factory.problems import PROBLEM_SETS, ProblemSet, SourceSettings, chosen
from thoughtmill.factory.problems.intake import Intake
from thoughtmill.factory.problems.settings import SeedSettings
from thoughtmill.factory.problems.sources import rows_by_split
from thoughtmill.schemas import Problems, Refused, Sources

__all__ = ["SeedSettings", "seed"]


Take = Callable[[tables.Row], None]


def faults(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sources that no row can be read from as they are written; `given` is all of `params.yaml`."""
    section = given.get("seed") or {}
    if params.faults(section, SeedSettings, ""):
        return
    settings = params.validated(section, SeedSettings, "")
    for source in settings.sources:
        if source.set not in PROBLEM_SETS:
            continue
        try:  # the first split is chosen; `rows`, which may compute at once, is not called
            next(rows_by_split(source, replace(chosen(source), rows=None), None, Path()))
        except ThoughtmillError as error:
            yield str(error)


def seed(
    settings: SeedSettings, folder: Path, refuse: Take, note: Take | None = None
) -> Iterator[tables.Row]:
    """Yield the rows of `problems`, source by source.

    Rows of the table `refused` go to `refuse`, and those of `sources` to `note`.
    Relative paths begin at `folder`. A file that has no rows, lacks a column or cannot be read is a
    `ThoughtmillError`. So are all refused rows together, unless the settings keep them.
    """
    intake = Intake(refuse)
    for entry in settings.sources:
        problem_set = chosen(entry)
        source = located(entry, problem_set)
        options = settings.options(source.set)
        for split, rows in rows_by_split(source, problem_set, options, folder):
            before = intake.counts()
            yield from intake.problems(source, problem_set, split, islice(rows, source.limit))
            if note and (problem_set.rows is None or source.file is not None):
                note(_origin(source, problem_set, split) | _less(intake.counts(), before))
    if not intake.rows:
        raise ThoughtmillError("params.yaml: seed: no source has a row")
    if intake.refused and settings.refused == "stop":
        raise ThoughtmillError(
            f"seed: {intake}; mend them, or write `refused: keep` under `seed` in params.yaml: "
            "they then go to the table `refused`, and the others become problems"
        )
    if intake.refused:
        say(f"note: seed: {intake}; the table `refused` has them")


def located(source: SourceSettings, problem_set: ProblemSet) -> SourceSettings:
    """Return a source of the Hub with its commit and the licence of its card, which are asked for first."""
    hub = source.hub or problem_set.hub
    if source.file is not None or hub is None:
        return source
    found = origin_of(hub, source.revision or problem_set.revision)
    license = source.license or found.license or problem_set.license
    return source.model_copy(update={"revision": found.revision, "license": license})


def _origin(source: SourceSettings, problem_set: ProblemSet, split: str) -> tables.Row:
    """Return where the rows of a source came from, as columns of `sources`."""
    files = () if source.file is None else (source.file,) if isinstance(source.file, str) else source.file
    return {
        "source": source.name or source.set,
        "split": split,
        "place": ", ".join(map(public, files)) or source.hub or problem_set.hub,
        "revision": None if files else source.revision,
        "license": source.license or problem_set.license,
    }


def _less(counts: tables.Row, before: tables.Row) -> tables.Row:
    return {name: count - before[name] for name, count in counts.items()}


def main() -> None:
    """Read `params.yaml`, write the tables `problems`, `refused` and `sources` into `data/`."""
    folder = root()
    data, settings = folder / "data", params.section("seed", SeedSettings)
    with (
        tables.writer(data / "refused.parquet", Refused) as refuse,
        tables.writer(data / "sources.parquet", Sources) as note,
    ):
        rows = track(seed(settings, folder, refuse, note), "seed")
        tables.write(data / "problems.parquet", Problems, rows)


if __name__ == "__main__":
    stage.run(main)
