"""Query the corpus in SQL: print the rows, write them to a file, or without a query ask for queries."""

import argparse
import csv
import io
import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb
from tabulate import tabulate

from thoughtmill.factory.core import corpus, params
from thoughtmill.factory.core.connections import connect
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import aside, root, text_of
from thoughtmill.factory.core.printable import fitted

FORMATS = ("table", "csv", "json")
WRITTEN = {
    ".parquet": "format parquet, compression zstd",
    ".csv": "format csv, header",
    ".jsonl": "format json",
}
WIDTH = 60
SHOWN_ROWS = 40
READING = ([duckdb.StatementType.SELECT], [duckdb.StatementType.EXPLAIN])


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the query, where it comes from, and where its rows go."""
    parser.add_argument(
        "query",
        nargs="?",
        help="for example: select * from agreement limit 5; default: ask for queries, or read standard input",
    )
    parser.add_argument("-f", "--file", help="read queries from a file")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write the rows to a new .parquet, .csv or .jsonl file"
    )
    form = parser.add_mutually_exclusive_group()
    for each in FORMATS[1:]:
        form.add_argument(
            f"--{each}", dest="form", action="store_const", const=each, help=f"print {each.upper()}"
        )
    form.add_argument("--all", action="store_true", help=f"print more than {SHOWN_ROWS} rows of a table")
    parser.add_argument(
        "--from",
        dest="source",
        help="another corpus: a .duckdb file, a folder, or hf://datasets/owner/name@revision, read there",
    )
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
    """Answer the query, or those of a file, or those that a person types."""
    with (
        tempfile.TemporaryDirectory(prefix="sql-") as kept,
        _opened(words.source, words.others, Path(kept)) as con,
    ):
        text = _asked(words)
        if text is None:
            from thoughtmill.factory.commands.shell import converse  # imports prompt_toolkit

            return converse(con)
        if words.output:
            return written(con, text, Path(words.output))
        most = None if words.all else SHOWN_ROWS
        queries = (words.query is None and statements(con, text)) or [text]
        return "\n\n".join(answered(con, query, words.form, most) for query in queries)


def _asked(words: argparse.Namespace) -> str | None:
    """Return the text of the queries; None when a person is to type them."""
    if words.query is not None and words.file is not None:
        raise ThoughtmillError("give a query or --file, not both")
    if words.file is not None:
        return text_of(Path(words.file), "give a file that holds queries")
    if words.query is None and sys.stdin.isatty():
        return None
    return _utf8(sys.stdin.read() if words.query is None else words.query)


def _utf8(text: str) -> str:
    """Return a text whose bytes were decoded in another encoding, as in the locale C."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeDecodeError as error:
        raise ThoughtmillError(f"the query is not UTF-8: {error}") from error


def _opened(source: str | None, others: list[str], kept: Path) -> duckdb.DuckDBPyConnection:
    """Return the corpus of this project or another one, with other versions as schemas."""
    if not others:
        return corpus.here() if source is None else corpus.open_corpus(source).con
    from thoughtmill.factory.commands.versions import attach, folder_of

    con = connect()
    data = root() / "data" if source is None else Path(source)
    corpus.fill(con, data, params.thoughts() if source is None else _thoughts(data), "view")
    for other in others:
        name, equals, version = other.partition("=")
        if not equals or not name.isidentifier():
            raise ThoughtmillError(f"--with {other}: write a name and a version, such as old=HEAD~1")
        attach(con, name, folder_of(version, root(), kept / name))
    return con


def _thoughts(data: Path) -> tuple[str, ...]:
    return corpus.asked_thoughts(corpus.read_manifest(data))


def statements(con: duckdb.DuckDBPyConnection, text: str) -> list[str]:
    """Return the queries in a text that separates them by semicolons."""
    try:
        return [statement.query for statement in con.extract_statements(text)]
    except duckdb.Error as error:
        raise corpus.as_error(error) from error


def written(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> str:
    """Write the rows of a query to a file, and return a line about it; the suffix says which format."""
    if path.suffix not in WRITTEN:
        raise ThoughtmillError(f"{path}: the suffix must be one of {', '.join(WRITTEN)}")
    with aside(path) as part:
        try:
            statement = reading(con, query)
            target = f"{corpus.quoted(str(part))} ({WRITTEN[path.suffix]})"
            (count,) = con.execute(
                f"copy ({statement.query.rstrip().rstrip(';')}\n) to {target}"
            ).fetchone() or (0,)
        except duckdb.Error as error:
            raise corpus.as_error(error) from error
    return f"{count:,} rows are in {path}"


def reading(con: duckdb.DuckDBPyConnection, query: str) -> duckdb.Statement:
    """Return the one statement of a query; a query that writes is refused."""
    found = con.extract_statements(query)
    if [statement.type for statement in found] not in READING:
        raise ThoughtmillError("`sql` answers a single query that only reads")
    return found[0]


def answered(
    con: duckdb.DuckDBPyConnection, query: str, form: str = "table", most: int | None = SHOWN_ROWS
) -> str:
    """Return the rows of a query as text in one of `FORMATS`.

    A table shows at most `most` rows and `WIDTH` characters a value; CSV and JSON hold everything. In a
    terminal that is too narrow for the table, each value has a line. A query that writes, or that DuckDB
    refuses, raises a `ThoughtmillError` with DuckDB's words.

    >>> print(answered(duckdb.connect(), "select 42 as answer, null as unknown"))
      answer  unknown
    --------  ---------
          42
    """
    try:
        done = con.execute(reading(con, query))
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
    text, left = fitted(text, names, shown), len(rows) - len(shown)
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
