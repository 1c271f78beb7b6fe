"""Turn a release into a corpus project that keeps its problems and completions, and builds all else again."""

import shutil
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path
from typing import Any

import yaml

import thoughtmill
from thoughtmill.factory.commands.derivation import verify_grown
from thoughtmill.factory.commands.prove import manifest_of, release_folder
from thoughtmill.factory.commands.rebuild import recipe
from thoughtmill.factory.core import corpus, params, tables
from thoughtmill.factory.core.files import copied, existing
from thoughtmill.factory.core.partitions import parts
from thoughtmill.factory.grow import is_rewriting
from thoughtmill.factory.growths import GROWTHS
from thoughtmill.factory.release import ORIGIN
from thoughtmill.schemas import TABLES

REMEDY = "give a release that `thoughtmill prove` accepts"
KEPT = ("problems", "refused", "sources")
"""What the stage `seed` writes."""

ASKING = ("seed", "generate", "grow")
"""The stages that may ask a source or a teacher."""


def found(release: str) -> Path:
    """Return the folder of a release, downloaded if it is `owner/name@revision` on the Hub."""
    folder = release_folder(release)
    manifest_of(folder)
    return folder


def files(release: Path, own: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of a project that builds a release again, given those of Thoughtmill's `own` project.

    Parameters and exemplars are those of the release. It trains no students: a release does not say how.
    """
    sections = _sections(release)
    lacking: dict[str, Any] = {name: {} for name in ORIGIN if name not in ("thoughts", "partition_rows")}
    report = {"report": yaml.safe_load(own["params.yaml"]).get("report", {})}
    made = yaml.safe_dump({**lacking, **sections, **report}, sort_keys=False, allow_unicode=True)
    version = manifest_of(release)["data_version"]
    return {
        "params.yaml": made.encode(),
        "dvc.yaml": frozen(own["dvc.yaml"].decode(), asks(sections)).encode(),
        "data/exemplars.jsonl": existing(release / "origin" / "exemplars.jsonl", REMEDY).read_bytes(),
        ".gitignore": own[".gitignore"],
        "README.md": recipe(version, thoughtmill.__version__).encode(),
    }


def frozen(pipeline: str, growing: bool = False) -> str:
    """Return a pipeline whose stages `seed` and `generate` are frozen, and `grow` if it is `growing`.

    They have no dependencies then: DVC wants those even of a frozen stage before it takes its outputs.

    >>> print(frozen("stages: {seed: {cmd: ask, deps: [x], outs: [y]}, verify: {cmd: look, deps: [y]}}"))
    stages:
      seed:
        frozen: true
        cmd: ask
        outs:
        - y
      verify:
        cmd: look
        deps:
        - y
    <BLANKLINE>
    """
    loaded = yaml.safe_load(pipeline)
    for name, stage in loaded["stages"].items():
        if name in ASKING and (growing or name != "grow"):
            inner = stage.get("do", stage)
            kept = {key: value for key, value in inner.items() if key != "deps"}
            inner.clear()
            inner.update({"frozen": True, **kept})
    return yaml.safe_dump(loaded, sort_keys=False, allow_unicode=True)


def asks(sections: Mapping[str, Any]) -> bool:
    """Return whether the stage `grow` of a corpus asks teachers, given its `params.yaml`."""
    growing, generating = sections.get("grow") or {}, sections.get("generate") or {}
    named = [GROWTHS.named(name) for name in GROWTHS.names() if growing.get(name)]
    return bool(generating.get("until")) or any(is_rewriting(one) or hasattr(one, "ASKS") for one in named)


def keep(release: Path, project: Path) -> None:
    """Copy to a project what its frozen stages would write: the problems and completions of a release."""
    held, data = release / "tables", project / "data"
    for name in KEPT:
        _copy(held / f"{name}.parquet", data / f"{name}.parquet", name)
    copied(existing(held / "completions", REMEDY), data / "completions")
    if asks(_sections(release)):
        for name, table in corpus.GROWN.items():
            if (held / "grown" / f"{name}.parquet").exists():
                _copy(held / "grown" / f"{name}.parquet", data / "grown" / f"{name}.parquet", table)
        with chdir(project):
            verify_grown(Path.cwd())  # the project may be given as a relative path


def _sections(release: Path) -> dict[str, Any]:
    return params.load(existing(release / "origin" / "params.yaml", REMEDY))


def _copy(path: Path, target: Path, table: str) -> None:
    """Copy a table, its parts among them; a release has no file of a table without rows."""
    if not any(part.exists() for part in parts(path)):
        tables.write(target, TABLES[table], ())
    elif path.is_dir():
        copied(path, target)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
