"""Inherited thoughts: completions that are asked for once per family of problems, and handed down."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from thoughtmill.factory.core import corpus, tables
from thoughtmill.factory.core.families import heirs_of
from thoughtmill.schemas import Completions


def is_verified(record: tables.Row) -> bool:
    """Say whether nothing speaks against a record; a rule has no answer to compare."""
    return record["failure"] is None and record["correct"] is not False


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
                record["completion_id"] for record in corpus.verified(data, (thought,)) if is_verified(record)
            }
            completions = tables.TableReader(data / "completions" / f"{thought}.parquet", Completions)
            yield from (row for row in completions if row["completion_id"] in good)

    return Inheritance(rows(), heirs_of(problems) if thoughts else {})
