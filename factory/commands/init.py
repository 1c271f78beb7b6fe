"""Write a corpus project into a new folder: parameters, pipeline, exemplars and a README.

The files are copies of Thoughtmill's own project. But its stages depend on the version of Thoughtmill, in
`data/checked.json`, instead of its source.
"""

import argparse
import logging
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dvc.exceptions import DvcException
from dvc.repo import Repo

import thoughtmill
from thoughtmill.factory.commands import init_from
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import aside, existing

PACKAGE = Path(thoughtmill.__file__).parent
PROFILES = ("params/smol.yaml", "params/lorid.yaml", "params/etd.yaml")
FILES = ("params.yaml", "data/exemplars.jsonl", *PROFILES)
PIPELINES = ("dvc.yaml", "train/dvc.yaml")
BASE = "train/embedded/base"
CHECKED = "data/checked.json"
WATCHED = ("data/own_knowledge", "data/verifiers")
"""Folders that stages depend on, and that need not hold anything."""

GITIGNORE = """\
/data/*
!/data/exemplars.jsonl
!/data/ledger.dvc
!/data/students.json
!/data/own_knowledge
!/data/verifiers
/dvc_plots/
/train/bases/
"""

SOURCE = re.compile(r"^ +- (?:factory|schemas|train)(?:/(?!embedded/base\b)\S+)?\n", re.MULTILINE)
"""Matches a line of `deps` that names source code."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the folder and its origin."""
    parser.add_argument("folder", type=Path, help="a new or empty folder")
    origin = parser.add_mutually_exclusive_group()
    origin.add_argument(
        "--params", type=Path, help="a file to copy as params.yaml; default: Thoughtmill's own"
    )
    origin.add_argument(
        "--from",
        dest="release",
        help="build the corpus of this release again, a folder or owner/name@revision on the Hub",
    )


def call(words: argparse.Namespace) -> str:
    """Write the project."""
    init(words.folder, words.params, words.release)
    path = shlex.quote(str(words.folder))
    return f"{path} is a corpus project; build it with: cd {path} && dvc repro"


def init(folder: Path, params: Path | None = None, origin: str | None = None) -> None:
    """Write a project into `folder`; make it a DVC project, and a git repository if git is installed.

    `params` is copied as `params.yaml`, instead of Thoughtmill's own. With the release `origin`, parameters,
    prompts, problems and completions are those of the release, and a build gives its data version again.
    """
    files = dict(_files())
    if params is not None:
        files["params.yaml"] = existing(params, "give a file").read_bytes()
    if folder.exists() and (not folder.is_dir() or any(path.name != ".git" for path in folder.iterdir())):
        raise ThoughtmillError(f"{folder} is not empty: give a new folder")
    release = init_from.found(origin) if origin else None
    if release:
        files = init_from.files(release, files)
    with _all_or_nothing(folder):
        for name, content in files.items():
            with aside(folder / name) as part:
                part.write_bytes(content)
        _begin_versions(folder)
        if release:
            init_from.keep(release, folder)


@contextmanager
def _all_or_nothing(folder: Path) -> Iterator[None]:
    """Remove everything that was written into a folder if writing is cut short."""
    before = set(folder.iterdir()) if folder.is_dir() else None
    done = False
    try:
        yield
        done = True
    finally:
        if not done and folder.is_dir():
            for path in [path for path in folder.iterdir() if path not in (before or ())]:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            if before is None:
                folder.rmdir()


def _files() -> Iterator[tuple[str, bytes]]:
    """Yield the files of a project by their names."""
    for name in FILES:
        yield name, (PACKAGE / "project" / name).read_bytes()
    for name in PIPELINES:
        yield name, adapted((PACKAGE / "project" / name).read_text("utf-8")).encode()
    for path in sorted((PACKAGE / BASE).iterdir()):
        yield f"{BASE}/{path.name}", path.read_bytes()
    for name in WATCHED:
        yield f"{name}/.gitignore", b"*\n!.gitignore\n"
    yield "README.md", Path(__file__).with_name("project.md").read_bytes()
    yield ".gitignore", GITIGNORE.encode()


def adapted(pipeline: str) -> str:
    """Return a pipeline whose stages depend on `data/checked.json` instead of source code.

    The stage `check`, which writes that file, always runs.

    >>> print(adapted('''
    ...   seed:
    ...     deps:
    ...       - data/checked.json
    ...       - factory/core
    ...   tabulate:
    ...     deps:
    ...       - data/records.parquet
    ...       - schemas
    ... '''))
    <BLANKLINE>
      seed:
        deps:
          - data/checked.json
      tabulate:
        deps:
          - data/checked.json
          - data/records.parquet
    <BLANKLINE>
    """
    text = SOURCE.sub("", pipeline)
    text = re.sub(
        rf"^( +)deps:\n(?!\1  - {CHECKED}\n)", rf"\1deps:\n\1  - {CHECKED}\n", text, flags=re.MULTILINE
    )
    return text.replace(
        f"factory.check\n    deps:\n      - {CHECKED}\n",
        "factory.check\n    always_changed: true\n    deps:\n",
    )


def _begin_versions(folder: Path) -> None:
    """Make the folder a DVC project, and a git repository unless it is in one already."""
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top is None and _git(folder, "init", "--quiet") is not None:
        top = str(folder)
    below = top is not None and Path(top).resolve() != folder.resolve()
    logging.getLogger("dvc").setLevel(logging.WARNING)  # we say ourselves how to go on
    try:
        with Repo.init(str(folder), no_scm=top is None, subdir=below) as repo, repo.config.edit() as config:
            config["core"] |= {"analytics": False, "check_update": False}
        _git(folder, "add", ".dvc/config")  # DVC adds its files before this change
    except DvcException as error:
        raise ThoughtmillError(f"{folder}: DVC cannot begin here: {error}") from error


def _git(folder: Path, *words: str) -> str | None:
    """Return the output of git, or None if it fails or is not installed."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
