"""Query the corpus: rows as dictionaries, and the queries that several pages and `summary` share."""

from typing import Any

import duckdb

from thoughtmill.factory.core import corpus

Row = dict[str, Any]

SPLITS = """
select
    p.source,
    coalesce(r.split, p.split) as split,
    p.license,
    count(distinct p.problem_id) as problems,
    count(r.record_id) as records,
    count(r.record_id) filter (v.verified) as verified,
    count(r.record_id) filter (r.kept) as kept
from problems p left join records r using (problem_id) left join verdicts v using (record_id)
group by all
order by all
"""
"""One row per problem set and split."""

THOUGHTS = """
select
    thought,
    count(*) as records,
    count(*) filter (verified) as verified,
    count(*) filter (kept) as kept,
    count(failure) as failures,
    round(avg(verified::integer), 4) as verified_share
from records join verdicts using (record_id) group by thought order by thought
"""
"""One row per thought."""

LEVELS = """
select answers, agreeing, count(*) as problems, count(*) filter (agreed_correct) as correct
from agreement group by answers, agreeing order by agreeing desc, answers
"""
"""One row per number of thoughts with an answer and number of thoughts that agree."""


def rows(con: duckdb.DuckDBPyConnection, sql: str, **parameters: object) -> list[Row]:
    """Return the rows of a query, each a dictionary in the order of its columns.

    >>> rows(duckdb.connect(), "select $side * 2 as both", side=4)
    [{'both': 8}]
    """
    try:
        found = con.execute(sql, parameters or None)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    except duckdb.Error as error:
        raise corpus.as_error(error) from error


def row(con: duckdb.DuckDBPyConnection, sql: str, **parameters: object) -> Row:
    """Return the one row of a query."""
    (only,) = rows(con, sql, **parameters)
    return only
