"""Upload a folder to the Hugging Face Hub: all of it or nothing, and over no file of somebody else."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

from thoughtmill.factory.core.errors import ThoughtmillError

WAITS_S = (1.0, 5.0)
"""The waits after a fault of the network or the server."""

OF_THE_HUB = {".gitattributes"}
"""Files that the Hub itself puts into every repository."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository on the Hub: `owner/name`, and its kind, `dataset` or `model`."""

    name: str
    kind: str
    private: bool = False


@dataclass(frozen=True, slots=True)
class RepositoryState:
    """What a repository holds: the commit of its branch `main`, its files, and the commit of each tag."""

    commit: str
    files: frozenset[str]
    tags: dict[str, str] = field(default_factory=dict)


def held(repository: Repository) -> RepositoryState:
    """Return what a repository holds; the repository is made if there is none."""
    hub = HfApi()
    hub.create_repo(repository.name, repo_type=repository.kind, private=repository.private, exist_ok=True)
    head = str(hub.repo_info(repository.name, repo_type=repository.kind).sha)
    tags = hub.list_repo_refs(repository.name, repo_type=repository.kind).tags
    files = hub.list_repo_files(repository.name, repo_type=repository.kind, revision=head)
    return RepositoryState(head, frozenset(files) - OF_THE_HUB, {tag.name: tag.target_commit for tag in tags})


def to_delete(
    repository: Repository, there: RepositoryState, ours: set[str], put: set[str], mirror: bool
) -> set[str]:
    """Return the files that an upload of `ours` deletes: those that an earlier upload `put` there.

    With `mirror`, it deletes everything else. Without it, a file of somebody else that the upload would
    overwrite raises a `ThoughtmillError`.
    """
    foreign = sorted((there.files - put) & ours)
    if foreign and not mirror:
        raise ThoughtmillError(
            f"{repository.name} holds {', '.join(foreign[:5])}, which no push put there: "
            "say --mirror to overwrite"
        )
    return set(there.files if mirror else there.files & put) - ours


def upload(
    folder: Path,
    repository: Repository,
    message: str,
    there: RepositoryState,
    deleted: Iterable[str],
    beside: Mapping[str, bytes] | None = None,
) -> str:
    """Commit every file of `folder`, those `beside` it, and the deletions as one commit; return the commit.

    Only content that the Hub does not have is sent, so that an upload that was cut off goes on where it was.
    The commit fails if `main` is no longer at `there.commit`: no version of somebody else is overwritten.
    """
    hub = HfApi()
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    held: dict[str, Path | bytes] = {**paths, **(beside or {})}
    added = [CommitOperationAdd(name, held[name]) for name in sorted(held)]
    # Files first: the commit is short then, and an error in it repeats no upload.
    hub.preupload_lfs_files(repository.name, additions=added, repo_type=repository.kind)
    done = hub.create_commit(
        repository.name,
        [*added, *(CommitOperationDelete(name) for name in sorted(deleted))],
        commit_message=message,
        repo_type=repository.kind,
        parent_commit=there.commit,
    )
    return str(done.oid)


def tag(repository: Repository, name: str, commit: str) -> None:
    """Give a commit of a repository a name."""
    HfApi().create_tag(repository.name, tag=name, revision=commit, repo_type=repository.kind)


def retried(repository: Repository, action: Callable[[], str]) -> str:
    """Return what `action` returns; it is tried again after faults of the network or the server.

    A missing token, a refusal, and a fault that stays raise a `ThoughtmillError`.
    """
    for wait_s in (*WAITS_S, None):
        try:
            return action()
        except (httpx2.HTTPError, LocalTokenNotFoundError, OSError, RuntimeError, ValueError) as error:
            if wait_s is None or not _passes(error):
                said = " ".join(str(error).split())
                raise ThoughtmillError(f"the Hub did not take {repository.name}: {said}") from error
            time.sleep(wait_s)
    raise AssertionError("the last attempt returns or raises")


def _passes(error: Exception) -> bool:
    """Return whether a later attempt may succeed: the server failed, or did not answer.

    `hf_xet` and the uploads in threads report faults of the network as `RuntimeError`.
    """
    if isinstance(error, HfHubHTTPError):
        return error.response.status_code >= 500
    return isinstance(error, httpx2.TransportError | RuntimeError | ConnectionError)
