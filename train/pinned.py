"""Open a pinned corpus for SQL: the DuckDB file, its Parquet, a release folder, or a revision on the Hub."""

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import existing

REBUILD = "build the corpus with `dvc repro`"


@dataclass(frozen=True, slots=True)
class Corpus:
    """A connection in which `problems` and `records` can be read, and the version of what they hold."""

    con: duckdb.DuckDBPyConnection
    data_version: str


def open_corpus(source: str, revision: str | None = None, data_version: str | None = None) -> Corpus:
    """Open a corpus and make sure that it is the wanted `data_version`, if one is given.

    `source` is a `.duckdb` file, a folder with `problems.parquet` and `records.parquet`, a release folder, or
    `owner/name` of a release on the Hub, which needs its `revision`.
    """
    path = Path(source)
    if path.suffix == ".duckdb":
        corpus = _file(path)
    elif path.is_dir():
        corpus = _folder(path)
    elif revision is not None and source.count("/") == 1:
        corpus = _folder(_download(source, revision))
    else:
        raise ThoughtmillError(f"{source} is no corpus: {REBUILD}, or name one on the Hub with its revision")
    if data_version not in (None, corpus.data_version):
        raise ThoughtmillError(
            f"{source} is data version {corpus.data_version[:12]}, not {data_version}: "
            "check out the version you want, or change `finetune.data_version`"
        )
    return corpus


def _file(path: Path) -> Corpus:
    try:
        con = duckdb.connect(existing(path, REBUILD), read_only=True)
        row = con.execute("select value from meta where key = 'data_version'").fetchone()
    except duckdb.Error as error:
        raise ThoughtmillError(f"{path} cannot be read as a corpus: {str(error).splitlines()[0]}") from error
    if row is None:
        raise ThoughtmillError(f"{path} names no data version: {REBUILD}")
    return Corpus(con, str(row[0]))


def _folder(folder: Path) -> Corpus:
    """Open the Parquet of a corpus, which a release holds in its folder `tables`."""
    con = duckdb.connect()
    tables = folder / "tables" if (folder / "tables").is_dir() else folder
    for table in ("problems", "records"):
        con.read_parquet(str(existing(tables / f"{table}.parquet", REBUILD))).create_view(table)
    manifest = existing(folder / "manifest.json", f"it names the data version; {REBUILD}")
    try:
        return Corpus(con, str(json.loads(manifest.read_text("utf-8"))["data_version"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ThoughtmillError(f"{manifest} names no data version: {REBUILD}") from error


def _download(repository: str, revision: str) -> Path:
    files = ["manifest.json", "tables/problems.parquet", "tables/records.parquet"]
    try:
        return Path(
            snapshot_download(repository, repo_type="dataset", revision=revision, allow_patterns=files)
        )
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError) as error:
        raise ThoughtmillError(f"{repository} at {revision}: {str(error).splitlines()[0]}") from error
