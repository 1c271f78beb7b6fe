"""Derive `duplicates`: `curate` says of problems and records that they repeat others; this says which."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from thoughtmill.factory.core import tables
from thoughtmill.factory.core.families import PARENTS, count, named
from thoughtmill.factory.core.partitions import parts
from thoughtmill.factory.core.scratch import fill, scratch, stream
from thoughtmill.factory.problems.kept_out import digest, ngrams, words
from thoughtmill.factory.solvers.steps import calculations

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PROBLEMS = pa.schema(
    {
        "position": pa.int64(),
        "problem_id": pa.string(),
        "parent_id": pa.string(),
        "split": pa.string(),
        "name": pa.string(),
        "text": pa.uint64(),
    }
)
GRAMS = pa.schema({"position": pa.int64(), "grams": pa.list_(pa.uint64())})

PLACED = """
create table placed as
with found as (
    select problem_id, any_value(split) as split, bool_or(drop_reason = 'contaminated') as contaminated
    from read_parquet($records) group by problem_id
)
select problem.* exclude (split), coalesce(found.split, problem.split) = 'train' as trained,
    coalesce(found.contaminated, false) as contaminated
from problem left join found using (problem_id)
"""
REPEATED = """
select problem_id, original from (
    select problem_id, first_value(problem_id) over (partition by trained, text order by position) as original
    from placed
) where problem_id <> original order by problem_id
"""
LOOKED_AT = """
create table looked_at as
select position, trained from placed where not trained or contaminated or problem_id in (
    select parent from parent join placed using (problem_id) where placed.contaminated
)
"""
ALIKE = """
create table alike as
with gram as (select position, unnest(grams) as gram from looked join looked_at using (position)),
held_out as (select gram.* from gram join looked_at using (position) where not trained),
pair as (
    select gram.position, held_out.position as other, count(*) as shared
    from gram join held_out using (gram) group by all
)
select placed.problem_id, arg_min(other, (-shared, other)) as other
from pair join placed using (position) group by placed.problem_id
"""
HELD_OUT = """
select duplicate, held_out.problem_id from (
    select placed.problem_id as duplicate, coalesce(own.other, of_parent.other) as other
    from placed left join parent using (problem_id)
    left join alike own on own.problem_id = placed.problem_id
    left join alike of_parent on of_parent.problem_id = parent.parent
    where contaminated
) join placed held_out on held_out.position = other order by all
"""

RECORDS = """
select problem_id, thought, record_id, rationale, drop_reason from read_parquet($records)
where failure is null and correct is not false and rationale is not null and (problem_id, thought) in (
    select (problem_id, thought) from read_parquet($records)
    where drop_reason in ('duplicate_rationale', 'same_calculations')
)
order by problem_id, thought, sample
"""


def duplicates(problems: Iterable[tables.Row], records: Path, ngram: int) -> Iterator[tables.Row]:
    """Yield a row for every problem and record that repeats another one; `problems` is read twice.

    `ngram` is `curate.ngram`: the words in a row that are compared with held-out problems.
    """
    files = [str(part) for part in parts(records)]
    with scratch() as con:
        fill(con, "problem", PROBLEMS, (_facts(*each) for each in enumerate(problems)))
        con.execute(PLACED, {"records": files})
        for problem_id, original in stream(con, REPEATED):
            yield _row("problem", problem_id, original, problem_id, original)
        if count(con, "select count(*) from placed where contaminated"):
            _look(con, problems, ngram)
            for problem_id, original in stream(con, HELD_OUT):
                yield _row("held_out", problem_id, original, problem_id, original)
    yield from _records(files)


def _row(kind: str, duplicate: str, original: str, problem: str, original_problem: str) -> tables.Row:
    return {
        "kind": kind,
        "duplicate_id": duplicate,
        "original_id": original,
        "problem_id": problem,
        "original_problem_id": original_problem,
    }


def _facts(position: int, problem: tables.Row) -> tables.Row:
    text = digest(problem["problem"].split())
    return {**named(position, problem), "split": problem["split"], "text": text}


def _look(con: "DuckDBPyConnection", problems: Iterable[tables.Row], ngram: int) -> None:
    """Write the table `alike`: the held-out problem that shares most n-grams with a problem, if any does.

    A child of a contaminated problem shares none itself, perhaps: then its parent is looked at.
    """
    con.execute(PARENTS)
    con.execute(LOOKED_AT)
    with con.cursor() as reading:  # `con` writes meanwhile
        positions = stream(reading, "select position from looked_at order by position")
        wanted = tables.in_step((int(position), position) for (position,) in positions)
        texts = ((at, problem["problem"]) for at, problem in enumerate(problems) if wanted(at))
        grams = ({"position": at, "grams": list(ngrams(words(text), ngram))} for at, text in texts)
        fill(con, "looked", GRAMS, grams)
    con.execute(ALIKE)


def _records(files: list[str]) -> Iterator[tables.Row]:
    """Yield records that say what an earlier sample of their problem and thought says."""
    with tables.connect() as con:
        rows = stream(con, RECORDS, records=files)
        for (problem_id, _), group in groupby(rows, key=lambda row: row[:2]):
            said: dict[tuple[str, ...], str] = {}
            for _, _, record_id, rationale, reason in group:
                if said.setdefault((rationale,), record_id) != record_id and reason == "duplicate_rationale":
                    yield _row("rationale", record_id, said[rationale,], problem_id, problem_id)
                elif reason in {None, "held_out", "same_calculations"}:
                    original = said.setdefault(("calculations", *calculations(rationale)), record_id)
                    if reason == "same_calculations":
                        yield _row("calculations", record_id, original, problem_id, problem_id)
