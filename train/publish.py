"""Send the adapter of a role to the Hugging Face Hub, with its card and its origin."""

import argparse
from pathlib import Path

from thoughtmill.factory.commands.push import upload
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root
from thoughtmill.train.students.origins import origin_of
from thoughtmill.train.students.settings import trained


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the role, the repository and the options."""
    parser.add_argument("role", help="the role whose adapter is sent")
    parser.add_argument("repository", help="owner/name of the model")
    parser.add_argument("--folder", type=Path, help="an adapter; default: data/adapters/BASE/ROLE")
    parser.add_argument("--private", action="store_true", help="make a new model private")


def call(words: argparse.Namespace) -> str:
    """Send one adapter."""
    folder = words.folder or root() / trained() / words.role
    return push_adapter(folder, words.role, words.repository, words.private)


def push_adapter(folder: Path, role: str, repository: str, private: bool) -> str:
    """Upload the adapter in `folder` as the model `repository` (`owner/name`); return its address.

    The commit message names role and data version. A truncated adapter, or one of another role, is refused.
    """
    origin = origin_of(folder)
    if origin.role != role:
        raise ThoughtmillError(f"{folder} is an adapter for role `{origin.role}`, not `{role}`")
    return upload(folder, repository, "model", private, f"{role}, data version {origin.data_version}")
