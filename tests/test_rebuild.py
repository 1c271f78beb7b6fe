"""`rebuild/` beside a pushed release: what it holds, and that the same corpus is built from it again."""

import json
import shutil
import subprocess
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.repo import Repo

from tests.test_prove import ONE, built  # noqa: F401  a fixture
from tests.test_push import HERE, files, head, on_disk, server  # noqa: F401  a fixture
from thoughtmill.factory import curate, grow, tabulate, verify
from thoughtmill.factory.commands import init_from, rebuild
from thoughtmill.factory.commands.init import init
from thoughtmill.factory.commands.prove import prove
from thoughtmill.factory.commands.push import push
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # huggingface_hub's own
PRIVATE = {"teacher": "openai", "openai": {"model": "m", "base_url": "http://10.0.0.7/v1"}}


@pytest.fixture
def made(built: Path, tmp_path: Path) -> Path:  # noqa: F811  the fixture
    """The release of a project with a commit and a lock."""
    project = tmp_path / "project"
    shutil.copytree(built.parents[1], project)
    write_lock(project, digest(project / "data" / "manifest.json", "md5"))
    for words in (["init", "--quiet"], ["add", "dvc.lock"], ["commit", "--quiet", "--message", "Corpus"]):
        commit(project, *words)
    return project / "data" / "release"


def write_lock(project: Path, md5: str, generate: Any = None) -> None:
    problems = {"path": "data/problems.parquet", "md5": digest(project / "data" / "problems.parquet", "md5")}
    stages = {
        "seed": {"cmd": "seed", "outs": [problems]},
        "tabulate": {
            "cmd": "tabulate",
            "params": {
                "params.yaml": {"thoughts": ["cot", "pot"], **({"generate": generate} if generate else {})}
            },
            "outs": [{"path": "data/manifest.json", "md5": md5}],
        },
    }
    (project / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": stages}, sort_keys=False))


def commit(project: Path, *words: str) -> str:
    who = ("-c", "user.name=Mo", "-c", "user.email=mo@example.org")
    done = subprocess.run(["git", *who, *words], cwd=project, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def carried(made: Path) -> dict[str, Any]:
    """Write `rebuild/` beside a release, as who downloads it has it; return the release's manifest."""
    manifest: dict[str, Any] = json.loads((made / "manifest.json").read_text())
    for name, content in rebuild.beside(made, manifest).items():
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).write_bytes(content)
    return manifest


def test_a_push_adds_lock_commit_packages_and_recipe(made: Path, server: Any) -> None:  # noqa: F811
    push(made, HERE)
    there = files(server)
    assert there.keys() == on_disk(made).keys() | set(rebuild.FILES)
    source = json.loads(there[rebuild.SOURCE])
    assert (source["commit"], source["clean"]) == (commit(made.parents[1], "rev-parse", "HEAD"), True)
    assert yaml.safe_load(there[rebuild.LOCK])["stages"].keys() == {"seed", "tabulate"}
    assert any(line.startswith("duckdb==") for line in there[rebuild.VERSIONS].decode().splitlines())
    version = json.loads((made / "manifest.json").read_text())["data_version"]
    assert version in there[rebuild.RECIPE].decode()
    assert not (made / rebuild.FOLDER).exists()


def test_a_new_commit_of_the_same_data_is_no_new_revision(made: Path, server: Any) -> None:  # noqa: F811
    push(made, HERE)
    commit(made.parents[1], "commit", "--quiet", "--allow-empty", "--message", "Later")
    assert push(made, HERE).endswith(" already")
    assert len(server.repositories["mill/corpus"].commits) == 2


def test_a_lock_that_comes_later_is_added(made: Path, server: Any) -> None:  # noqa: F811
    lock = made.parents[1] / "dvc.lock"
    text = lock.read_text()
    lock.unlink()
    push(made, HERE)
    assert files(server) == on_disk(made)
    lock.write_text(text)
    push(made, HERE)
    assert rebuild.LOCK in files(server)


def test_the_lock_of_another_corpus_is_not_added(made: Path, server: Any) -> None:  # noqa: F811
    write_lock(made.parents[1], "0" * 32)
    push(made, HERE)
    assert files(server) == on_disk(made)


def test_a_release_without_rebuild_takes_that_of_an_earlier_one_away(made: Path, server: Any) -> None:  # noqa: F811
    push(made, HERE)
    head(server).files["rebuild/mine.txt"] = b"mine"
    version = json.loads((made / "manifest.json").read_text())["data_version"]
    manifest = json.loads((made / "manifest.json").read_text())
    (made / "manifest.json").write_text(json.dumps(manifest | {"data_version": "f" * 64}))
    push(made, HERE, replace=version)
    assert [name for name in files(server) if name.startswith(rebuild.FOLDER)] == ["rebuild/mine.txt"]


def test_endpoints_and_keys_of_the_parameters_stay_at_home(made: Path) -> None:
    project = made.parents[1]
    write_lock(project, digest(project / "data" / "manifest.json", "md5"), PRIVATE)
    held = rebuild.beside(made, json.loads((made / "manifest.json").read_text()))
    assert b"10.0.0.7" not in held[rebuild.LOCK]
    kept = yaml.safe_load(held[rebuild.LOCK])["stages"]["tabulate"]["params"]["params.yaml"]["generate"]
    assert kept == {"teacher": "openai", "openai": {"model": "m"}}


def test_a_release_with_its_rebuild_is_proved_and_pushed_on(made: Path, server: Any) -> None:  # noqa: F811
    carried(made)
    (made.parents[1] / "dvc.lock").unlink()
    assert "derived again" in prove(made, ONE)
    push(made, HERE)
    assert files(server) == on_disk(made)
    assert rebuild.LOCK in files(server)


def replaced(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return change


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("README.md", replaced("nothing is paid", "send money"), "README.md is not that of this"),
        ("dvc.lock", replaced("manifest.json", "manifest2.json"), "dvc.lock is not that of this"),
        ("dvc.lock", replaced("- cot", "- eot"), "`thoughts` is not that of origin/params.yaml"),
        ("dvc.lock", lambda text: text.replace(text.split("md5: ")[1][:32], "0" * 32, 1),
         "data/problems.parquet is another file than the release holds"),
        ("source.json", replaced('"commit": "', '"commit": "x'), "`commit`: String should match pattern"),
        ("source.json", replaced('"thoughtmill": "', '"thoughtmill": "9'), "names another version of"),
        ("constraints.txt", replaced("duckdb==", "buy: "), "constraints.txt: no version of a package: buy: "),
        ("mine.txt", lambda _: "mine", "rebuild/mine.txt does not belong to a release"),
    ],
)  # fmt: skip
def test_a_rebuild_that_is_not_of_this_release_is_named(
    made: Path, name: str, change: Any, said: str
) -> None:
    manifest = carried(made)
    path = made / rebuild.FOLDER / name
    path.write_text(change(path.read_text() if path.exists() else ""))
    (fault,) = rebuild.faults(made, manifest)
    assert said in fault
    with pytest.raises(ThoughtmillError, match="rebuild/"):
        push(made, HERE)


