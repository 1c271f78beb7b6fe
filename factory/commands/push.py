"""Send a release to the Hugging Face Hub, if its files match its manifest."""

import argparse
from pathlib import Path

import httpx2
from huggingface_hub import HfApi
from huggingface_hub.errors import LocalTokenNotFoundError

from thoughtmill.factory.commands.prove import changed, manifest_of
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the repository and the options."""
    parser.add_argument("repository", help="owner/name of the data set")
    parser.add_argument("--folder", type=Path, help="a release; default: data/release")
    parser.add_argument("--private", action="store_true", help="make a new data set private")


def call(words: argparse.Namespace) -> str:
    """Send one release."""
    return push(words.folder or root() / "data" / "release", words.repository, words.private)


def push(folder: Path, repository: str, private: bool) -> str:
    """Upload the release in `folder` as the data set `repository` (`owner/name`); return its address.

    The commit message names the data version. Credentials are those of `hf auth login` or `HF_TOKEN`.
    """
    manifest = manifest_of(folder)
    faults = list(changed(folder, manifest["release"]))
    if faults:
        raise ThoughtmillError(f"{folder} does not match its manifest: {'; '.join(faults[:20])}")
    return upload(folder, repository, "dataset", private, f"Data version {manifest['data_version']}")


def upload(folder: Path, repository: str, kind: str, private: bool, message: str) -> str:
    """Upload `folder` as the whole content of `repository`, a `dataset` or `model`; return the commit's URL.

    A missing token, a refusal or no network raises a `ThoughtmillError`.
    """
    hub = HfApi()
    try:
        hub.create_repo(repository, repo_type=kind, private=private, exist_ok=True)
        done = hub.upload_folder(
            repo_id=repository,
            repo_type=kind,
            folder_path=folder,
            commit_message=message,
            delete_patterns="*",
        )
    except (httpx2.HTTPError, LocalTokenNotFoundError, OSError, ValueError) as error:
        raise ThoughtmillError(
            f"the Hub did not take {repository}: {' '.join(str(error).split())}"
        ) from error
    return str(done.commit_url)
