"""Find a version of a corpus: a folder, a revision of this project in git, or a release on the Hub."""

import re
import subprocess
from pathlib import Path

import duckdb

from thoughtmill.factory.core import corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.partitions import parts

ON_THE_HUB = re.compile(r"([\w.-]+/[\w.-]+)@([\w./-]+)")
NEEDED = ("problems.parquet", "completions", "records.parquet", "checks.parquet", "manifest.json")
OTHERS = ("grown", "refused.parquet", "sources.parquet", "contamination.parquet")


def folder_of(source: str, project: Path | None, target: Path) -> Path:
    """Return the folder of a version's tables.

    `source` is a folder, `owner/name@revision` on the Hub, or a git revision of the project whose data are in
    DVC's cache. The files of a git revision are put into the new folder `target`.
    """
    path = Path(source)
    if path.is_dir():
        return path
    if found := ON_THE_HUB.fullmatch(source):
        return corpus.download(found[1], found[2], "manifest.json", "tables/*")
    if project is None:
        raise ThoughtmillError(
            f"{source} is not a folder, and there is no project here whose revision it could be"
        )
    return _of_revision(source, project, target)


def _of_revision(revision: str, project: Path, target: Path) -> Path:
    """Copy the tables of a git revision from DVC's cache to the new folder `target`."""
    from dvc.api import DVCFileSystem  # takes a second
    from dvc.exceptions import DvcException

    top = git(project, "rev-parse", "--show-toplevel")
    if not git(project, "rev-list", "--all", "--max-count=1"):
        raise ThoughtmillError(f"git knows no revision {revision}: nothing is committed yet in {top}")
    data = project.resolve().relative_to(Path(top).resolve()) / "data"
    target.mkdir()
    try:
        files = DVCFileSystem(top, rev=revision)
        for name in (*NEEDED, *OTHERS):
            there = f"/{data.as_posix()}/{name}"
            if name in NEEDED or files.exists(there):
                files.get(there, str(target / name), recursive=True)
    except (DvcException, OSError) as error:
        if "unknown Git revision" in str(error):  # DVC has no class for it alone
            known = "give a folder, a commit or a tag"
            raise ThoughtmillError(f"git knows no revision {revision}: {known}") from error
        raise ThoughtmillError(
            f"revision {revision}: its data are not in DVC's cache; try `dvc fetch --all-commits` "
            f"({' '.join(str(error).split())})"
        ) from error
    return target


def attach(con: duckdb.DuckDBPyConnection, name: str, folder: Path, described: bool = True) -> str:
    """Make the tables and views of a version a schema of a database; return its data version.

    A version that an older Thoughtmill made may lack columns of the views; then it has only tables.
    """
    held = folder / "tables" if (folder / "tables").is_dir() else folder
    shown = corpus.read_manifest(folder)
    con.execute(f'create schema "{name}"')
    con.execute(f"set schema = '{name}'")
    try:
        corpus.fill(con, held, corpus.asked_thoughts(shown), "view", described)
    except (duckdb.Error, ThoughtmillError):
        for table, paths in _tables(held).items():
            con.from_parquet([str(path) for path in paths], union_by_name=True).create_view(
                table, replace=True
            )
    finally:
        con.execute("set schema = 'main'")
    return str(shown["data_version"])


def _tables(folder: Path) -> dict[str, list[Path]]:
    """Return the Parquet files of each table that a folder holds."""
    files = corpus.files(folder, ())
    files["completions"] = [*_completions(folder), *files["completions"]]
    return {
        name: there for name, paths in files.items() if (there := [path for path in paths if path.exists()])
    }


def _completions(folder: Path) -> list[Path]:
    return [part for path in sorted((folder / "completions").glob("*.parquet")) for part in parts(path)]


def git(folder: Path, *words: str) -> str:
    """Return the output of a git command; its error is one line."""
    try:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise ThoughtmillError("git is not installed") from error
    if done.returncode:
        raise ThoughtmillError(f"git {words[0]}: {' '.join(done.stderr.split())}")
    return done.stdout.strip()
