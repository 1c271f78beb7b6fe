"""Slices: neighbouring problems with all that is about them, as a small corpus of its own views.

A query over each slice in turn costs the same for each problem, however many there are; over a whole corpus,
it would sort and join more than fits in memory.
"""

from itertools import pairwise
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


def opened(data: Path, thoughts: tuple[str, ...], part: Slice) -> duckdb.DuckDBPyConnection:
    """Return a slice with all tables and views; tables that name neither problems nor records are whole."""
    con = tables.connect()
    corpus.fill_from(con, {}, "view")
    for name, paths in {**corpus.files(data, thoughts), **corpus.beside(data)}.items():
        named = pq.read_schema(paths[0]).names if paths else ()
        column = next((column for column in ("problem_id", "record_id") if column in named), None)
        if paths:
            rows = f"read_parquet(?) where {part.holds(column) if column else 'true'}"
            con.execute(f'insert into "{name}" from {rows}', [[str(path) for path in paths]])
    return con
