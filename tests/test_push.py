"""A release reaches the Hub whole or not at all, and nobody's files or versions are lost by it."""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow
import pytest
from datasets import load_dataset
from huggingface_hub import constants

from tests import hub
from thoughtmill.factory.commands import uploads
from thoughtmill.factory.commands.push import push
from thoughtmill.factory.commands.uploads import Repository
from thoughtmill.factory.core import corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest, write_json
from thoughtmill.factory.core.parquet import FileWriter

HERE = Repository("mill/corpus", "dataset")

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # huggingface_hub's own


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[hub.Hub]:
    with hub.Hub() as running:
        hub.redirect(monkeypatch, running.host, tmp_path / "home")
        monkeypatch.setenv("HF_TOKEN", "token")
        monkeypatch.setattr(uploads, "WAITS_S", (0.01, 0.01))
        yield running


@pytest.fixture
def made(built_corpus: Path, tmp_path: Path) -> Path:
    """A release of one's own to change."""
    return Path(shutil.copytree(built_corpus / "release", tmp_path / "release"))


def other_version(made: Path) -> str:
    """Make another data version of a release: rules instead of chains."""
    manifest = json.loads((made / "manifest.json").read_text())
    shutil.rmtree(made / "cot")
    (made / "README.md").write_text("another card")
    proof = {name: sha for name, sha in manifest["release"].items() if not name.startswith("cot/")}
    proof["README.md"] = digest(made / "README.md")
    write_json(made / "manifest.json", manifest | {"data_version": "f" * 64, "release": proof})
    return str(manifest["data_version"])


def files(server: hub.Hub, name: str = "mill/corpus") -> dict[str, bytes]:
    """Return the files at the head of a repository, without those of the Hub."""
    return {path: text for path, text in head(server, name).files.items() if path != ".gitattributes"}


def head(server: hub.Hub, name: str = "mill/corpus") -> hub.Commit:
    return server.repositories[name].commits[-1]


def on_disk(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_a_release_is_one_commit_that_names_its_data_version(made: Path, server: hub.Hub) -> None:
    said = push(made, HERE)
    version = json.loads((made / "manifest.json").read_text())["data_version"]
    assert said == f"mill/corpus holds data version {version[:12]}, commit {head(server).oid[:12]}"
    assert head(server).message == f"Data version {version}"
    assert files(server) == on_disk(made)
    assert len(server.repositories["mill/corpus"].commits) == 2


def test_a_version_that_is_there_is_not_sent_again(made: Path, server: hub.Hub) -> None:
    push(made, HERE)
    sent, commits = server.sent, len(server.repositories["mill/corpus"].commits)
    assert push(made, HERE).endswith(" already")
    assert (server.sent, len(server.repositories["mill/corpus"].commits)) == (sent, commits)


def test_another_version_is_replaced_only_by_its_name(made: Path, server: hub.Hub) -> None:
    push(made, HERE)
    before = files(server)
    version = other_version(made)
    for wrong in ("", "0000"):
        with pytest.raises(
            ThoughtmillError, match=f"holds data version {version[:12]}.*--replace {version[:12]}"
        ):
            push(made, HERE, replace=wrong)
    assert files(server) == before
    push(made, HERE, replace=version[:8])
    assert files(server) == on_disk(made)  # and the chains of the earlier version are gone


def test_files_of_others_stay(made: Path, server: hub.Hub) -> None:
    push(made, HERE)
    head(server).files["notes/mine.txt"] = b"mine"
    push(made, HERE, replace=other_version(made))
    assert files(server) == on_disk(made) | {"notes/mine.txt": b"mine"}


def test_a_card_of_others_is_overwritten_only_by_a_mirror(made: Path, server: hub.Hub) -> None:
    server.repositories["mill/corpus"] = hub.StoredRepository()
    head(server).files |= {"README.md": b"theirs", "notes.txt": b"theirs"}
    with pytest.raises(ThoughtmillError, match=r"holds README\.md, which no push put there: say --mirror"):
        push(made, HERE)
    push(made, HERE, mirror=True)
    assert files(server) == on_disk(made)


def test_a_push_goes_on_where_it_was_cut_off(made: Path, server: hub.Hub) -> None:
    server.faults = ["commit"] * 3
    with pytest.raises(ThoughtmillError, match="the Hub did not take mill/corpus"):
        push(made, HERE)
    sent = server.sent
    assert sent
    assert not files(server)
    push(made, HERE)
    assert server.sent == sent
    assert files(server) == on_disk(made)


def test_a_fault_of_the_server_is_tried_again(made: Path, server: hub.Hub) -> None:
    server.faults = ["commit", "commit"]
    push(made, HERE)
    assert files(server) == on_disk(made)


def test_a_commit_whose_answer_is_lost_is_not_made_twice(made: Path, server: hub.Hub) -> None:
    server.faults = ["answer"]
    push(made, HERE)
    assert len(server.repositories["mill/corpus"].commits) == 2


def test_a_version_gets_a_name_that_no_other_version_takes(made: Path, server: hub.Hub) -> None:
    assert push(made, HERE, name="v1").endswith(", tag v1")
    assert server.repositories["mill/corpus"].tags == {"v1": head(server).oid}
    assert push(made, HERE, name="v1").endswith(", tag v1")  # again, without harm
    assert push(made, HERE, name="first").endswith(", tag first")
    before = files(server)
    version = other_version(made)
    with pytest.raises(ThoughtmillError, match="the tag v1 of mill/corpus is another version"):
        push(made, HERE, replace=version, name="v1")
    assert files(server) == before


def test_a_changed_release_is_not_pushed(made: Path, server: hub.Hub) -> None:
    (made / "README.md").write_text("other")
    with pytest.raises(ThoughtmillError, match=r"README\.md has changed"):
        push(made, HERE)
    assert not server.repositories


def test_a_refusal_is_one_line_and_final(made: Path, server: hub.Hub) -> None:
    with pytest.raises(ThoughtmillError, match=r"did not take other/corpus: .*403") as refused:
        push(made, Repository("other/corpus", "dataset"))
    assert "\n" not in str(refused.value)


@pytest.mark.usefixtures("server")
def test_a_pushed_release_proves_itself_and_loads(made: Path) -> None:
    push(made, HERE, name="v1")
    assert load_dataset("mill/corpus", "cot", revision="v1")["train"].num_rows == 1
    folder = corpus.download("mill/corpus", "v1", "*")
    assert on_disk(folder) | {".gitattributes": b""} == on_disk(made) | {".gitattributes": b""}


def test_a_small_change_sends_few_bytes(made: Path, server: hub.Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    rows = [{"text": f"{i} and {i * i} make {i + i * i}, says {i % 97}"} for i in range(60_000)]
    sent = []
    for turn in range(2):
        sheet = pyarrow.Table.from_pylist(rows)
        with closing(FileWriter(made / "sft" / "train.parquet", sheet.schema)) as file:
            file.write(sheet)
        manifest = json.loads((made / "manifest.json").read_text())
        manifest["release"]["sft/train.parquet"] = digest(made / "sft" / "train.parquet")
        write_json(made / "manifest.json", manifest | {"data_version": str(turn) * 64})
        before = server.sent
        push(made, HERE, replace="0")
        sent.append(server.sent - before)
        rows += [{"text": f"a new text, number {i}"} for i in range(600)]
    assert 0 < sent[1] < sent[0] / 3
