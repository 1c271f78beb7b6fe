"""The corpus in DuckDB: the tables and views of one data version, over Parquet or in one database file."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from thoughtmill.factory.core import params
from thoughtmill.factory.core.connections import connect
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest, existing, root
from thoughtmill.factory.core.partitions import parts

if TYPE_CHECKING:
    from thoughtmill.factory.core.tables import MergedRows
    from thoughtmill.schemas import Table

VIEWS = Path(__file__).with_name("views.sql")
AT_THE_HUB = re.compile(r"hf://datasets/([\w.-]+/[\w.-]+?)(?:@([\w./-]+))?/?")
REBUILD = "build the corpus with `dvc repro`"


@dataclass(frozen=True, slots=True)
class Corpus:
    """An open corpus: a connection that holds its tables and views, and the version of the data in them."""

    con: duckdb.DuckDBPyConnection
    data_version: str


def open_corpus(source: str | Path, revision: str | None = None, data_version: str | None = None) -> Corpus:
    """Open a corpus or a release for SQL; refuse any other `data_version` than the given one.

    `source` is a `.duckdb` file, the data folder of a corpus, the folder of a release, or `owner/name` of a
    release on the Hub with its `revision`; `hf://datasets/owner/name@revision` is read there, and only the
    parts of files that a query needs are fetched. A corpus has all tables and views; a folder with only
    `problems` and `records`, which are enough for training, has no views.
    """
    path = Path(source)
    if found := AT_THE_HUB.fullmatch(str(source)):
        corpus = _open_hub(found[1], revision or found[2] or "main")
    elif path.suffix == ".duckdb":
        corpus = _open_file(path)
    elif path.is_dir():
        corpus = _open_folder(path)
    elif revision is not None and str(source).count("/") == 1:
        corpus = _open_folder(download(str(source), revision, "manifest.json", "tables/*"))
    else:
        raise ThoughtmillError(f"{source} is not a corpus: {REBUILD}, or name a Hub release and its revision")
    if data_version not in (None, corpus.data_version):
        raise ThoughtmillError(
            f"{source} is data version {corpus.data_version[:12]}, not {data_version}: "
            "check out the version you want, or ask for this one"
        )
    return corpus


def _open_file(path: Path) -> Corpus:
    try:
        con = connect(existing(path, REBUILD), read_only=True)
        row = con.execute("select value from meta where key = 'data_version'").fetchone()
    except duckdb.Error as error:
        raise ThoughtmillError(f"{path} cannot be read as a corpus: {str(error).splitlines()[0]}") from error
    if row is None:
        raise ThoughtmillError(f"{path} names no data version: {REBUILD}")
    return Corpus(con, str(row[0]))


def _open_folder(folder: Path) -> Corpus:
    """Open the Parquet of a corpus, which a release holds in its folder `tables`."""
    tables = folder / "tables" if (folder / "tables").is_dir() else folder
    needed = [existing(tables / f"{name}.parquet", REBUILD) for name in ("problems", "records")]
    shown = read_manifest(folder)
    names = list(shown.get("files", ()))
    con = connect()
    try:
        if names and all((tables / name).exists() for name in names):
            if not any(name.startswith("refused.parquet") for name in names):
                raise ThoughtmillError(
                    f"{folder} was made by an older Thoughtmill: read its Parquet files, or rebuild it"
                )
            fill(con, tables, asked_thoughts(shown), "view")
        else:
            for table in needed:
                grown = tables / "grown" / table.name
                paths = [str(part) for path in (table, grown) if path.exists() for part in parts(path)]
                con.read_parquet(paths).create_view(table.stem)
    except duckdb.Error as error:
        raise ThoughtmillError(f"{folder} cannot be read as a corpus: {as_error(error)}") from error
    return Corpus(con, str(shown["data_version"]))


def _open_hub(repository: str, revision: str) -> Corpus:
    """Open a release on the Hub where it is."""
    import httpx2
    from huggingface_hub.errors import HFValidationError

    from thoughtmill.factory.core.hub_files import HubFiles  # takes half a second to import

    place = f"datasets/{repository}@{revision}"
    files = HubFiles()
    try:
        shown = json.loads(files.cat_file(f"{place}/manifest.json"))
        con = connect()
        con.register_filesystem(files)
        fill_from(con, _of_release(f"hf://{place}", shown), "view")
    except (httpx2.TransportError, HFValidationError, OSError, ValueError, KeyError) as error:
        why = str(error).splitlines()[0]
        raise ThoughtmillError(f"{repository} at {revision} cannot be read as a release: {why}") from error
    return Corpus(con, str(shown["data_version"]))


def _of_release(place: str, shown: dict[str, Any]) -> dict[str, list[str]]:
    """Return the files of each table of a release, given its manifest."""
    found: dict[str, list[str]] = {}
    for name in (name for name in shown["release"] if name.startswith("tables/")):
        folder, file, *_ = [*Path(name).parts[1:], ""]
        table = Path(file if folder in {"grown", "derived"} else folder).stem
        found.setdefault(table, []).append(f"{place}/{name}")
    return found


def download(repository: str, revision: str, *wanted: str) -> Path:
    """Download files of a release on the Hub by their patterns, unless they are in its cache."""
    from huggingface_hub import snapshot_download  # takes half a second to import
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(repository, repo_type="dataset", revision=revision, allow_patterns=list(wanted))
        )
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError) as error:
        raise ThoughtmillError(f"{repository} at {revision}: {str(error).splitlines()[0]}") from error


GROWN = {
    "problems": "problems",
    "completions": "completions",
    "rewritings": "completions",
    "growths": "growths",
}
"""The files in `grown/`, where there is anything, and their tables; `curate` merges the others."""


def files(data: Path, thoughts: tuple[str, ...]) -> dict[str, list[Path]]:
    """Return the Parquet files that hold each table, its parts among them, in a fixed order.

    A table may have none.
    """
    from thoughtmill.schemas import TABLES  # imports pandera, a second; a database on disk does without

    found = {name: [data / f"{name}.parquet"] for name in TABLES}
    found["completions"] = [data / "completions" / f"{thought}.parquet" for thought in sorted(thoughts)]
    found["growths"] = []
    for name in ("sources", "contamination"):
        found[name] = [path for path in found[name] if has_rows(path)]
    for name, table in GROWN.items():
        grown = data / "grown" / f"{name}.parquet"
        found[table] += [grown] if grown.exists() else []
    return {name: [part for path in paths for part in parts(path)] for name, paths in found.items()}


def beside(data: Path) -> dict[str, list[Path]]:
    """Return the files of the tables that are beside the versioned ones; each may be missing.

    `tabulate` derives those in `derived/`, this machine alone knows those in `local/`, and runs of students
    leave the others.
    """
    from thoughtmill.schemas import DERIVED_TABLES, LOCAL_TABLES, RUN_TABLES

    folders = {
        **dict.fromkeys(DERIVED_TABLES, data / "derived"),
        **dict.fromkeys(LOCAL_TABLES, data / "local"),
        **dict.fromkeys(RUN_TABLES, data),
    }  # a table is a file, or a folder with a file for each thought or base
    paths = {
        name: sorted([*folder.glob(f"{name}.parquet"), *(folder / name).glob("*.parquet")])
        for name, folder in folders.items()
    }
    return {name: [part for path in found for part in parts(path)] for name, found in paths.items()}


def has_rows(path: Path) -> bool:
    """Return whether a table is there with a row: a release has a config for every file."""
    import pyarrow.parquet  # takes a tenth of a second

    return path.exists() and any(pyarrow.parquet.read_metadata(part).num_rows for part in parts(path))


def problems(data: Path) -> "MergedRows":
    """Return the problems under `data`, the grown ones among them, in their order."""
    from thoughtmill.factory.core import tables
    from thoughtmill.schemas import Problems

    return tables.merged(Problems, *files(data, ())["problems"])


def verified(data: Path, thoughts: tuple[str, ...]) -> "MergedRows":
    """Return the verified records of all thoughts, before `curate`, in their order."""
    from thoughtmill.factory.core import tables
    from thoughtmill.schemas import Records

    return tables.merged(Records, *(data / "verified" / thought / "records.parquet" for thought in thoughts))


def manifest(data: Path, thoughts: tuple[str, ...]) -> dict[str, Any]:
    """Identify the data: rows and SHA-256 of every file, and a `data_version` over all of them."""
    from thoughtmill.factory.core.tables import TableReader
    from thoughtmill.schemas import TABLES

    shown = {
        path.relative_to(data).as_posix(): {
            "rows": len(TableReader(path, TABLES[name])),
            "sha256": digest(path),
        }
        for name, paths in files(data, thoughts).items()
        for path in paths
    }
    return {"data_version": version(shown), "files": shown}


def read_manifest(folder: Path, remedy: str = REBUILD) -> dict[str, Any]:
    """Return a folder's `manifest.json`; the error for a missing or torn file ends in `remedy`."""
    path = existing(folder / "manifest.json", f"it names the data version; {remedy}")
    try:
        shown = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ThoughtmillError(f"{path} is torn: {remedy}") from error
    if not isinstance(shown, dict) or "data_version" not in shown:
        raise ThoughtmillError(f"{path} names no data version: {remedy}")
    return shown


