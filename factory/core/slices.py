"""Slices: neighbouring problems with all that is about them, as a small corpus of its own views.

A query over each slice in turn costs the same for each problem, however many there are; over a whole corpus,
it would sort and join more than fits in memory.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow.parquet as pq

from thoughtmill.factory.core import corpus, tables

# A cut has the same problems before it in both orders: `a` is before `a-1`, but `a-1/pot/0` before `a/pot/0`.
STARTS = """
with spans as (
    select problem_id, min(record_id) as first, max(record_id) as last, count(*) as records
    from records group by problem_id
),
walked as (
    select *, sum(records) over up_to as until, max(last) over before as last_before,
        max(problem_id) over before as problem_before, min(problem_id) over after as problem_after
    from spans
    window up_to as (order by first rows between unbounded preceding and current row),
        before as (order by first rows between unbounded preceding and 1 preceding),
        after as (order by first rows between current row and unbounded following)
)
select min(first), min(problem_after) from walked
where problem_before is null or (last_before < first and problem_before < problem_after)
group by until // $rows order by 1
"""


class Slice(NamedTuple):
    """The first record and problem of a slice, and those of the next one, if there is one."""

    record_id: str
    problem_id: str
    next_record_id: str | None
    next_problem_id: str | None

    def holds(self, column: str) -> str:
        """Return the SQL condition for the rows of this slice, by a column of identifiers."""
        low, high = getattr(self, column), getattr(self, f"next_{column}")
        upper = "" if high is None else f" and {column} < {corpus.quoted(high)}"
        return f"{column} >= {corpus.quoted(low)}{upper}"


def slices(con: duckdb.DuckDBPyConnection, rows: int) -> list[Slice]:
    """Return the slices of a corpus, each of about `rows` records.

    They are in the order of both their records and their problems.
    """
    starts = con.execute(STARTS, {"rows": rows}).fetchall()
    return [Slice(*start, *after) for start, after in pairwise([*starts, (None, None)])]


class SliceFile(NamedTuple):
    """A file of a table; its column of problems or records, if any, and the least and greatest in it."""

    table: str
    path: Path
    column: str | None
    low: str = ""
    high: str = ""

    def meets(self, part: Slice) -> bool:
        """Return whether the file may hold rows of a slice."""
        if self.column is None:
            return True
        low, high = getattr(part, self.column), getattr(part, f"next_{self.column}")
        return bool(low <= self.high and (high is None or self.low < high))


def sources(data: Path, thoughts: tuple[str, ...]) -> list[SliceFile]:
    """Return the files of a corpus that have rows."""
    found = {**corpus.files(data, thoughts), **corpus.beside(data)}
    return [source for name, paths in found.items() for path in paths for source in _file_of(name, path)]


def _file_of(table: str, path: Path) -> Iterator[SliceFile]:
    """Yield a file, unless it has no rows that a slice may hold."""
    names, shown = pq.read_schema(path).names, pq.read_metadata(path)
    column = next((column for column in ("problem_id", "record_id") if column in names), None)
    if column is None:
        yield SliceFile(table, path, None)
        return
    groups = (shown.row_group(number) for number in range(shown.num_row_groups))
    bounds = [group.column(names.index(column)).statistics for group in groups]
    if known := [each for each in bounds if each.has_min_max]:  # all else are without such a name
        yield SliceFile(table, path, column, min(each.min for each in known), max(each.max for each in known))


def opened(sources: Sequence[SliceFile], part: Slice) -> duckdb.DuckDBPyConnection:
    """Return a slice with all tables and views; tables that name neither problems nor records are whole.

    Only the files that meet the slice are read: there are more of them, the larger the corpus is.
    """
    con = tables.connect()
    corpus.fill_from(con, {}, "view", described=False)
    met = (source for source in sources if source.meets(part))
    for (name, column), files in groupby(met, key=lambda source: (source.table, source.column)):
        rows = f"read_parquet(?) where {part.holds(column) if column else 'true'}"
        con.execute(f'insert into "{name}" from {rows}', [[str(source.path) for source in files]])
    return con
