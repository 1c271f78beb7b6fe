"""Two versions of a corpus are compared: what moved, and why."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands import run
from tests.small_corpus import THOUGHTS
from thoughtmill.factory.commands.versions import NEEDED, folder_of
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.corpus import manifest
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import write_json
from thoughtmill.schemas import TABLES

CHAIN = "ours-train-0/cot/0"


def change(data: Path, name: str, row: Callable[[tables.Row], tables.Row | None]) -> None:
    """Change or drop rows of a table, and write the manifest of the new version."""
    table = TABLES[name.partition("/")[0]]
    path = data / f"{name}.parquet"
    kept = [changed for old in tables.TableReader(path, table) if (changed := row(old)) is not None]
    tables.write(path, table, kept)
    write_json(data / "manifest.json", manifest(data, THOUGHTS))


def diff(old: Path, new: Path, *words: str) -> Any:
    done = run(old.parent, "diff", str(old), str(new), "--json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def new(small_corpora: tuple[Path, Path], tmp_path: Path) -> Path:
    """A copy of the small corpus, to change."""
    return shutil.copytree(small_corpora[1], tmp_path / "new" / "data")


def causes(found: Any) -> list[tuple[Any, ...]]:
    return [(row["cause"], row["old_outcome"], row["new_outcome"]) for row in found["records"]]


def test_equal_versions_say_that_nothing_moved(built_corpus: Path, new: Path) -> None:
    done = run(built_corpus.parent, "diff", str(built_corpus), str(new), "--exit-code")
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    assert "nothing moved" in done.stdout


def only(key: str, value: str, **changes: Any) -> Callable[[tables.Row], tables.Row]:
    """Return a change of the row whose column `key` begins with `value`."""
    return lambda row: {**row, **changes} if str(row[key]).startswith(value) else row


@pytest.mark.parametrize(
    ("table", "changes", "cause"),
    [
        ("completions/cot", {"completion": "12!", "prompt_sha": "2" * 64}, "prompt"),
        ("completions/cot", {"completion": "12!", "model": "another"}, "model"),
        ("completions/cot", {"completion": "12!"}, "completion"),
        ("records", {"rationale": "12"}, "parser"),
        ("records", {"predicted_answer": "13"}, "solver"),
    ],
)
def test_a_verdict_that_moved_says_why(
    built_corpus: Path, new: Path, table: str, changes: dict[str, Any], cause: str
) -> None:
    key = "completion_id" if "completions" in table else "record_id"
    change(new, table, only(key, CHAIN, **changes))
    change(new, "records", only("record_id", CHAIN, correct=False))
    assert causes(diff(built_corpus, new)) == [(cause, "correct", "incorrect")]


def test_a_record_that_is_no_longer_kept_says_why(built_corpus: Path, new: Path) -> None:
    change(new, "records", only("record_id", CHAIN, drop_reason="impure", kept=False))
    found = diff(built_corpus, new)
    assert causes(found) == [("curation", "correct", "correct")]
    assert found["records"][0]["kept"] == -1


def test_a_changed_gold_answer_is_a_change_of_the_problem_and_the_cause_of_its_verdicts(
    built_corpus: Path, new: Path
) -> None:
    change(new, "problems", only("problem_id", "ours-train-0", answer="13"))
    change(new, "records", only("record_id", "ours-train-0/", correct=False))
    found = diff(built_corpus, new)
    assert found["problems"] == [{"change": "gold answer", "problems": 1}]
    assert causes(found) == [("gold answer", "correct", "incorrect")] * 2


def test_lost_and_added_records_are_counted_and_the_exit_status_tells(built_corpus: Path, new: Path) -> None:
    change(new, "records", lambda row: None if row["record_id"] == CHAIN else row)
    assert causes(diff(built_corpus, new)) == [("lost", "correct", None)]
    assert causes(diff(new, built_corpus)) == [("added", None, "correct")]
    assert run(new.parent, "diff", str(built_corpus), str(new), "--exit-code").returncode == 1


def test_a_check_that_turned_is_counted(built_corpus: Path, new: Path) -> None:
    change(new, "checks", only("record_id", CHAIN, passed=False))
    assert diff(built_corpus, new)["checks"] == [
        {"check": "agreement", "added": 0, "lost": 0, "now_passed": 0, "now_failed": 1}
    ]


def test_both_versions_can_be_queried(built_corpus: Path, new: Path) -> None:
    change(new, "records", only("record_id", CHAIN, correct=False))
    query = """
        select record_id from old.records o join new.records n using (record_id) where o.correct <> n.correct
    """
    assert diff(built_corpus, new, "--sql", query) == [{"record_id": CHAIN}]


@pytest.fixture(scope="module")
def project(small_corpora: tuple[Path, Path], forks: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git and DVC project whose corpus has two versions: the tag `first`, and the working copy."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(small_corpora[1], folder / "data")
    shutil.rmtree(folder / "data" / "release")
    (folder / "params.yaml").write_text("thoughts: [cot, pot]\n")
    (folder / ".gitignore").write_text("data/\n")
    outs = "".join(
        f"      - data/{name}\n"
        for name in (*NEEDED, "refused.parquet")
    )  # fmt: skip
    (folder / "dvc.yaml").write_text(f"stages:\n  made:\n    cmd: 'true'\n    outs:\n{outs}")
    for words in (
        ["git", "init", "-q"],
        ["git", "config", "user.email", "me@example.org"],
        ["git", "config", "user.name", "me"],
        [str(forks / "dvc"), "init", "-q"],
        [str(forks / "dvc"), "commit", "-q", "-f"],
        ["git", "add", "-A"],
        ["git", "commit", "-q", "-m", "first"],
    ):
        subprocess.run(words, cwd=folder, check=True, capture_output=True)
    return folder


def thoughtmill(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command with git on its path."""
    return run(project, *words, PATH=os.environ["PATH"])


