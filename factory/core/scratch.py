"""Databases for work that outgrows memory: on the disk, for as long as the work takes."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa

from thoughtmill.factory.core import params
from thoughtmill.factory.core.connections import connect

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DEFAULT = "1GB"
LIMIT = re.compile(r"([1-9][0-9]*) ?(MB|GB)")
LEAST_MB = 100
BATCH = 4_096


def faults(given: object) -> Iterator[str]:
    """Yield the fault of `memory_limit` in `params.yaml`, if it has one."""
    found = LIMIT.fullmatch(given) if isinstance(given, str) else None
    if found is None or int(found[1]) * (1_000 if found[2] == "GB" else 1) < LEAST_MB:
        yield f"params.yaml: memory_limit: give a size such as 600MB or 2GB, at least {LEAST_MB}MB"


def memory_limit() -> str:
    """Return how much memory the queries of a stage may take, as DuckDB reads it."""
    return str(params.single("memory_limit", DEFAULT, faults))


def bounded() -> dict[str, Any]:
    """Return the settings of a database that takes `memory_limit` at most; the rest is under `TMPDIR`.

    DuckDB makes the folder when it needs it, and removes it.
    """
    folder = Path(gettempdir()) / f"thoughtmill-{uuid4().hex}"
    return {"memory_limit": memory_limit(), "threads": 2, "temp_directory": str(folder)}


def words_of(error: Exception) -> str:
    """Return an error of DuckDB as one line; where memory or disk ran out, it says what to change."""
    said = " ".join(str(error).split())
    if said.startswith("Out of Memory Error") and "max_temp_directory_size" not in said:
        return (
            f"a query needs more memory than it may take; for a stage, params.yaml: memory_limit: "
            f"{memory_limit()} says how much: {said.partition(' Possible solutions:')[0]}"
        )
    if "No space left on device" in said or "max_temp_directory_size" in said:
        return (
            f"no space is left on a disk; what exceeds memory_limit is for a while in {gettempdir()}, "
            f"for which TMPDIR may name another folder: {said.partition(' Possible solutions:')[0]}"
        )
    return said


@contextmanager
def scratch() -> Iterator["DuckDBPyConnection"]:
    """Open an empty database in a temporary folder; what exceeds `memory_limit` is on the disk."""
    with TemporaryDirectory(prefix="thoughtmill-", ignore_cleanup_errors=True) as folder:
        limits = {**bounded(), "temp_directory": folder}
        with closing(connect(Path(folder) / "scratch.duckdb", **limits)) as con:
            yield con


def fill(con: "DuckDBPyConnection", name: str, schema: pa.Schema, rows: Iterable[Mapping[str, Any]]) -> None:
    """Create a table of these rows, which are read once and in flat memory."""
    con.register("batch", schema.empty_table())
    con.execute(f"create table {name} as select * from batch")
    source = iter(rows)
    while taken := list(islice(source, BATCH)):
        con.register("batch", pa.Table.from_pylist(taken, schema))
        con.execute(f"insert into {name} select * from batch")
    con.unregister("batch")


def run(con: "DuckDBPyConnection", script: str, **given: Any) -> None:
    """Run the statements of a script, which end in `;` and a new line; each gets the values that it names."""
    for statement in script.split(";\n"):
        con.execute(statement, {name: value for name, value in given.items() if f"${name}" in statement})


def stream(con: "DuckDBPyConnection", query: str, **given: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query in flat memory."""
    for batch in con.sql(query, params=given or None).to_arrow_reader(BATCH):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
