"""Send a release to the Hugging Face Hub, if its files match its manifest."""

import argparse
from pathlib import Path
from typing import Any

from thoughtmill.factory.commands import rebuild
from thoughtmill.factory.commands.prove import changed, manifest_of, private
from thoughtmill.factory.commands.uploads import (
    Repository,
    RepositoryState,
    held,
    retried,
    tag,
    to_delete,
    upload,
)
from thoughtmill.factory.core import corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root

MANIFEST = "manifest.json"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the repository and the options."""
    parser.add_argument("repository", help="owner/name of the data set")
    parser.add_argument("--folder", type=Path, help="a release; default: data/release")
    parser.add_argument("--private", action="store_true", help="make a new data set private")
    parser.add_argument("--replace", metavar="VERSION", help="the data version there that this one replaces")
    parser.add_argument("--mirror", action="store_true", help="replace and delete also files of others")
    parser.add_argument("--tag", help="give this version a name on the Hub, for example v1")


def call(words: argparse.Namespace) -> str:
    """Send one release."""
    folder = words.folder or root() / "data" / "release"
    repository = Repository(words.repository, "dataset", words.private)
    return push(folder, repository, words.replace or "", words.mirror, words.tag or "")


def push(
    folder: Path, repository: Repository, replace: str = "", mirror: bool = False, name: str = ""
) -> str:
    """Upload the release in `folder` as one commit that names the data version; return what was done.

    Files that no push put there are neither overwritten nor deleted, except with `mirror`. A repository that
    holds another data version is left as it is, unless `replace` gives the first digits of that version.
    With a `name`, the commit gets this tag. Where the corpus' `dvc.lock` is that of the release, `rebuild/`
    goes with it: lock, commit, versions of packages, and a recipe. Credentials are those of `hf auth login`
    or `HF_TOKEN`.
    """
    manifest = manifest_of(folder)
    faults = [*changed(folder, manifest["release"]), *rebuild.faults(folder, manifest), *private(folder)]
    if faults:
        raise ThoughtmillError(f"{folder} cannot be pushed: {'; '.join(faults[:20])}")
    beside = rebuild.beside(folder, manifest)
    return retried(repository, lambda: _pushed(folder, beside, repository, replace, mirror, name))


def _pushed(
    folder: Path, beside: dict[str, bytes], repository: Repository, replace: str, mirror: bool, name: str
) -> str:
    """Push once. A later attempt looks again at what is there: the answer to a commit may have been lost."""
    manifest = manifest_of(folder)
    there = held(repository)
    earlier = _manifest(repository, there)
    version = manifest["data_version"]
    commit = there.commit
    if name in there.tags and (earlier != manifest or there.tags[name] != commit):
        raise ThoughtmillError(f"the tag {name} of {repository.name} is another version: choose another name")
    if earlier == manifest and beside.keys() <= there.files:
        said = f"{repository.name} holds data version {version[:12]} already"
    else:
        _check_version(repository, str(earlier.get("data_version", "")), version, replace)
        put = {*earlier["release"], MANIFEST, *rebuild.FILES} if earlier else set()
        deleted = to_delete(repository, there, {*manifest["release"], MANIFEST, *beside}, put, mirror)
        commit = upload(folder, repository, f"Data version {version}", there, deleted, beside)
        said = f"{repository.name} holds data version {version[:12]}, commit {commit[:12]}"
    if name and name not in there.tags:
        tag(repository, name, commit)
    return f"{said}, tag {name}" if name else said


def _manifest(repository: Repository, there: RepositoryState) -> dict[str, Any]:
    """Return the manifest of the release that a repository holds; empty if it holds none."""
    if MANIFEST not in there.files:
        return {}
    folder = corpus.download(repository.name, there.commit, MANIFEST)
    try:
        return manifest_of(folder)
    except ThoughtmillError:
        return {}


def _check_version(repository: Repository, holds: str, version: str, replace: str) -> None:
    """Refuse to replace a data version that was not named."""
    if holds not in {"", version} and not (replace and holds.startswith(replace)):
        raise ThoughtmillError(
            f"{repository.name} holds data version {holds[:12]}, this is {version[:12]}: "
            f"say --replace {holds[:12]} to put this one in its place"
        )
