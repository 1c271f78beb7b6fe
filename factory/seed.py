"""Stage `seed`: the rows of problem sets become the table `problems`."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from thoughtmill.factory.answers import answer_of
from thoughtmill.factory.core import params, stage, tables
from thoughtmill.factory.core.errors import ThoughtmillError, nearest
from thoughtmill.factory.core.files import root
from thoughtmill.factory.core.params import Section
from thoughtmill.factory.core.progress import track
from thoughtmill.factory.problems import PROBLEM_SETS, Fields, ProblemSet, SourceSettings, chosen
from thoughtmill.factory.problems.sources import rows_by_split
from thoughtmill.schemas import Problems

SHOWN_FAULTS = 20


class SeedSettings(Section, extra="allow"):
    """The section `seed` of `params.yaml`: sources, and options of problem sets under their names."""

    sources: tuple[SourceSettings, ...] = Field((SourceSettings(set="embedded"),), min_length=1)

    @model_validator(mode="after")
    def _know_every_key(self) -> Self:
        for name in self.model_extra or {}:
            if name not in PROBLEM_SETS:
                known = (*type(self).model_fields, *PROBLEM_SETS.names())
                raise ValueError(f"`{name}` is an unknown key{nearest(name, known)}")
            self.options(name)
        return self

    @model_validator(mode="after")
    def _take_a_source_once(self) -> Self:
        if twice := params.repeated(self.sources):
            raise ValueError(f"`sources`: `{twice.set}` is listed twice")
        return self

    def options(self, name: str) -> Any:
        """Return the options of a problem set as its model; None for a set without options."""
        model = getattr(PROBLEM_SETS.named(name), "options", None)
        given = (self.model_extra or {}).get(name) or {}  # a section may be left empty
        if model is None and given:
            raise ValueError(f"`{name}`: this set has no options")
        return model and params.validated(given, model, f"params.yaml: seed: {name}")


def seed(settings: SeedSettings, folder: Path) -> Iterator[tables.Row]:
    """Yield the rows of `problems`, source by source.

    Relative paths begin at `folder`. A `ThoughtmillError` names all broken rows of a split: no problem, an
    answer that is not of the set's kind, a missing column.
    """
    for source in settings.sources:
        problem_set = chosen(source)
        options = settings.options(source.set)
        for split, places in rows_by_split(source, problem_set, options, folder):
            yield from _problems(source, problem_set, split, islice(places, source.limit))


def _problems(
    source: SourceSettings, problem_set: ProblemSet, split: str, places: Iterable[tuple[str, Fields]]
) -> Iterator[tables.Row]:
    name = source.name or source.set
    faults: list[str] = []
    for index, (place, row) in enumerate(places):
        try:
            found = problem_set.read(row)
        except KeyError as error:
            faults.append(f"{place}: no column {error}")
            continue
        problem, solution = str(found["problem"] or "").strip(), found.get("solution")
        answer = answer_of(str(found["answer"]), problem_set.answer_kinds)
        if not problem:
            faults.append(f"{place}: the problem is empty")
        elif answer is None:
            faults.append(
                f"{place}: the answer {found['answer']!r} is not a {' or '.join(problem_set.answer_kinds)}"
            )
        else:
            yield {
                "problem_id": f"{name}-{split}-{found.get('id', index)}",
                "source": name,
                "split": split,
                "problem": problem,
                "answer": answer.text,
                "answer_kind": answer.kind,
                "subject": _text(found.get("subject")),
                "level": _text(found.get("level")),
                "solution": _text(solution),
                "license": source.license or problem_set.license,
                "parent_id": None,
                "growth": None,
            }
    if faults:
        more = f"; and {len(faults) - SHOWN_FAULTS} more" if len(faults) > SHOWN_FAULTS else ""
        raise ThoughtmillError(
            f"{name}: {len(faults)} broken rows: " + "; ".join(faults[:SHOWN_FAULTS]) + more
        )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def main() -> None:
    """Read `params.yaml`, write `data/problems.parquet`."""
    folder = root()
    settings = params.section("seed", SeedSettings)
    rows = track(seed(settings, folder), "seed")
    tables.write(folder / "data" / "problems.parquet", Problems, rows)


if __name__ == "__main__":
    stage.run(main)