def asked_thoughts(shown: dict[str, Any]) -> tuple[str, ...]:
    """Return the thoughts that a corpus was asked for, given its manifest."""
    asked = (Path(name).parts[1] for name in shown["files"] if name.startswith("completions/"))
    return tuple(dict.fromkeys(Path(name).stem for name in asked))


def version(files: dict[str, Any]) -> str:
    """Return the `data_version` of tables, given their rows and SHA-256."""
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def fill(
    con: duckdb.DuckDBPyConnection, data: Path, thoughts: tuple[str, ...], kind: str, described: bool = True
) -> None:
    """Make every table and the views in a database without a transaction; `kind` is `table` or `view`.

    Views read the Parquet files in place; tables are copies, with primary and foreign keys unless one of them
    has more than `MOST_KEYED` rows. The comments, for people, take half as long as all the rest: a database
    of a moment need not be `described`.
    """
    found = {**files(data, thoughts), **beside(data)}
    for path in (path for paths in found.values() for path in paths):
        existing(path, "run `dvc repro` to build it")
    fill_from(con, {name: [str(path) for path in paths] for name, paths in found.items()}, kind, described)


MOST_KEYED = 1_000_000
"""Rows up to which tables have keys: DuckDB holds the indexes of a table in memory while it is filled."""