def test_a_named_version_of_a_project_is_found_by_its_name(project: Path) -> None:
    told = thoughtmill(project, "tag", "first").stdout
    assert "first is data version" in told
    assert "push" not in told, "there is no remote"
    subprocess.run(["git", "remote", "add", "there", "/there"], cwd=project, check=True)
    subprocess.run(["git", "tag", "-d", "first"], cwd=project, check=True, capture_output=True)
    assert thoughtmill(project, "tag", "first").stdout.endswith("share it with: git push there first\n")
    change(project / "data", "records", only("record_id", CHAIN, correct=False))
    done = thoughtmill(project, "diff", "first", "data", "--json")
    assert causes(json.loads(done.stdout)) == [("comparison", "correct", "incorrect")], done.stderr
    query = """
        select count(*) as moved from old.records o join records n using (record_id)
        where o.correct <> n.correct
    """
    asked = thoughtmill(project, "sql", "--json", "--with", "old=first", query)
    assert json.loads(asked.stdout) == [{"moved": 1}], asked.stderr


def test_a_version_that_is_nowhere_is_one_line(project: Path) -> None:
    done = thoughtmill(project, "diff", "no-such-tag", "data")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "git knows no revision no-such-tag" in done.stderr


def test_in_a_project_without_a_commit_no_version_has_a_name(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    with pytest.raises(ThoughtmillError, match="git knows no revision v1: nothing is committed yet"):
        folder_of("v1", tmp_path, tmp_path / "v1")


def test_a_lock_that_is_not_committed_is_not_named(project: Path) -> None:
    lock = project / "dvc.lock"
    before = lock.read_text()
    lock.write_text(before + "# other\n")
    done = thoughtmill(project, "tag", "second")
    lock.write_text(before)
    assert (done.returncode, "dvc.lock has changes" in done.stderr) == (2, True)
