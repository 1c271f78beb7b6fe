"""Stored completions on disk, found by their problem, thought and sample, and which of them were replayed.

>>> store = CompletionStore()
>>> store.add(ReplayLine(problem_id="p", thought="cot", completion="4", model="m"), "a.jsonl, line 1")
>>> store.find(["p"], "cot", 0).completion, store.count(["p"], "cot"), store.find(["p"], "pot", 0)
('4', 1, None)
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import pydantic

from thoughtmill.factory.core.errors import ThoughtmillError

TABLE = """
create table lines (
    problem text, thought text, sample integer, place text, line text, replayed integer default 0,
    primary key (problem, thought, sample)
) without rowid
"""


class ReplayLine(pydantic.BaseModel, extra="ignore", frozen=True):
    """One stored completion, with what is known of how it was bought; a `sample` of None is the next one.

    `prompt` is the text or the messages that the model was asked with, the problem among them.
    """

    problem_id: str
    thought: str
    sample: pydantic.NonNegativeInt | None = None
    completion: str
    model: str
    reasoning: str | None = None
    finish_reason: str | None = None
    prompt: str | tuple[dict[str, str], ...] | None = None
    prompt_tokens: pydantic.NonNegativeInt | None = None
    cached_tokens: pydantic.NonNegativeInt | None = None
    completion_tokens: pydantic.NonNegativeInt | None = None
    reasoning_tokens: pydantic.NonNegativeInt | None = None
    cost_usd: pydantic.NonNegativeFloat | None = None
    latency_s: pydantic.NonNegativeFloat | None = None


class CompletionStore:
    """Lines in a temporary file, so that memory is flat; SQLite deletes the file when the store is closed."""

    def __init__(self) -> None:
        self.con = sqlite3.connect("")
        self.con.execute(TABLE)

    def add(self, line: ReplayLine, place: str, once: bool = False) -> None:
        """Keep a line; a second line for the same completion is an error that names both places.

        With `once`, a line that only repeats an earlier one is passed over.
        """
        if once and self._holds(line):
            return
        key: tuple[Any, ...] = (line.problem_id, line.thought)
        sample = self.count([line.problem_id], line.thought) if line.sample is None else line.sample
        row = (*key, sample, place, line.model_dump_json(exclude_none=True))
        try:
            self.con.execute("insert into lines values (?, ?, ?, ?, ?, 0)", row)
        except sqlite3.IntegrityError as error:
            where = "select place from lines where problem = ? and thought = ? and sample = ?"
            (first,) = self.con.execute(where, (*key, sample)).fetchone()
            name = "/".join(map(str, (*key, sample)))
            raise ThoughtmillError(f"{place}: {name} is in {first} already; delete one of the two") from error

    def _holds(self, line: ReplayLine) -> bool:
        query = "select 1 from lines where problem = ? and thought = ? and line = ?"
        row = (line.problem_id, line.thought, line.model_dump_json(exclude_none=True))
        return self.con.execute(query, row).fetchone() is not None

    def find(self, problems: Sequence[str], thought: str, sample: int) -> ReplayLine | None:
        """Return the line of a completion, and note that it is replayed; a problem may have several names."""
        for problem in problems:
            key = (problem, thought, sample)
            where = "problem = ? and thought = ? and sample = ?"
            query = f"update lines set replayed = 1 where {where} returning line"
            if (found := self.con.execute(query, key).fetchone()) is not None:
                return ReplayLine.model_validate_json(found[0])
        return None

    def count(self, problems: Sequence[str], thought: str) -> int:
        """Return how many samples of a thought there are for a problem: the highest number, and one."""
        query = "select coalesce(max(sample) + 1, 0) from lines where problem = ? and thought = ?"
        return max(int(self.con.execute(query, (name, thought)).fetchone()[0]) for name in problems)

    def counts(self, thought: str) -> tuple[int, int]:
        """Return how many lines of a thought there are, and how many of them nobody asked for."""
        query = "select count(*), count(*) filter (where not replayed) from lines where thought = ?"
        lines, left = self.con.execute(query, (thought,)).fetchone()
        return int(lines), int(left)

    def left(self, thought: str) -> Iterator[tuple[str, ReplayLine]]:
        """Yield each line of a thought that nobody asked for, with its place."""
        query = "select place, line from lines where thought = ? and not replayed order by 1, 2"
        for place, line in self.con.execute(query, (thought,)):
            yield place, ReplayLine.model_validate_json(line)