def fill_from(
    con: duckdb.DuckDBPyConnection, found: Mapping[str, list[str]], kind: str, described: bool = True
) -> None:
    """Make every table as `fill` does, from Parquet files that DuckDB can read; a table may have none."""
    from thoughtmill.schemas import DERIVED_TABLES, KEYED, LOCAL_TABLES, RUN_TABLES, TABLES

    schemas = {**TABLES, **DERIVED_TABLES, **LOCAL_TABLES, **RUN_TABLES}
    keys = kind == "table" and _most_rows(con, (found.get(name) for name in KEYED)) <= MOST_KEYED
    for name in sorted(schemas, key=lambda name: name != "prompts"):  # others refer to it
        paths = found.get(name, [])
        if paths and kind == "view":
            con.from_parquet(paths).create_view(name, replace=True)
        else:
            con.execute(declared(schemas[name], keys))
        if paths and kind == "table":
            con.execute(f'insert into "{name}" from read_parquet(?)', [paths])
    if described:
        con.begin()  # so that a file is not written after each of some hundred statements
        for name, table in schemas.items():
            _comment(con, kind if found.get(name) else "table", name, table)
        con.commit()
    con.execute(VIEWS.read_text("utf-8"))


def _most_rows(con: duckdb.DuckDBPyConnection, tables: Iterable[list[str] | None]) -> int:
    """Return the rows of the largest table, given the Parquet files of each."""
    counted = "select count(*) from read_parquet(?)"
    return max((con.execute(counted, [paths]).fetchall()[0][0] for paths in tables if paths), default=0)


SQL_TYPES = {"string": "varchar", "int64": "bigint", "double": "double", "bool": "boolean"}


def declared(table: "Table", keys: bool) -> str:
    """Return the statement that creates a table, perhaps with its primary and foreign keys.

    A foreign key refers to the primary key of another table, which is then one column.
    """
    from thoughtmill.schemas import KEYED, REFERENCES, columns, table_name

    name = table_name(table)
    parts = [
        f'"{column.name}" {SQL_TYPES[str(column.type)]}{"" if column.nullable else " not null"}'
        for column in columns(table)
    ]
    if keys and name in KEYED:
        parts.append(f'primary key ("{KEYED[name]}")')
    parts += [
        f'foreign key ("{column}") references "{other}" ("{KEYED[other]}")'
        for column, other in (REFERENCES.get(name, {}) if keys else {}).items()
    ]
    return f'create or replace table "{name}" ({", ".join(parts)})'


def _comment(con: duckdb.DuckDBPyConnection, kind: str, name: str, table: "Table") -> None:
    """Copy the docstring and the column descriptions of a schema into the database, as comments."""
    from thoughtmill.schemas import columns, grain

    con.execute(f'comment on {kind} "{name}" is {quoted(grain(table))}')
    for column in columns(table):
        con.execute(f'comment on column "{name}"."{column.name}" is {quoted(column.description)}')


def opened(data: Path, thoughts: tuple[str, ...]) -> duckdb.DuckDBPyConnection:
    """Return a read-only view of the corpus: `data/corpus.duckdb`, or the Parquet files when it is stale.

    The file is stale when it is missing, broken, or of another data version than the manifest names.
    """
    path, wanted = data / "corpus.duckdb", data / "manifest.json"
    if not path.exists() and not wanted.exists():
        raise ThoughtmillError(f"{data} holds no corpus: {REBUILD}")
    shown = read_manifest(data) if wanted.exists() else None
    try:
        con = connect(path, read_only=True)
        built = con.execute("select value from meta where key = 'data_version'").fetchone()
        if shown is None or built == (shown["data_version"],):
            return con  # without a manifest, the stage that writes both is running
        con.close()
    except duckdb.Error:
        pass  # the database is missing or broken: use the Parquet files
    con = connect()
    try:
        fill(con, data, thoughts, "view")
    except duckdb.Error as error:
        raise as_error(error) from error
    return con


def here() -> duckdb.DuckDBPyConnection:
    """Return the corpus of the project that the current folder is in."""
    return opened(root() / "data", params.thoughts())


def quoted(text: str) -> str:
    """Return a text as a literal of SQL, for the places where a query takes no parameters."""
    return "'" + text.replace("'", "''") + "'"


def as_error(error: duckdb.Error) -> ThoughtmillError:
    """Return an error of DuckDB as one line for people."""
    from thoughtmill.factory.core.scratch import words_of  # imports pyarrow

    return ThoughtmillError(words_of(error))
