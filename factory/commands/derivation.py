"""Derive a release again from its problems and completions, and name every row that differs."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import chdir
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from thoughtmill.factory import curate, verify
from thoughtmill.factory.core import corpus, params, tables
from thoughtmill.factory.core.files import copied, digest, text_of, write_json
from thoughtmill.factory.core.partitions import parts
from thoughtmill.factory.derived import derive
from thoughtmill.factory.release import CROISSANT, ReleaseSettings, release
from thoughtmill.factory.tabulate import samplings
from thoughtmill.factory.teachers.choice import GenerateSettings
from thoughtmill.factory.thoughts.solving import VerifySettings
from thoughtmill.schemas import DERIVED_TABLES, TABLES, Checks, Records, Samplings, primary_key, table_name

SHOWN = 20
OF_THE_MACHINE = {"fence"}
"""Columns that depend on the machine that solved a record; verdicts do not."""

OF_THE_WHOLE = {"contaminated", "duplicate_problem"}
"""Reasons that may rest on problems of a licence that was left out, or on benchmarks."""


def differences(folder: Path, manifest: dict[str, Any], settings: VerifySettings) -> Iterator[str]:
    """Yield a line for every row of a release that its problems and completions do not give.

    Records and checks come from the stages `verify` and `curate`, in the fences of this machine; `settings`
    says how many processes solve. Configs and card are written again from the release's own tables.
    """
    given = params.load(folder / "origin" / "params.yaml")
    with TemporaryDirectory(prefix="prove-") as name:
        project = Path(name).resolve()
        yield from _tables(folder, given, project, settings)
        yield from _configs(folder, manifest, given, project)


def _tables(folder: Path, given: dict[str, Any], project: Path, settings: VerifySettings) -> Iterator[str]:
    """Verify and curate the completions again, and yield the differences in records and checks."""
    _lay_out(folder, project, given, settings)
    with chdir(project):
        for thought in given["thoughts"]:
            verify.main(thought)
        verify_grown(project)
        curate.main()
    left_out = bool((given.get("release") or {}).get("leave_out") or _curating(given).get("benchmarks"))
    for table in (Records, Checks):
        path = f"{table_name(table)}.parquet"
        held = tables.TableReader(folder / "tables" / path, table)
        derived = tables.TableReader(project / "data" / path, table)
        found = differing(table_name(table), held, derived, primary_key(table), left_out)
        yield from islice(found, SHOWN)
    yield from _derived(folder, given, project)


def _derived(folder: Path, given: dict[str, Any], project: Path) -> Iterator[str]:
    """Derive the tables for queries again, and yield the differences."""
    again = project / "derived"
    data = copied(folder / "tables", project / "whole")
    shutil.copyfile(folder / "origin" / "exemplars.jsonl", data / "exemplars.jsonl")
    derive(data, tuple(given["thoughts"]), given, again)
    for name, table in DERIVED_TABLES.items():
        path, derived = data / "derived" / f"{name}.parquet", again / f"{name}.parquet"
        if derived.exists():
            held = tables.TableReader(path, table) if path.exists() else ()
            rows = tables.TableReader(derived, table)
            yield from islice(differing(name, held, rows, primary_key(table)), SHOWN)
    yield from islice(_sampled(data, given), SHOWN)


def _sampled(data: Path, given: dict[str, Any]) -> Iterator[str]:
    """Yield the parameters of requests that are not those of `generate` in `params.yaml`.

    An endpoint may have been sent others beside: its address decides, which a release does not repeat.
    Without the extra `pipeline`, the parameters of endpoints cannot be derived.
    """
    path = data / "derived" / "samplings.parquet"
    held = list(tables.TableReader(path, Samplings)) if path.exists() else []
    completions = [str(part) for part in corpus.files(data, tuple(given["thoughts"]))["completions"]]
    if params.faults(given.get("generate") or {}, GenerateSettings, "") or not completions:
        return
    try:
        derived = list(samplings(completions, given, data))
    except ModuleNotFoundError:
        return
    yield from differing("samplings", map(_same(derived), held), derived, primary_key(Samplings))


def _same(derived: Iterable[tables.Row]) -> Callable[[tables.Row], tables.Row]:
    """Return a function that leaves of a row of an endpoint, which has a model, what was derived too."""
    keys = primary_key(Samplings)
    known = {tuple(row[key] for key in keys): row["parameters"] for row in derived}

    def same(row: tables.Row) -> tables.Row:
        mine = known.get(tuple(row[key] for key in keys))
        if mine is None:
            return row
        ours, theirs = json.loads(mine), json.loads(row["parameters"])
        if "model" in ours and all(theirs[name] == value for name, value in ours.items() if name in theirs):
            return {**row, "parameters": mine}
        return row

    return same


def _lay_out(folder: Path, project: Path, given: dict[str, Any], settings: VerifySettings) -> None:
    """Make a project of a release's problems and completions, and of the parameters it was made with."""
    copied(folder / "tables", project / "data")
    for name in ("records", "checks"):
        for part in parts(project / "data" / f"{name}.parquet"):
            part.unlink()
    solving = {**(given.get("verify") or {}), "workers": settings.workers}
    curating = {name: value for name, value in _curating(given).items() if name != "benchmarks"}
    made = {**given, "verify": solving, "curate": curating}
    (project / "params.yaml").write_text(yaml.safe_dump(made), "utf-8")
    (project / "dvc.yaml").touch()


