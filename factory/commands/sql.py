"""Query the corpus in SQL and print the rows as a table, CSV or JSON."""

import argparse
import csv
import io
import json
import math
import tempfile
from pathlib import Path
from typing import Any

import duckdb
from tabulate import tabulate

from thoughtmill.factory.core import corpus, params
from thoughtmill.factory.core.connections import connect
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root

FORMATS = ("table", "csv", "json")
WIDTH = 60
SHOWN_ROWS = 40
READING = ([duckdb.StatementType.SELECT], [duckdb.StatementType.EXPLAIN])


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the query and the format of its rows."""
    parser.add_argument("query", help="for example: select * from agreement limit 5")
    form = parser.add_mutually_exclusive_group()
    for each in FORMATS[1:]:
        form.add_argument(
            f"--{each}", dest="form", action="store_const", const=each, help=f"print {each.upper()}"
        )
    form.add_argument("--all", action="store_true", help=f"print more than {SHOWN_ROWS} rows of a table")
    parser.add_argument(
        "--with",
        dest="others",
        action="append",
        default=[],
        metavar="NAME=VERSION",
        help="make another version a schema: a folder, owner/name@revision, or a git revision",
    )
    parser.set_defaults(form="table")


def call(words: argparse.Namespace) -> str:
    """Answer the query."""
    with tempfile.TemporaryDirectory(prefix="sql-") as kept, _opened(words.others, Path(kept)) as con:
        return answered(con, words.query, words.form, None if words.all else SHOWN_ROWS)


def _opened(others: list[str], kept: Path) -> duckdb.DuckDBPyConnection:
    """Return the corpus of this project, with other versions as schemas."""
    if not others:
        return corpus.here()
    from thoughtmill.factory.commands.versions import attach, folder_of

    con = connect()
    corpus.fill(con, root() / "data", params.thoughts(), "view")
    for other in others:
        name, equals, source = other.partition("=")
        if not equals or not name.isidentifier():
            raise ThoughtmillError(f"--with {other}: write a name and a version, such as old=HEAD~1")
        attach(con, name, folder_of(source, root(), kept / name))
    return con


def answered(
    con: duckdb.DuckDBPyConnection, query: str, form: str = "table", most: int | None = SHOWN_ROWS
) -> str:
    """Return the rows of a query as text in one of `FORMATS`.

    A table shows at most `most` rows and `WIDTH` characters a value; CSV and JSON hold everything. A query
    that writes, or that DuckDB refuses, raises a `ThoughtmillError` with DuckDB's words.

    >>> print(answered(duckdb.connect(), "select 42 as answer, null as unknown"))
      answer  unknown
    --------  ---------
          42
    """
    try:
        statements = con.extract_statements(query)
        if [statement.type for statement in statements] not in READING:
            raise ThoughtmillError("`sql` answers a single query that only reads")
        done = con.execute(statements[0])
        names = [column[0] for column in done.description or ()]
        rows = done.fetchall()
    except duckdb.Error as error:
        raise corpus.as_error(error) from error
    if form == "csv":
        return _csv(names, rows)
    if form == "json":
        found = [dict(zip(names, map(_in_json, row), strict=True)) for row in rows]
        return json.dumps(found, default=str, ensure_ascii=False)
    shown = [[_cut(value) for value in row] for row in rows[:most]]
    text = tabulate(
        shown, headers=names, disable_numparse=[i for i, _ in enumerate(names) if _texts(rows, i)]
    )
    left = len(rows) - len(shown)
    return f"{text}\n… {left:,} more rows; --all shows them" if left else text


def _in_json(value: Any) -> Any:
    """Return a value, or None for a number that JSON does not have."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _csv(names: list[str], rows: list[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\n")
    sheet.writerow(names)
    sheet.writerows(rows)
    return text.getvalue().rstrip("\n")


def _texts(rows: list[tuple[Any, ...]], index: int) -> bool:
    """Say whether a column holds text, so that `1/3` and `007` are shown as they are."""
    return any(isinstance(row[index], str) for row in rows)


def _cut(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    line = " ".join(value.split())
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
