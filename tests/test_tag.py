"""The name of a data version: it says how to share it."""

import argparse
import json
import subprocess
from pathlib import Path

import pytest

from thoughtmill.factory.commands import tag


def git(*words: str) -> None:
    subprocess.run(["git", *words], check=True, capture_output=True)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a project with a commit and a corpus."""
    monkeypatch.chdir(tmp_path)
    for name in ("params.yaml", "dvc.yaml", "dvc.lock"):
        Path(name).touch()
    for name in ("data", ".dvc"):
        Path(name).mkdir()
    Path("data/manifest.json").write_text(json.dumps({"data_version": "a" * 64}))
    git("init", "-q")
    git("config", "user.email", "me@example.org")
    git("config", "user.name", "me")
    git("add", "dvc.lock")
    git("commit", "-q", "-m", "first")
    return tmp_path


def told() -> str:
    """Return what the command says."""
    return tag.call(argparse.Namespace(name="v1"))


@pytest.mark.parametrize(
    ("remotes", "upstream", "expected"),
    [
        (["backup", "origin"], None, "origin"),
        (["backup", "work"], None, "backup"),
        (["backup", "origin", "work"], "work", "work"),
    ],
)
def test_a_tag_is_shared_where_its_branch_is_and_else_with_origin(
    remotes: list[str], upstream: str | None, expected: str
) -> None:
    git("branch", "-q", "aside")
    for remote in remotes:
        git("remote", "add", remote, "/there")
    git("config", "branch.aside.remote", "backup")
    git("config", "branch.aside.merge", "refs/heads/aside")
    if upstream:
        git("checkout", "-q", "-b", "work")
        git("config", "branch.work.remote", upstream)
        git("config", "branch.work.merge", "refs/heads/work")
    assert told() == f"v1 is data version aaaaaaaaaaaa; share it with: git push {expected} v1"


def test_a_tag_of_no_branch_is_shared_with_origin() -> None:
    git("remote", "add", "origin", "/there")
    git("checkout", "-q", "--detach")
    assert told().endswith("share it with: git push origin v1")


@pytest.mark.parametrize(
    ("config", "is_remote"),
    [
        ("# no remote yet\n[core]\n    analytics = false\n", False),
        ("[core]\n    remote = there\n['remote \"there\"']\n    url = /there\n", True),
        ("['remote \"there\"']\n    url = /there\n", True),
    ],
)
def test_data_are_shared_where_there_is_a_remote_of_dvc(config: str, is_remote: bool) -> None:
    Path(".dvc/config").write_text(config)
    assert told().endswith("share it with: dvc push") == is_remote
