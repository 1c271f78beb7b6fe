"""The section `samples`: records to read, good and rejected, drawn from all thoughts by a seed."""

import duckdb

from thoughtmill.factory.pages.markup import ReportSection, render
from thoughtmill.factory.pages.queries import Row, rows
from thoughtmill.factory.pages.yields import MEANINGS
from thoughtmill.schemas.fields import DROP_REASONS, FAILURES

SHOWN_CHARACTERS = 3000
"""How much of one text is shown: a teacher that never stops must not fill the page."""

DRAWN = """
with fates as (
    select
        record_id,
        thought,
        md5($seed || '/' || record_id) as draw,
        if($good, 'good', coalesce(failure, drop_reason)) as fate
    from records
    where (kept or drop_reason = 'held_out') = $good
), fanned as (
    select *, row_number() over (partition by thought, fate order by draw) as turn from fates
), ranked as (
    select record_id, row_number() over (partition by thought order by turn, draw) as place from fanned
), drawn as (
    select * from ranked where place <= $number
)
select r.*, v.outcome, p.problem, p.answer, c.completion
from drawn d
join records r using (record_id)
join verdicts v using (record_id)
join problems p on p.problem_id = r.problem_id
join completions c on c.completion_id = r.completion_id
order by d.place, r.thought
limit $number
"""
"""Take turns between thoughts, and among the rejected of a thought between the ways of being rejected."""


def samples(con: duckdb.DuckDBPyConnection, seed: int, number: int) -> ReportSection:
    """Return about `number` records, half of them good; `seed` chooses which."""
    good = draw(con, seed, number - number // 2, good=True)
    rejected = draw(con, seed, number // 2, good=False)
    groups = [("Good", good), ("Rejected", rejected)]
    return ReportSection("samples", "Samples", render("samples.html", groups=groups, limit=SHOWN_CHARACTERS))


def draw(con: duckdb.DuckDBPyConnection, seed: int, number: int, *, good: bool) -> list[Row]:
    """Return up to `number` records with problem, completion, verdict and failed checks.

    A good record is kept, or would be if its split were train.
    """
    found = rows(con, DRAWN, seed=str(seed), number=number, good=good)
    failed = rows(
        con,
        'select record_id, "check", detail from checks where not passed and list_contains($ids, record_id)'
        ' order by record_id, "check"',
        ids=[record["record_id"] for record in found],
    )
    for record in found:
        record["verdict"], record["reason"] = verdict(record)
        record["failed"] = [one for one in failed if one["record_id"] == record["record_id"]]
    return found


def verdict(record: Row) -> tuple[str, str]:
    """Return the verdict on a record in a word or two, and in a sentence.

    >>> verdict({"failure": None, "drop_reason": None, "outcome": "correct"})
    ('kept', 'its answer is the gold answer')
    """
    if record["failure"] is not None:
        return record["failure"], FAILURES[record["failure"]]
    if record["drop_reason"] is not None:
        return record["drop_reason"], DROP_REASONS[record["drop_reason"]]
    return "kept", MEANINGS[record["outcome"]]
