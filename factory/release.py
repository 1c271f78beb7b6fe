"""Stage `release`: write the folder for the Hub: a config per thought and table, a card, a manifest."""

import re
import shutil
import sys
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import duckdb
import pyarrow.parquet as pq
import yaml
from pydantic import AfterValidator, Field

import thoughtmill
from thoughtmill.factory.core import corpus, params, stage, tables
from thoughtmill.factory.core.files import digest, folder_aside, root, write_json
from thoughtmill.factory.core.params import Section
from thoughtmill.factory.core.partitions import parts
from thoughtmill.factory.exports import FILES, check_condition
from thoughtmill.factory.exports.configs import write_configs
from thoughtmill.factory.pages.card import Release, card, licenses
from thoughtmill.factory.pages.croissant import croissant
from thoughtmill.schemas import DERIVED_TABLES, TABLES

INSTRUCTIONS = Path(__file__).parent / "thoughts" / "instructions"
CROISSANT = "croissant.json"
ORIGIN = ("thoughts", "partition_rows", "seed", "generate", "verify", "grow", "curate", "release")
"""The parts of `params.yaml` that decide the contents of a release."""

PRIVATE_NAMES = re.compile(r"url|endpoint|key|header|folder|ledger|proxy|organi[sz]ation|deployment")
"""Matches the names of settings that a release does not repeat."""


class ReleaseSettings(Section):
    """The section `release` of `params.yaml`."""

    title: str = "Thoughtmill corpus"
    license: str | None = Field(None, description="instead of the licences of the problems")
    leave_out: tuple[str, ...] = Field((), description="licences whose problems are left out")
    exports: Annotated[tuple[str, ...], AfterValidator(params.unique)] = Field(
        ("sft", "preferences", "rl"), description="exports that become configs"
    )
    where: str = Field("true", description="SQL condition: the good records that configs hold")


def released_thoughts(con: duckdb.DuckDBPyConnection, thoughts: tuple[str, ...]) -> list[str]:
    """Return the thoughts of a corpus: those that were asked for, then those that only growths wrote."""
    found = [row[0] for row in con.execute("select distinct thought from records order by all").fetchall()]
    return [*thoughts, *(thought for thought in found if thought not in thoughts)]


def release(data: Path, thoughts: tuple[str, ...], settings: ReleaseSettings, target: Path) -> None:
    """Write the release of the corpus under `data` to the folder `target`, as a whole."""
    with folder_aside(target) as part:
        shown = _copy_tables(data, thoughts, settings.leave_out, part / "tables")
        _copy_origin(data, part / "origin")
        con = tables.connect()
        corpus.fill(con, part / "tables", thoughts, "view", described=False)
        _check_condition(con, settings.where, part)
        made = Release(part, settings.title, settings.license, shown["data_version"])
        every = released_thoughts(con, thoughts)
        write_configs(con, part, thoughts, every, settings.exports, settings.where)
        for config, file in product((*settings.exports, *every), FILES):
            path = part / config / f"{file}.parquet"
            if path.is_file() and not pq.read_metadata(path).num_rows:
                path.unlink()  # the Hub shows a split for every file, even without rows
            if path.exists():
                made.add(config, file, *parts(path))
        held = {**corpus.files(part / "tables", thoughts), **corpus.beside(part / "tables")}
        for name, paths in held.items():
            if paths:
                made.add(name, "full", *paths)
        (part / "README.md").write_text(card(made, con), "utf-8")
        written = [path for path in sorted(part.rglob("*.*")) if path.is_file()]
        proof = {path.relative_to(part).as_posix(): digest(path) for path in written}
        write_json(part / CROISSANT, croissant(made, proof, licenses(con)))
        proof[CROISSANT] = digest(part / CROISSANT)
        shown["release"] = proof
        write_json(part / "manifest.json", shown)


def _check_condition(con: duckdb.DuckDBPyConnection, where: str, folder: Path) -> None:
    """Refuse a condition that is not SQL; from then on, queries can read nothing outside `folder`.

    `prove` writes releases again, and the condition is in the release: a stranger may have written it.
    """
    if where != "true":
        con.execute(f"set allowed_directories = [{corpus.quoted(str(folder.resolve()))}]")
        con.execute("set enable_external_access = false")
        check_condition(con, where, "params.yaml: release.where")


def _copy_tables(data: Path, thoughts: tuple[str, ...], leave_out: tuple[str, ...], target: Path) -> Any:
    """Copy the tables without the problems of some licences; return the manifest of the copies."""
    shown = corpus.read_manifest(data)
    left_out = {
        row["problem_id"]
        for row in (corpus.problems(data) if leave_out else ())
        if row["license"] in leave_out
    }
    beside = corpus.beside(data)
    derived = {
        name: [path for path in beside[name] if pq.read_metadata(path).num_rows] for name in DERIVED_TABLES
    }
    for name, paths in {**corpus.files(data, thoughts), **derived}.items():
        for path in paths:
            copy = target / path.relative_to(data)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if left_out:
                table = {**TABLES, **DERIVED_TABLES}[name]
                rows = tables.TableReader(path, table)
                tables.write(copy, table, (row for row in rows if _problem_of(row) not in left_out))
            else:
                shutil.copyfile(path, copy)
    return corpus.manifest(target, thoughts) if left_out else shown


def _problem_of(row: tables.Row) -> str | None:
    """Return the problem that a row of any table is about, if there is one."""
    if "record_id" in row and "problem_id" not in row:
        return str(row["record_id"]).rsplit("/", 2)[0]
    return row.get("problem_id") or row.get("parent_id")


def shareable(value: Any) -> Any:
    """Return settings without private parts: endpoints, keys and folders.

    >>> shareable({"base_url": "http://10.0.0.7/v1", "model": "m", "file": "/home/me/mine.csv"})
    {'model': 'm', 'file': 'mine.csv'}
    """
    if isinstance(value, dict):
        kept = ((name, inner) for name, inner in value.items() if not PRIVATE_NAMES.search(str(name)))
        return {name: _file_names(inner) if name == "file" else shareable(inner) for name, inner in kept}
    return [shareable(inner) for inner in value] if isinstance(value, list) else value


def _file_names(value: Any) -> Any:
    """Return paths without their folders."""
    return [_file_names(inner) for inner in value] if isinstance(value, list) else Path(str(value)).name


def _copy_origin(data: Path, target: Path) -> None:
    """Copy the origin of the corpus: parameters, prompts, and the version of Thoughtmill."""
    project = data.parent
    target.mkdir()
    given = params.load(project / "params.yaml") if (project / "params.yaml").exists() else {}
    kept = {name: shareable(given[name]) for name in ORIGIN if name in given}
    (target / "params.yaml").write_text(yaml.safe_dump(kept, sort_keys=False, allow_unicode=True), "utf-8")
    for path in [data / "exemplars.jsonl", *sorted(INSTRUCTIONS.glob("*.md"))]:
        if path.exists():
            shutil.copyfile(path, target / path.name)
    write_json(target / "thoughtmill.json", {"version": thoughtmill.__version__})


def main() -> None:
    """Read all tables, write `data/release/`."""
    data = root() / "data"
    thoughts = params.thoughts()
    release(data, thoughts, params.section("release", ReleaseSettings), data / "release")
    if not any(any((data / "release" / thought).glob("*.parquet")) for thought in thoughts):
        print(
            "the release holds no record to learn from; `thoughtmill summary` says what failed",
            file=sys.stderr,
        )


if __name__ == "__main__":
    stage.run(main)
