"""The database file of a corpus: tables with keys, the slowest views as tables, the results of students."""

import shutil
from pathlib import Path

import duckdb

from thoughtmill.factory.core import corpus
from thoughtmill.factory.core.connections import connect
from thoughtmill.factory.core.files import aside

KEPT = (
    "verdicts", "answered", "agreement", "check_weights", "scores", "contradictory_golds", "cost", "teachers",
    "families",
)  # fmt: skip
"""The views whose rows are kept, each after those that it reads: they take seconds for a million records."""


def build(data: Path, thoughts: tuple[str, ...], target: Path, data_version: str) -> None:
    """Write the database of the Parquet files under `data` to `target`, as a whole."""
    with aside(target) as part:
        try:
            with connect(part, memory_limit="1GB", threads=2, preserve_insertion_order=False) as con:
                corpus.fill(con, data, thoughts, "table")
                for view in KEPT:
                    keep(con, view)
                con.execute("create table meta (key varchar primary key, value varchar)")
                con.execute("insert into meta values ('data_version', ?)", [data_version])
                con.execute("comment on table meta is 'One row per fact about this build.'")
        except duckdb.Error as error:
            raise corpus.as_error(error) from error


def keep(con: duckdb.DuckDBPyConnection, view: str) -> None:
    """Replace a view by a table of its rows, under its name and with its comment."""
    (comment,) = con.execute("select comment from duckdb_views() where view_name = ?", [view]).fetchone() or (
        "",
    )
    con.execute(f"create table kept as from {view}")
    con.execute(f"drop view {view}")
    con.execute(f"alter table kept rename to {view}")
    con.execute(f"comment on table {view} is {corpus.quoted(comment)}")


def add_runs(data: Path) -> None:
    """Copy what runs of students left into `corpus.duckdb`, where there is one, so that queries join both."""
    from thoughtmill.schemas import RUN_TABLES

    path = data / "corpus.duckdb"
    if not path.exists():
        return
    with aside(path) as part:
        shutil.copyfile(path, part)
        try:
            with connect(part) as con:
                for name in RUN_TABLES:
                    con.execute(f"delete from {name}")
                    paths = [str(path) for path in corpus.beside(data)[name]]
                    if paths:
                        con.execute(f"insert into {name} from read_parquet(?)", [paths])
        except duckdb.Error as error:
            raise corpus.as_error(error) from error