def _curating(given: dict[str, Any]) -> dict[str, Any]:
    """Return the section `curate`; whoever proves need not have the benchmarks that it names."""
    return given.get("curate") or {}


def verify_grown(project: Path) -> None:
    """Verify the completions of growths of a project, the current folder, into `data/grown/`."""
    data = project / "data"
    for name in ("problems", "completions"):
        if not (data / "grown" / f"{name}.parquet").exists():  # a release has no file without rows
            tables.write(data / "grown" / f"{name}.parquet", TABLES[name], ())
    both = [data / "problems.parquet", data / "grown" / "problems.parquet"]
    solvers = params.section("verify", VerifySettings)
    verify.verify_table("grown", data / "grown" / "completions.parquet", both, data / "grown", solvers)


def _configs(folder: Path, manifest: dict[str, Any], given: dict[str, Any], project: Path) -> Iterator[str]:
    """Write the release again from its tables, and yield the differences in configs and card."""
    data, again = project / "again", project / "release"
    copied(folder / "tables", data)
    write_json(data / "manifest.json", {name: manifest[name] for name in ("data_version", "files")})
    shutil.copyfile(folder / "origin" / "exemplars.jsonl", data / "exemplars.jsonl")
    settings = params.validated(given.get("release") or {}, ReleaseSettings, "origin/params.yaml: release")
    release(data, tuple(given["thoughts"]), settings, again)
    paths = {path.relative_to(root) for root in (folder, again) for path in root.glob("*/*.parquet")}
    for path in sorted(paths):
        if path.parts[0] == "tables":
            continue
        if not (again / path).exists() or not (folder / path).exists():
            yield f"{path} {'is not' if (folder / path).exists() else 'must be'} in this release"
        else:
            held, derived = tables.rows_of(folder / path), tables.rows_of(again / path)
            yield from islice(differing(str(path), held, derived, ()), SHOWN)
    if text_of(folder / "README.md") != (again / "README.md").read_text("utf-8"):
        yield "README.md is not that of these tables"
    if _description(folder, folder) != _description(again, folder):
        yield f"{CROISSANT} is not that of these tables"


def _description(made: Path, folder: Path) -> Any:
    """Return the Croissant description of a release that was `made` again from the tables of `folder`."""
    try:
        described = json.loads((made / CROISSANT).read_text("utf-8"))
    except ValueError:
        return None
    for file in described["distribution"]:
        if file["@id"].startswith("origin/") and made != folder:
            file["sha256"] = digest(folder / file["@id"])
            file["contentSize"] = f"{(folder / file['@id']).stat().st_size} B"
    return described


def differing(
    name: str,
    held: Iterable[tables.Row],
    derived: Iterable[tables.Row],
    key: tuple[str, ...],
    left_out: bool = False,
) -> Iterator[str]:
    """Yield a line for every row that only one of two tables has, or that differs; both are in key order.

    Without a key, rows are compared place by place.
    """
    left, right = enumerate(held), enumerate(derived)
    one, other = next(left, None), next(right, None)
    while one is not None or other is not None:
        mine, theirs = _key(one, key), _key(other, key)
        if other is None or (one is not None and mine < theirs):
            yield f"{name}: {_spell(one, key)} is not derived from any completion"
            one = next(left, None)
        elif one is None or theirs < mine:
            yield f"{name}: {_spell(other, key)} is missing"
            other = next(right, None)
        else:
            yield from _changes(name, one[1], other[1], _spell(one, key), left_out)
            one, other = next(left, None), next(right, None)


def _changes(name: str, held: tables.Row, derived: tables.Row, which: str, left_out: bool) -> Iterator[str]:
    if left_out and held.get("drop_reason") in OF_THE_WHOLE:
        return
    for column, value in derived.items():
        if column not in OF_THE_MACHINE and held.get(column) != value:
            yield f"{name}: {which}: {column} is {_short(held.get(column))}, and derived {_short(value)}"
            return


def _key(row: tuple[int, tables.Row] | None, key: tuple[str, ...]) -> tuple[Any, ...]:
    if row is None:
        return ()
    return tuple(row[1][name] for name in key) if key else (row[0],)


def _spell(row: tuple[int, tables.Row] | None, key: tuple[str, ...]) -> str:
    if row is None:
        return ""
    number, values = row
    named = [str(values[name]) for name in key or ("record_id", "problem_id") if name in values]
    return "/".join(named) if key else (named[0] if named else f"row {number}")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
