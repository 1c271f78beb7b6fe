"""Placing: the split of every problem, and whether its text repeats another's, in bounded memory.

The problems are put in a temporary database, a row each with the digests of its text and n-grams. Queries
find families, duplicates and overlaps; what they need beyond their limit of memory is on the disk.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
from pydantic import Field

from thoughtmill.factory.core.families import count, find_roots, named
from thoughtmill.factory.core.scratch import LEAST_MB, fill, run, scratch, stream
from thoughtmill.factory.problems.kept_out import OverlapSettings, digest, ngrams, words

Row = Mapping[str, Any]

PROBLEMS = pa.schema(
    {
        "position": pa.int64(),
        "problem_id": pa.string(),
        "parent_id": pa.string(),
        "source": pa.string(),
        "split": pa.string(),
        "draw": pa.float64(),
        "name": pa.string(),
        "text": pa.uint64(),
        "grams": pa.list_(pa.uint64()),
    }
)
REPEATS = pa.schema({"problem_id": pa.string()})


class PlacingSettings(OverlapSettings):
    """The settings of `curate` that decide on splits, duplicates and overlaps."""

    seed: int = 1
    validation_share: float = Field(
        0.0, ge=0, lt=1, description="share of train problems moved to validation, in sets that have none"
    )


class Placement(NamedTuple):
    """The split of a problem, and why its text has its records dropped, if it has; alike for all thoughts."""

    split: str
    drop_reason: str | None


@contextmanager
def placed(
    problems: Iterable[Row], settings: PlacingSettings, repeats: Iterable[str] = ()
) -> Iterator[Iterator[tuple[str, Placement]]]:
    """Yield (problem_id, placement) for every problem, in their order; they are read once.

    A problem that was made from another has the split of its family, and is dropped if its parent's text is.
    `repeats` are the problems that repeat a benchmark.
    """
    with scratch() as con:
        facts = (_facts(position, row, settings) for position, row in enumerate(problems))
        fill(con, "problem", PROBLEMS, facts)
        fill(con, "repeated", REPEATS, ({"problem_id": name} for name in repeats))
        find_roots(con)
        _place(con, settings)
        _inherit(con)
        con.execute(f"set memory_limit = '{LEAST_MB}MB'")  # the rest is for queries that run meanwhile
        yield _placements(con)


def _facts(position: int, row: Row, settings: PlacingSettings) -> dict[str, Any]:
    """Return the row of `problem` for a problem: names of its texts, and a draw for validation."""
    text = words(row["problem"])
    drawn = sha256(f"{settings.seed}/{' '.join(text)}".encode()).digest()[:8]
    return {
        **named(position, row),
        **{name: row[name] for name in ("source", "split")},
        "draw": int.from_bytes(drawn) / 2**64,
        "text": digest(row["problem"].split()),
        "grams": list(ngrams(text, settings.ngram)),
    }


PLACE = """
create table own as
select position, problem_id, text, len(grams) as grams, case
    when split = 'train' and draw < $share
        and source not in (select source from problem where split = 'validation') then 'validation'
    else split end as split
from problem;

create table family as
select walk.root, coalesce(any_value(founder.split),
    arg_min(own.split, own.position) filter (own.split <> 'train'), 'train') as split
from walk join own using (position) left join own founder on founder.problem_id = walk.root
group by walk.root;

create table placed as
select own.* exclude (split), coalesce(family.split, own.split) as split
from own left join walk using (position) left join family on family.root = walk.root;

create table held_out as
select distinct unnest(problem.grams) as gram from problem join placed using (position)
where placed.split <> 'train';

create table overlap as
select position, count(*) as shared
from (
    select position, unnest(problem.grams) as gram from problem join placed using (position)
    where placed.split = 'train'
)
semi join held_out using (gram)
group by position;

create table placement as
select position, problem_id, split, case
    when split = 'train' and (problem_id in (from repeated) or coalesce(shared, 0) >= $max_overlap * grams)
        then 'contaminated'
    when row_number() over (partition by split = 'train', text order by position) > 1 then 'duplicate_problem'
    end as reason
from placed left join overlap using (position)
"""
"""`family`: the split of its root, or without it the first held-out split of its members."""


def _place(con: duckdb.DuckDBPyConnection, settings: PlacingSettings) -> None:
    """Write the table `placement`: split and reason of every problem by its own text."""
    run(con, PLACE, share=settings.validation_share, max_overlap=settings.max_overlap)


HEIRS = """
create table heir as
select placement.problem_id, parent.parent as ancestor, placement.reason
from placement left join parent using (position)
where parent.position is not null or placement.problem_id in (select parent from parent)
"""
OPEN = """
select count(*) from heir join heir further on heir.ancestor = further.problem_id where heir.reason is null
"""
INHERIT = """
update heir set reason = further.reason, ancestor = further.ancestor from heir further
where heir.reason is null and heir.ancestor = further.problem_id
"""
TAKE = """
update placement set reason = heir.reason from heir
where placement.problem_id = heir.problem_id and placement.reason is null and heir.reason is not null
"""


def _inherit(con: duckdb.DuckDBPyConnection) -> None:
    """Give each child without a reason that of its nearest ancestor that has one by its own text.

    Each step doubles how far up a child has looked.
    """
    con.execute(HEIRS)
    while count(con, OPEN):
        con.execute(INHERIT)
    con.execute(TAKE)


def _placements(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Placement]]:
    for problem_id, *placement in stream(
        con, "select problem_id, split, reason from placement order by position"
    ):
        yield problem_id, Placement(*placement)
