"""Placing: the split of every problem, and whether its text repeats another's, in bounded memory.

The problems are put in a temporary database, a row each with the digests of its text and n-grams. Queries
find families, duplicates and overlaps; what they need beyond their limit of memory is on the disk.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from hashlib import sha256
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
from pydantic import Field

from thoughtmill.factory.core.connections import connect
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.families import root_of, text_id
from thoughtmill.factory.problems.kept_out import OverlapSettings, digest, ngrams, words

Row = Mapping[str, Any]

MEMORY = "600MB"
BATCH = 4_096
DEEPEST = 1_000
"""Generations of a family; what is still unresolved then are problems that are made from each other."""

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
        "repeats": pa.bool_(),
    }
)


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
    problems: Iterable[Row], settings: PlacingSettings, repeats: Collection[str] = ()
) -> Iterator[Iterator[tuple[str, Placement]]]:
    """Yield (problem_id, placement) for every problem, in their order; they are read once.

    A problem that was made from another has the split of its family, and is dropped if its parent's text is.
    `repeats` are the problems that repeat a benchmark.
    """
    with TemporaryDirectory(prefix="thoughtmill-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "problems.duckdb"
        with closing(connect(path, memory_limit=MEMORY, threads=2, temp_directory=folder)) as con:
            try:
                _fill(con, problems, settings, repeats)
                _find_roots(con)
                _place(con, settings)
                _inherit(con)
                yield _placements(con)
            except duckdb.Error as error:
                raise ThoughtmillError(f"the problems cannot be placed: {error}") from error


def _fill(
    con: duckdb.DuckDBPyConnection,
    problems: Iterable[Row],
    settings: PlacingSettings,
    repeats: Collection[str],
) -> None:
    """Write the table `problem`."""
    con.register("batch", PROBLEMS.empty_table())
    con.execute("create table problem as select * from batch")
    rows = enumerate(problems)
    while taken := list(islice(rows, BATCH)):
        facts = [_facts(position, row, settings, repeats) for position, row in taken]
        con.register("batch", pa.Table.from_pylist(facts, PROBLEMS))
        con.execute("insert into problem select * from batch")
    con.unregister("batch")


def _facts(position: int, row: Row, settings: PlacingSettings, repeats: Collection[str]) -> dict[str, Any]:
    """Return the row of `problem` for a problem: names of its texts, and a draw for validation."""
    text = " ".join(words(row["problem"]))
    drawn = sha256(f"{settings.seed}/{text}".encode()).digest()[:8]
    return {
        **{name: row[name] for name in ("problem_id", "parent_id", "source", "split")},
        "position": position,
        "draw": int.from_bytes(drawn) / 2**64,
        "name": text_id(row["problem"]),
        "text": int.from_bytes(digest(row["problem"].split())),
        "grams": [int.from_bytes(gram) for gram in ngrams(row["problem"], settings.ngram)],
        "repeats": row["problem_id"] in repeats,
    }


PARENTS = """
create table parent as
select child.position, child.problem_id, coalesce(named.problem_id, child.parent_id) as parent
from problem child left join (
    select name, arg_min(problem_id, position) as problem_id from problem
    where name in (select parent_id from problem) group by name
) named on child.parent_id = named.name
where child.parent_id is not null
"""
"""The parent of every problem that has one; a text names the first problem of that text."""

STEP = """
update walk set root = parent.parent from parent where walk.root = parent.problem_id
"""
UNRESOLVED = "select count(*) from walk join parent on walk.root = parent.problem_id"


def _find_roots(con: duckdb.DuckDBPyConnection) -> None:
    """Write the table `walk`: the original that each child descends from, in the corpus or not, as `root`."""
    con.execute(PARENTS)
    con.execute("create table walk as select position, problem_id, parent as root from parent")
    for _ in range(DEEPEST):
        if not _count(con, UNRESOLVED):
            return
        con.execute(STEP)
    circles = "select walk.problem_id, parent.parent from walk join parent using (problem_id)"
    left = dict(con.execute(f"{circles} where walk.root in (select problem_id from parent)").fetchall())
    for problem_id in left:
        con.execute("update walk set root = ? where problem_id = ?", [root_of(problem_id, left), problem_id])


PLACE = """
create table own as
select position, problem_id, text, grams, repeats, case
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
select distinct unnest(grams) as gram from placed where split <> 'train';

create table overlap as
select position, count(*) as shared
from (select position, unnest(grams) as gram from placed where split = 'train')
semi join held_out using (gram)
group by position;

create table placement as
select position, problem_id, split, case
    when split = 'train' and (repeats or coalesce(shared, 0) >= $max_overlap * len(grams)) then 'contaminated'
    when row_number() over (partition by split = 'train', text order by position) > 1 then 'duplicate_problem'
    end as reason
from placed left join overlap using (position)
"""
"""`family`: the split of its root, or without it the first held-out split of its members."""


def _place(con: duckdb.DuckDBPyConnection, settings: PlacingSettings) -> None:
    """Write the table `placement`: split and reason of every problem by its own text."""
    for statement in PLACE.split(";\n"):
        given = {"share": settings.validation_share, "max_overlap": settings.max_overlap}
        used = {name: value for name, value in given.items() if f"${name}" in statement}
        con.execute(statement, used)


HEIRS = """
create table heir as
select position, problem_id as ancestor, reason from placement semi join parent using (position)
"""
INHERIT = """
create or replace table heir as
select heir.position, parent.parent as ancestor, placement.reason
from heir join parent on heir.ancestor = parent.problem_id
join placement on placement.problem_id = parent.parent
where heir.reason is null
"""
TAKE = """
update placement set reason = inherited.reason from inherited where placement.position = inherited.position
"""


def _inherit(con: duckdb.DuckDBPyConnection) -> None:
    """Give each child without a reason that of its nearest ancestor that has one by its own text."""
    con.execute(HEIRS)
    con.execute("create table inherited as select position, reason from heir limit 0")
    for _ in range(DEEPEST):
        con.execute(INHERIT)
        con.execute("insert into inherited select position, reason from heir where reason is not null")
        if not _count(con, "select count(*) from heir where reason is null"):
            break
    con.execute(TAKE)


def _count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0


def _placements(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Placement]]:
    rows = con.sql("select problem_id, split, reason from placement order by position")
    for batch in rows.to_arrow_reader(BATCH):
        for problem_id, split, reason in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield problem_id, Placement(split, reason)
