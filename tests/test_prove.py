"""A release proves itself, and what was changed in it does not pass."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub.errors import LocalTokenNotFoundError

from thoughtmill.factory.commands import push as pushing
from thoughtmill.factory.commands.prove import prove
from thoughtmill.factory.commands.push import push
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest
from thoughtmill.factory.thoughts.solving import VerifySettings
from thoughtmill.schemas import Released

ONE = VerifySettings(workers=1)


@pytest.fixture
def made(built_corpus: Path) -> Path:
    return built_corpus / "release"


def test_a_release_as_it_was_made_is_proved(made: Path) -> None:
    said = prove(made, ONE)
    assert "21 files and 3 rationales are what they claim" in said
    assert json.loads((made / "manifest.json").read_text())["data_version"] in said


def test_what_the_hub_adds_is_no_fault(made: Path) -> None:
    (made / ".gitattributes").touch()
    assert "are what they claim" in prove(made, ONE)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("README.md", lambda path: path.write_text("other"), "README.md has changed"),
        ("cot/train.parquet", lambda path: path.unlink(), "cot/train.parquet is missing"),
        ("pot/extra.parquet", lambda path: path.write_bytes(b""), "pot/extra.parquet is not in the manifest"),
    ],
)
def test_a_file_that_is_not_what_it_was_is_named(made: Path, name: str, change: Any, said: str) -> None:
    change(made / name)
    with pytest.raises(ThoughtmillError, match=said):
        prove(made, ONE)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("rationale", "ans = 3 + 4", "ours-train-0/pot/0: it gives 7, not 12"),
        ("rationale", "ans = nuts", "ours-train-0/pot/0: raised"),
        ("answer", "13", "ours-train-0/pot/0: the gold answer is 13, not 12"),
    ],
)
def test_a_claim_that_does_not_hold_is_named_even_under_a_fitting_digest(
    made: Path, column: str, value: str, said: str
) -> None:
    path = made / "pot" / "train.parquet"
    tables.write(path, Released, [{**row, column: value} for row in tables.TableReader(path, Released)])
    manifest = json.loads((made / "manifest.json").read_text())
    manifest["release"]["pot/train.parquet"] = digest(path)
    (made / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ThoughtmillError, match=said):
        prove(made, ONE)


def test_another_data_version_over_the_same_tables_is_named(made: Path) -> None:
    manifest = json.loads((made / "manifest.json").read_text())
    (made / "manifest.json").write_text(json.dumps({**manifest, "data_version": "0" * 64}))
    with pytest.raises(ThoughtmillError, match="the data version is not that of the tables"):
        prove(made, ONE)


class Hub:
    """Stands for the Hub's client and keeps what it was asked."""

    def __init__(self, refuses: bool = False) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.refuses = refuses
        self.commit_url = "the commit"

    def __call__(self) -> "Hub":
        return self

    def create_repo(self, name: str, **words: Any) -> None:
        if self.refuses:
            raise LocalTokenNotFoundError("no\ntoken")
        self.asked.append((name, words))

    def upload_folder(self, **words: Any) -> "Hub":
        self.asked.append((words["repo_id"], words))
        return self


def test_a_release_is_pushed_whole_under_its_data_version(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub()
    monkeypatch.setattr(pushing, "HfApi", hub)
    assert push(made, "me/corpus", private=True) == "the commit"
    (_, made_as), (_, sent) = hub.asked
    assert made_as == {"repo_type": "dataset", "private": True, "exist_ok": True}
    assert sent["folder_path"] == made
    assert json.loads((made / "manifest.json").read_text())["data_version"] in sent["commit_message"]


def test_a_changed_release_is_not_pushed(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub()
    monkeypatch.setattr(pushing, "HfApi", hub)
    (made / "README.md").write_text("other")
    with pytest.raises(ThoughtmillError, match=r"README\.md has changed"):
        push(made, "me/corpus", private=False)
    assert hub.asked == []


def test_what_the_hub_refuses_is_one_line(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "HfApi", Hub(refuses=True))
    with pytest.raises(ThoughtmillError, match="the Hub did not take me/corpus: no token"):
        push(made, "me/corpus", private=False)


def test_a_push_without_a_network_is_one_line(made: Path) -> None:
    nowhere = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_TOKEN": "token", "HF_HOME": str(made.parent)}
    done = subprocess.run(
        [sys.executable, "-m", "thoughtmill", "push", "me/corpus", "--folder", str(made)],
        cwd=Path(__file__).parents[1], env=os.environ | nowhere, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("error: the Hub did not take me/corpus: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("held", ["{", "[]", '{"data_version": "0"}'])
def test_a_torn_manifest_is_named(made: Path, held: str) -> None:
    (made / "manifest.json").write_text(held)
    for command in (lambda: prove(made, ONE), lambda: push(made, "me/corpus", private=False)):
        with pytest.raises(ThoughtmillError, match=r"manifest\.json .* give the folder of a release"):
            command()
