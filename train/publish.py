"""Send the adapter of a role to the Hugging Face Hub, with its card and its origin."""

import argparse
from pathlib import Path

from thoughtmill.factory.commands.uploads import Repository, held, retried, to_delete, upload
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root
from thoughtmill.train.students.origins import ORIGIN, origin_of
from thoughtmill.train.students.settings import trained


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the role, the repository and the options."""
    parser.add_argument("role", help="the role whose adapter is sent")
    parser.add_argument("repository", help="owner/name of the model")
    parser.add_argument("--folder", type=Path, help="an adapter; default: data/adapters/BASE/ROLE")
    parser.add_argument("--private", action="store_true", help="make a new model private")
    parser.add_argument("--mirror", action="store_true", help="replace and delete also files of others")


def call(words: argparse.Namespace) -> str:
    """Send one adapter."""
    folder = words.folder or root() / trained() / words.role
    repository = Repository(words.repository, "model", words.private)
    return push_adapter(folder, words.role, repository, words.mirror)


def push_adapter(folder: Path, role: str, repository: Repository, mirror: bool = False) -> str:
    """Upload the adapter in `folder` as a commit that names role and data version; return what was done.

    A truncated adapter, or one of another role, is refused. Files of others are neither overwritten nor
    deleted, except with `mirror`.
    """
    origin = origin_of(folder)
    if origin.role != role:
        raise ThoughtmillError(f"{folder} is an adapter for role `{origin.role}`, not `{role}`")
    ours = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}

    def pushed() -> str:
        there = held(repository)
        deleted = to_delete(repository, there, ours, ours if ORIGIN in there.files else set(), mirror)
        return upload(folder, repository, f"{role}, data version {origin.data_version}", there, deleted)

    return f"{repository.name} holds {role}, commit {retried(repository, pushed)[:12]}"
