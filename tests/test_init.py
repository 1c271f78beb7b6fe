"""`thoughtmill init`: a project of the installed package, which builds and knows when to build again."""

import argparse
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.test_pipeline import SMALL, changed
from thoughtmill.factory.commands.init import GITIGNORE, PIPELINES, adapted, call, init
from thoughtmill.factory.core.errors import ThoughtmillError

pytestmark = pytest.mark.usefixtures("forked")

ROOT = Path(__file__).parents[1]
STAGES = [
    pytest.param(stage.get("do", stage), id=f"{name}:{stage_name}")
    for name in ("dvc.yaml", "train/dvc.yaml")
    for stage_name, stage in yaml.safe_load(adapted((ROOT / name).read_text()))["stages"].items()
]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_the_package_and_on_no_source(stage: dict[str, list[str]]) -> None:
    assert ("data/checked.json" in stage["deps"]) != ("factory.check" in stage["cmd"])
    code = [dep for dep in stage["deps"] if dep.split("/")[0] in ("factory", "schemas", "train")]
    assert set(code) <= {"train/embedded/base"}


def test_the_stage_that_checks_always_runs_and_no_other_does() -> None:
    stages = yaml.safe_load(adapted((ROOT / "dvc.yaml").read_text()))["stages"]
    assert [name for name, stage in stages.items() if stage.get("always_changed")] == ["check"]
    assert stages["check"]["deps"] == ["params.yaml"]


def test_all_but_the_dependencies_is_as_in_our_own_pipelines() -> None:
    for name in ("dvc.yaml", "train/dvc.yaml"):
        ours, theirs = (
            yaml.safe_load(text) for text in ((ROOT / name).read_text(), adapted((ROOT / name).read_text()))
        )
        for stages in (ours["stages"], theirs["stages"]):
            for stage in stages.values():
                stage.pop("always_changed", None)
                stage.get("do", stage).pop("deps")
        assert ours == theirs


def test_what_git_ignores_in_a_project_it_ignores_in_ours() -> None:
    assert set(GITIGNORE.splitlines()) <= set((ROOT / ".gitignore").read_text().splitlines())


def test_what_stages_depend_on_is_made_by_a_stage_or_is_in_a_new_project(tmp_path: Path) -> None:
    init(tmp_path / "c")
    every = [yaml.safe_load((tmp_path / "c" / name).read_text())["stages"].values() for name in PIPELINES]
    stages = [stage.get("do", stage) for pipeline in every for stage in pipeline]
    listed = [out for stage in stages for kind in ("outs", "metrics", "plots") for out in stage.get(kind, ())]
    made = [out if isinstance(out, str) else next(iter(out)) for out in listed]
    for dep in {dep for stage in stages for dep in stage.get("deps", ())}:
        by_a_stage = any(f"{out}/".startswith(f"{dep}/") or dep.startswith(f"{out}/") for out in made)
        assert by_a_stage or (tmp_path / "c" / dep).exists(), dep


def test_the_command_to_go_on_with_can_be_copied_where_a_path_has_a_space(tmp_path: Path) -> None:
    said = call(argparse.Namespace(folder=tmp_path / "my corpus", params=None, release=None))
    assert said.endswith(f"cd '{tmp_path}/my corpus' && dvc repro")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, f"no space left for {len(content)} bytes")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space left") as error:
        init(tmp_path / "c")
    assert error.value.filename == str(tmp_path / "c" / "params.yaml")


@pytest.mark.parametrize("there", [False, True])
def test_a_project_that_is_cut_short_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    folder = tmp_path / "corpus"
    if there:
        (folder / ".git").mkdir(parents=True)

    def interrupted(folder: Path) -> None:
        assert (folder / "params.yaml").is_file()
        raise KeyboardInterrupt

    monkeypatch.setattr("thoughtmill.factory.commands.init._begin_versions", interrupted)
    with pytest.raises(KeyboardInterrupt):
        init(folder)
    assert folder.exists() == there
    assert [path.name for path in tmp_path.rglob("*")] == (["corpus", ".git"] if there else [])


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    for folder in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(ThoughtmillError, match="is not empty: give a new folder"):
            init(folder)


@pytest.mark.parametrize("place", ["nowhere", "in a repository", "below a repository", "without git"])
def test_a_project_begins_in_a_git_repository_or_outside_of_one(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "c"
    if place == "in a repository":
        subprocess.run(["git", "init", "--quiet", folder], check=True)
    elif place == "below a repository":
        subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    elif place == "without git":
        monkeypatch.setenv("PATH", str(tmp_path))
    init(folder)
    assert (folder / ".dvc" / "config").is_file()
    assert (folder / ".git").is_dir() == (place in ("nowhere", "in a repository"))
    assert ("no_scm" in (folder / ".dvc" / "config").read_text()) == (place == "without git")


def run(folder: Path, installed: Path, *words: str) -> str:
    ours = {
        "PYTHONPATH": str(installed),
        "THOUGHTMILL_LEDGER": str(installed / "ledger.sqlite"),
    }
    done = subprocess.run(
        words, cwd=folder, env=os.environ | ours, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_installed_package_begins_a_project_that_builds_and_follows_its_version(
    wheel: Path, tmp_path: Path
) -> None:
    installed, folder = tmp_path / "installed", tmp_path / "c"
    pip = (
        "-m",
        "pip",
        "install",
        "--no-index",
        "--no-deps",
        "--quiet",
        "--target",
        str(installed),
        str(wheel),
    )
    run(tmp_path, installed, sys.executable, *pip)
    said = run(tmp_path, installed, "python", "-m", "thoughtmill", "init", "c")
    assert said.endswith("c is a corpus project; build it with: cd c && dvc repro\n")
    fewer = {"thoughts": ["cot"], "roles": ["ir"], "finetune": {}, "infer": {"policies": ["greedy/ir"]}}
    changed(folder, lambda params: params.update(fewer))
    changed(folder, lambda params: params["seed"].update(embedded={"seed": 1, **SMALL}))
    run(folder, installed, "dvc", "repro")
    assert (folder / "data" / "report" / "index.html").is_file()
    assert (folder / "data" / "release" / "manifest.json").is_file()

    status = run(folder, installed, "python", "-m", "thoughtmill", "status")
    assert [line.split()[:2] for line in status.splitlines()[:2]] == [["built", "check"], ["built", "seed"]]
    again = run(folder, installed, "dvc", "repro")
    assert [line for line in again.splitlines() if line.startswith("Running stage")] == [
        "Running stage 'check':"
    ]

    package = installed / "thoughtmill" / "__init__.py"
    package.write_text(package.read_text().replace("__version__ = ", "__version__ = 'next, after ' + "))
    status = run(folder, installed, "python", "-m", "thoughtmill", "status")
    assert [line.split()[:2] for line in status.splitlines()[:2]] == [["stale", "check"], ["stale", "seed"]]
    upgraded = run(folder, installed, "dvc", "repro", "seed")
    assert "Running stage 'seed'" in upgraded


def test_a_project_may_begin_with_other_parameters(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("thoughts: [pot]\n")
    init(tmp_path / "corpus", own)
    assert (tmp_path / "corpus" / "params.yaml").read_text() == "thoughts: [pot]\n"
    with pytest.raises(ThoughtmillError, match=r"gone\.yaml is missing"):
        init(tmp_path / "other", tmp_path / "gone.yaml")
    assert not (tmp_path / "other").exists()
