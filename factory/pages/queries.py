"""Ask the corpus: rows of SQL as dictionaries, and the conditions that several sections share."""

from typing import Any

import duckdb

from thoughtmill.factory.core import corpus

Row = dict[str, Any]

VERIFIED = "(failure is null and correct is distinct from false)"
"""A record whose answer is the gold answer, or which passed and has no answer to compare (knowledge)."""


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
