"""Write and check `rebuild/`, the files beside a pushed release by which its corpus is built again.

`push` adds them where `dvc.lock` is that of the released data: the lock, the commit, the versions of
packages, and a recipe. They are no part of the release's own bytes, so a new commit of the same data is no
new revision.
"""

import hashlib
import platform
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydantic
import yaml

import thoughtmill
from thoughtmill.factory.commands.versions import git
from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest, json_text, text_of
from thoughtmill.factory.core.params import Section
from thoughtmill.factory.release import ORIGIN, shareable

if TYPE_CHECKING:
    from packaging.requirements import Requirement

FOLDER = "rebuild"
RECIPE, VERSIONS, LOCK, SOURCE = (
    f"{FOLDER}/{name}" for name in ("README.md", "constraints.txt", "dvc.lock", "source.json")
)
FILES = (RECIPE, VERSIONS, LOCK, SOURCE)
TEXT = Path(__file__).with_name("rebuild.md")
PINNED = re.compile(r"[\w.-]+==[\w.+!]+")


class Source(Section):
    """The code that built a corpus: the version of Thoughtmill and the project's commit, if it has one.

    `clean` says whether the files of the project were those of the commit.
    """

    thoughtmill: str = pydantic.Field(pattern=r"^[\w.+!]+$")
    python: str = pydantic.Field(pattern=r"^[\d.]+\w*\+?$")
    commit: str | None = pydantic.Field(None, pattern=r"^[0-9a-f]{40,64}$")
    clean: bool = False


def beside(folder: Path, manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files of `rebuild/` for the release in `folder`, by their names.

    A release that was downloaded brings them. There are none where no `dvc.lock` of this data is found.
    """
    if (folder / FOLDER).is_dir():
        return {name: (folder / name).read_bytes() for name in FILES if (folder / name).exists()}
    project = folder.resolve().parents[1]
    lock = _read_lock(project / "dvc.lock")
    if not _is_lock_of(lock, manifest):
        return {}
    for stage in lock["stages"].values():
        stage["params"] = shareable(stage.get("params", {}))
    texts = {
        RECIPE: recipe(manifest["data_version"], thoughtmill.__version__),
        VERSIONS: "".join(f"{line}\n" for line in installed("thoughtmill", "pipeline")),
        LOCK: yaml.safe_dump(lock, sort_keys=False, allow_unicode=True),
        SOURCE: json_text(_source(project).model_dump()),
    }
    return {name: text.encode() for name, text in texts.items()}


def faults(folder: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for every fault in the `rebuild/` of a release, if it has one.

    The lock must name the released tables and parameters, and the recipe must be that of the data version.
    Commit, source hashes and package versions are claims that only a rebuild confirms.
    """
    there = {path.relative_to(folder).as_posix() for path in (folder / FOLDER).rglob("*") if path.is_file()}
    yield from (f"{name} does not belong to a release" for name in sorted(there - set(FILES)))
    if not there:
        return
    yield from (f"{name} is missing" for name in FILES if name not in there)
    version = params.load(folder / "origin" / "thoughtmill.json")["version"]
    if RECIPE in there and text_of(folder / RECIPE) != recipe(manifest["data_version"], version):
        yield f"{RECIPE} is not that of this data version"
    if LOCK in there:
        yield from _lock_faults(folder, _read_lock(folder / LOCK), manifest)
    if SOURCE in there:
        source = params.load(folder / SOURCE)
        yield from params.faults(source, Source, SOURCE)
        if source.get("thoughtmill") != version:
            yield f"{SOURCE} names another version of Thoughtmill than origin/thoughtmill.json"
    if VERSIONS in there:
        lines = text_of(folder / VERSIONS).splitlines()
        yield from (
            f"{VERSIONS}: no version of a package: {line[:60]}"
            for line in lines
            if not PINNED.fullmatch(line)
        )


def _lock_faults(folder: Path, lock: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield where a lock differs from the tables and the parameters of a release."""
    if not _is_lock_of(lock, manifest):
        yield f"{LOCK} is not that of this data version"
        return
    for name, md5 in _outputs(lock).items():
        path = folder / "tables" / name.removeprefix("data/")
        if path.is_file() and digest(path, "md5") != md5:
            yield f"{LOCK}: {name} is another file than the release holds"
    given = params.load(folder / "origin" / "params.yaml")
    for stage in lock["stages"].values():
        for name, value in stage.get("params", {}).get("params.yaml", {}).items():
            if name in ORIGIN and value != given.get(name):
                yield f"{LOCK}: `{name}` is not that of origin/params.yaml"


def recipe(data_version: str, version: str) -> str:
    """Return the text that says how to build a data version again."""
    text = TEXT.read_text("utf-8").replace("<!-- version -->", version)
    return text.replace("<!-- data_version -->", data_version)


def installed(name: str, extra: str = "") -> list[str]:
    """Return the packages that a package needs, with their installed versions, as pip's constraints.

    >>> [line for line in installed("thoughtmill", "pipeline") if line.startswith("duckdb==")] != []
    True
    """
    found: dict[str, str] = {}
    wanted = [(name, extra)]
    seen = set(wanted)
    while wanted:
        package, of = wanted.pop()
        try:
            version, needs = _package(package)
        except PackageNotFoundError:
            continue
        for need in needs:
            if need.marker is None or need.marker.evaluate({"extra": of}):
                fresh = {(need.name, inner) for inner in ("", *need.extras)} - seen
                seen |= fresh
                wanted += fresh
        if package != name:
            found[package.lower()] = version
    return [f"{package}=={version}" for package, version in sorted(found.items())]


@cache
def _package(name: str) -> tuple[str, "list[Requirement]"]:
    """Return the version of a package, and what it needs: Python reads its file anew at each question."""
    from packaging.requirements import Requirement  # `push` alone needs it

    found = distribution(name)
    return found.version, [Requirement(need) for need in found.requires or ()]


def _source(project: Path) -> Source:
    """Return what is known of the code of a project."""
    known = {"thoughtmill": thoughtmill.__version__, "python": platform.python_version()}
    try:
        commit = git(project, "rev-parse", "HEAD")
        changed = git(project, "status", "--porcelain", "--untracked-files=no")
    except ThoughtmillError:
        return Source(**known)
    return Source(**known, commit=commit, clean=not changed)


def _read_lock(path: Path) -> dict[str, Any]:
    """Return a `dvc.lock`; an empty one if the file is missing or torn."""
    try:
        return params.load(path)
    except ThoughtmillError:
        return {}


def _outputs(lock: Mapping[str, Any]) -> dict[str, str]:
    """Return the MD5 of each output of a lock."""
    stages = lock.get("stages") or {}
    return {
        out["path"]: out["md5"] for stage in stages.values() for out in stage.get("outs", ()) if "md5" in out
    }


def _is_lock_of(lock: Mapping[str, Any], manifest: Mapping[str, Any]) -> bool:
    """Return whether the corpus of a lock has the data version and the tables of a release."""
    ours = json_text({name: manifest[name] for name in ("data_version", "files")})
    return (
        _outputs(lock).get("data/manifest.json")
        == hashlib.md5(ours.encode(), usedforsecurity=False).hexdigest()
    )
