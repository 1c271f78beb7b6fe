"""Name a data version: a tag in git, by which `diff`, `sql --with` and `dvc.api` find it."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from thoughtmill.factory.commands.versions import git
from thoughtmill.factory.core import corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root

LOCK = "dvc.lock"
DVC_REMOTE = re.compile(r"""^\s*\[\s*'?remote\b""", re.MULTILINE)
OF_BRANCH = "%(if)%(HEAD)%(then)%(push:remotename)%(end)"
"""What git tells of a branch: the remote that the current branch is pushed to, and nothing of others."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the name."""
    parser.add_argument("name", help="for example v1; `push --tag` gives a release on the Hub the same name")


def call(words: argparse.Namespace) -> str:
    """Tag the last commit with the data version of the corpus.

    The commit must hold the `dvc.lock` of this corpus: it names the content of every table.
    """
    project = root()
    version = corpus.read_manifest(project / "data")["data_version"]
    if git(project, "status", "--porcelain", "--", LOCK):
        raise ThoughtmillError(f"{LOCK} has changes: commit it, so that the tag names this corpus")
    git(project, "tag", "--annotate", words.name, "--message", f"Data version {version}")
    told = f"{words.name} is data version {version[:12]}"
    share = " && ".join(_sharing(project, words.name))
    return f"{told}; share it with: {share}" if share else told


def _sharing(project: Path, name: str) -> Iterator[str]:
    """Yield the commands that share a tag and its data, for each kind of remote that the project has."""
    if remotes := git(project, "remote").split():
        usual = (git(project, "branch", "--format", OF_BRANCH), "origin", *remotes)
        yield f"git push {next(filter(remotes.__contains__, usual))} {name}"
    if any(DVC_REMOTE.search(config.read_text("utf-8")) for config in project.glob(".dvc/config*")):
        yield "dvc push"
