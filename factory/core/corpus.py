"""The corpus in DuckDB: the tables and views of one data version, over Parquet or in a file of their own."""

import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb

from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest, existing, root
from thoughtmill.factory.core.tables import Source
from thoughtmill.schemas import TABLES, Table, columns, grain

VIEWS = Path(__file__).with_name("views.sql")


def files(data: Path, thoughts: tuple[str, ...]) -> dict[str, list[Path]]:
    """Return the Parquet files that hold each table, in a fixed order."""
    return {
        name: [data / "completions" / f"{thought}.parquet" for thought in sorted(thoughts)]
        if name == "completions"
        else [data / f"{name}.parquet"]
        for name in TABLES
    }


def manifest(data: Path, thoughts: tuple[str, ...]) -> dict[str, Any]:
    """Return which exact data this is: rows and SHA-256 of every file, one `data_version` over them all."""
    shown = {
        path.relative_to(data).as_posix(): {"rows": len(Source(path, TABLES[name])), "sha256": digest(path)}
        for name, paths in files(data, thoughts).items()
        for path in paths
    }
    return {"data_version": version(shown), "files": shown}


def version(files: dict[str, Any]) -> str:
    """Return the `data_version` of tables whose rows and SHA-256 a manifest names."""
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def fill(con: duckdb.DuckDBPyConnection, data: Path, thoughts: tuple[str, ...], kind: str) -> None:
    """Make every table, its comments and the views in a database; `kind` is `table` or `view`.

    As views they read the Parquet files where they lie; as tables they are copied.
    """
    for name, paths in files(data, thoughts).items():
        for path in paths:
            existing(path, "run `dvc repro` to build it")
        con.from_parquet([str(path) for path in paths]).create_view("incoming", replace=True)
        if kind == "view":
            con.from_parquet([str(path) for path in paths]).create_view(name, replace=True)
        else:
            con.execute(f'create table "{name}" as select * from incoming')
        _comment(con, kind, name, TABLES[name])
    con.execute("drop view incoming")
    con.execute(VIEWS.read_text("utf-8"))


def _comment(con: duckdb.DuckDBPyConnection, kind: str, name: str, table: Table) -> None:
    """Carry the docstring and the column descriptions of a schema into the database."""
    con.execute(f'comment on {kind} "{name}" is {_quoted(grain(table))}')
    for column in columns(table):
        con.execute(f'comment on column "{name}"."{column.name}" is {_quoted(column.description)}')


def opened(data: Path, thoughts: tuple[str, ...]) -> duckdb.DuckDBPyConnection:
    """Return a read-only view of the corpus: `data/corpus.duckdb`, or the Parquet files when it is stale.

    The file is stale when it is missing, broken, or of another data version than the manifest names.
    """
    path, wanted = data / "corpus.duckdb", data / "manifest.json"
    if not path.exists() and not wanted.exists():
        raise ThoughtmillError(f"{data} holds no corpus: run `dvc repro` to build it")
    try:
        con = duckdb.connect(str(path), read_only=True)
        built = con.execute("select value from meta where key = 'data_version'").fetchone()
        if not wanted.exists() or built == (json.loads(wanted.read_text("utf-8"))["data_version"],):
            return con  # without a manifest the stage that writes both is running
        con.close()
    except (duckdb.Error, ValueError):
        pass  # no database, or a broken one: the tables themselves answer
    con = duckdb.connect()
    try:
        fill(con, data, thoughts, "view")
    except duckdb.Error as error:
        raise as_error(error) from error
    return con


def here() -> duckdb.DuckDBPyConnection:
    """Return the corpus of the project that the current folder is in."""
    return opened(root() / "data", params.thoughts())


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def as_error(error: duckdb.Error) -> ThoughtmillError:
    """Return an error of DuckDB as one line for people."""
    return ThoughtmillError(" ".join(str(error).split()))
