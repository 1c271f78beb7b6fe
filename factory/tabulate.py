"""Stage `tabulate`: write all tables and views to a DuckDB file, and the data version to a manifest.

`data/corpus.duckdb` differs at each build, even with equal content. So the output of the stage is
`data/manifest.json`, and no stage reads the database.
"""

from pathlib import Path

import duckdb

from thoughtmill.factory.core import corpus, params, stage
from thoughtmill.factory.core.connections import connect
from thoughtmill.factory.core.files import aside, root, write_json


def tabulate(data: Path, thoughts: tuple[str, ...], target: Path) -> None:
    """Build the database of the Parquet files under `data` in a temporary file, and move it to `target`."""
    shown = corpus.manifest(data, thoughts)
    with aside(target) as part:
        try:
            with connect(part, memory_limit="1GB", threads=2) as con:
                corpus.fill(con, data, thoughts, "table")
                con.execute("create table meta (key varchar primary key, value varchar)")
                con.execute("insert into meta values ('data_version', ?)", [shown["data_version"]])
                con.execute("comment on table meta is 'One row per fact about this build.'")
        except duckdb.Error as error:
            raise corpus.as_error(error) from error
    write_json(data / "manifest.json", shown)


def main() -> None:
    """Read all tables, write `data/corpus.duckdb` and `data/manifest.json`."""
    data = root() / "data"
    tabulate(data, params.thoughts(), data / "corpus.duckdb")


if __name__ == "__main__":
    stage.run(main)