def test_a_missing_file_of_a_rebuild_is_named(made: Path) -> None:
    manifest = carried(made)
    (made / rebuild.LOCK).unlink()
    assert list(rebuild.faults(made, manifest)) == ["rebuild/dvc.lock is missing"]


def test_a_release_is_built_again_to_the_same_data_version(made: Path, tmp_path: Path) -> None:
    project = tmp_path / "again"
    init(project, origin=str(made))
    with chdir(project):
        for thought in ("cot", "pot"):
            verify.main(thought)
        for stage in (grow, curate, tabulate):
            stage.main()
    assert (project / "data" / "manifest.json").read_text() == (made.parent / "manifest.json").read_text()


def test_a_project_may_be_given_as_a_relative_path(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(init_from, "asks", lambda sections: True)
    with chdir(tmp_path):
        init(Path("again"), origin=str(made))
    assert (tmp_path / "again" / "data" / "grown" / "records.parquet").exists()


@pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning")  # pygtrie's, of which DVC makes use
def test_dvc_takes_problems_and_completions_of_a_release_as_they_are(made: Path, tmp_path: Path) -> None:
    project = tmp_path / "again"
    init(project, origin=str(made))
    with chdir(project), Repo(str(project)) as repo:
        repo.reproduce(["seed", "generate@cot", "generate@pot"])
    lock = yaml.safe_load((project / "dvc.lock").read_text())
    held = {out["path"]: out["md5"] for stage in lock["stages"].values() for out in stage["outs"]}
    assert held["data/problems.parquet"] == digest(made / "tables" / "problems.parquet", "md5")
    assert held["data/completions/pot.parquet"] == digest(
        made / "tables" / "completions" / "pot.parquet", "md5"
    )
    assert "check" not in lock["stages"]


@pytest.mark.parametrize(
    ("sections", "asking"),
    [
        ({}, False),
        ({"grow": {"redraw": 2}, "generate": {"teacher": "embedded"}}, False),
        ({"grow": {"redraw": 2, "rephrase": 1}}, True),
        ({"grow": {"answer_augmentation": 1}}, True),
        ({"generate": {"until": {"verified": 2, "at_most": 4}}}, True),
    ],
)
def test_growing_is_frozen_where_it_asks(sections: dict[str, Any], asking: bool) -> None:
    assert init_from.asks(sections) == asking


def test_a_project_of_no_release_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "release").mkdir()
    with pytest.raises(ThoughtmillError, match="give the folder of a release"):
        init(tmp_path / "c", origin=str(tmp_path / "release"))
    assert not (tmp_path / "c").exists()
