"""Stage `seed`: the rows of problem sets become the table `problems`, or `refused` with the reason."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from thoughtmill.factory.core import params, stage, tables
from thoughtmill.factory.core.errors import ThoughtmillError, nearest
from thoughtmill.factory.core.files import root
from thoughtmill.factory.core.params import Section
from thoughtmill.factory.core.printable import for_terminal
from thoughtmill.factory.core.progress import track
from thoughtmill.factory.core.rows import FileRow
from thoughtmill.factory.problems import PROBLEM_SETS, ProblemSet, SourceSettings, chosen
from thoughtmill.factory.problems.fields import fields_of, own_id, problem_columns
from thoughtmill.factory.problems.sources import UnusableRow, rows_by_split
from thoughtmill.schemas import Problems, Refused

SHOWN_FAULTS = 20


class SeedSettings(Section, extra="allow"):
    """The section `seed` of `params.yaml`: sources, and options of problem sets under their names."""

    sources: tuple[SourceSettings, ...] = Field((SourceSettings(set="embedded"),), min_length=1)
    refused: Literal["stop", "keep"] = Field(
        "stop", description="rows that cannot become problems are an error, or rows of the table `refused`"
    )

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


def seed(settings: SeedSettings, folder: Path, refuse: Callable[[tables.Row], None]) -> Iterator[tables.Row]:
    """Yield the rows of `problems`, source by source, and pass each row of `refused` to `refuse`.

    Relative paths begin at `folder`. A file that has no rows, lacks a column or cannot be read is a
    `ThoughtmillError`. So are all refused rows together, unless the settings keep them.
    """
    intake = Intake(refuse)
    for source in settings.sources:
        problem_set = chosen(source)
        options = settings.options(source.set)
        for split, rows in rows_by_split(source, problem_set, options, folder):
            yield from intake.problems(source, problem_set, split, islice(rows, source.limit))
    if not intake.rows:
        raise ThoughtmillError("params.yaml: seed: no source has a row")
    if intake.refused and settings.refused == "stop":
        raise ThoughtmillError(
            f"seed: {intake}; mend them, or write `refused: keep` under `seed` in params.yaml: "
            "they then go to the table `refused`, and the others become problems"
        )
    if intake.refused:
        print(for_terminal(f"note: seed: {intake}; the table `refused` has them"), file=sys.stderr)


class Intake:
    """Makes problems of rows and refuses the others; its text counts these and shows the first."""

    def __init__(self, refuse: Callable[[tables.Row], None]) -> None:
        self.refuse = refuse
        self.rows = self.refused = 0
        self.faults: list[str] = []
        self.own_ids: set[bytes] = set()

    def __str__(self) -> str:
        more = f"; and {self.refused - SHOWN_FAULTS} more" if self.refused > SHOWN_FAULTS else ""
        return f"{self.refused} of {self.rows} rows cannot become problems: {'; '.join(self.faults)}{more}"

    def problems(
        self, source: SourceSettings, problem_set: ProblemSet, split: str, rows: Iterable[FileRow]
    ) -> Iterator[tables.Row]:
        """Yield a problem for each row of a split that can become one."""
        name, license = source.name or source.set, source.license or problem_set.license
        kinds, before = source.answer_kinds or problem_set.answer_kinds, (self.rows, self.refused)
        indices: Counter[str | None] = Counter()
        for position, row in enumerate(rows):
            self.rows += 1
            index = indices[row.part]
            indices[row.part] += 1
            try:
                fields = fields_of(row, problem_set)
                own = own_id(fields)
                number = own or str(index)
                problem_id = f"{name}-{split}-{number if row.part is None else f'{row.part}-{number}'}"
                columns = problem_columns(fields, kinds)
                if own is not None:
                    self._know(problem_id)
            except UnusableRow as reason:
                self._refuse(name, split, position, row, str(reason))
                continue
            head = {"problem_id": problem_id, "source": name, "split": split, "license": license}
            yield head | columns
        if self.rows > before[0] and self.rows - before[0] == self.refused - before[1]:
            raise ThoughtmillError(f"seed: {name}, {split}: no row becomes a problem: {self}")

    def _know(self, problem_id: str) -> None:
        """Note the id that a row names; `UnusableRow` if an earlier row has it."""
        digest = blake2b(problem_id.encode(), digest_size=16).digest()
        if digest in self.own_ids:
            raise UnusableRow(f"an earlier row has the id `{problem_id}`")
        self.own_ids.add(digest)

    def _refuse(self, name: str, split: str, position: int, row: FileRow, reason: str) -> None:
        self.refused += 1
        if self.refused <= SHOWN_FAULTS:
            self.faults.append(f"{row.place}: {reason}")
        self.refuse(
            {
                "source": name,
                "split": split,
                "position": position,
                "place": row.place,
                "text": row.shown(),
                "reason": reason,
            }
        )


def main() -> None:
    """Read `params.yaml`, write `data/problems.parquet` and `data/refused.parquet`."""
    folder = root()
    settings = params.section("seed", SeedSettings)
    with tables.writer(folder / "data" / "refused.parquet", Refused) as refuse:
        rows = track(seed(settings, folder, refuse), "seed")
        tables.write(folder / "data" / "problems.parquet", Problems, rows)


if __name__ == "__main__":
    stage.run(main)
