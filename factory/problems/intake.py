"""Make problems of the rows of problem sets, and refuse the others with the reason."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from typing import Any

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.families import text_id
from thoughtmill.factory.core.files import public
from thoughtmill.factory.core.rows import FileRow
from thoughtmill.factory.problems.fields import fields_of, own_id, problem_columns
from thoughtmill.factory.problems.sources import Fields, ProblemSet, SourceSettings, UnusableRow

SHOWN_FAULTS = 20

Row = dict[str, Any]


class Intake:
    """Makes problems of rows and refuses the others; its text counts these and shows the first."""

    def __init__(self, refuse: Callable[[Row], None]) -> None:
        self.refuse = refuse
        self.rows = self.refused = self.samples = 0
        self.faults: list[str] = []
        self.own_ids: set[bytes] = set()
        self.with_completions: set[bytes] = set()

    def __str__(self) -> str:
        more = f"; and {self.refused - SHOWN_FAULTS} more" if self.refused > SHOWN_FAULTS else ""
        return f"{self.refused} of {self.rows} rows cannot become problems: {'; '.join(self.faults)}{more}"

    def counts(self) -> Row:
        """Return how many rows there were so far, and how many of them were refused or are samples."""
        return {"rows": self.rows, "samples": self.samples, "refused": self.refused}

    def problems(
        self, source: SourceSettings, problem_set: ProblemSet, split: str, rows: Iterable[FileRow]
    ) -> Iterator[Row]:
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
                if self._is_sample(fields, columns, f"{name}-{split}"):
                    continue
                if own is not None:
                    self._know(problem_id)
            except UnusableRow as reason:
                self._refuse(name, split, position, row, str(reason))
                continue
            head = {"problem_id": problem_id, "source": name, "split": split, "license": license}
            yield head | columns
        if self.rows > before[0] and self.rows - before[0] == self.refused - before[1]:
            raise ThoughtmillError(f"seed: {name}, {split}: no row becomes a problem: {self}")

    def _is_sample(self, fields: Fields, columns: Row, where: str) -> bool:
        """Return whether an earlier row of a split has this problem, of which this row has more completions.

        A row with another gold answer is a problem of its own, so that the contradiction is seen.
        """
        if not fields.get("completions"):
            return False
        key = digest_of(f"{where}/{columns['answer']}/{text_id(columns['problem'])}")
        if key in self.with_completions:
            self.samples += 1
            return True
        self.with_completions.add(key)
        return False

    def _know(self, problem_id: str) -> None:
        """Note the id that a row names; `UnusableRow` if an earlier row has it."""
        digest = digest_of(problem_id)
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
                "place": public(row.place),
                "text": row.shown(),
                "reason": reason,
            }
        )


def digest_of(text: str) -> bytes:
    """Return 16 bytes that tell a text from all others of a corpus."""
    return blake2b(text.encode(), digest_size=16).digest()
