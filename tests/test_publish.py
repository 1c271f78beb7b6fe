"""`push-adapter`: an adapter goes to the Hub with its card and origin, if it is whole and of its role."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import hub
from tests.commands import run
from tests.test_origins import ORIGIN
from thoughtmill.train.students.origins import WEIGHTS, write_origin

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # huggingface_hub's own
Push = Callable[..., str]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[hub.Hub]:
    with hub.Hub() as running:
        hub.redirect(monkeypatch, running.host, tmp_path / "home")
        yield running


@pytest.fixture
def push(tmp_path: Path, server: hub.Hub) -> Push:
    """Return a function that pushes one adapter to a repository."""

    def pushed(*words: str) -> str:
        done = run(tmp_path, "push-adapter", *words, "--folder", str(tmp_path / "ir"), HF_TOKEN="token")
        assert done.returncode == (2 if "error:" in done.stderr else 0)
        return (done.stdout or done.stderr).strip()

    return pushed


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    folder = tmp_path / "ir"
    folder.mkdir()
    (folder / WEIGHTS).write_bytes(b"weights")
    (folder / "adapter_config.json").write_text("{}")
    write_origin(folder, ORIGIN)
    return folder


def test_an_adapter_is_pushed_with_its_card_and_its_origin(
    adapter: Path, push: Push, server: hub.Hub
) -> None:
    said = push("ir", "mill/ir")
    (_, commit) = server.repositories["mill/ir"].commits
    assert said.endswith(f"mill/ir holds ir, commit {commit.oid[:12]}")
    assert commit.message == f"ir, data version {'v' * 64}"
    names = set(commit.files) - {".gitattributes"}
    assert names == {file.name for file in adapter.iterdir()}
    assert {WEIGHTS, "adapter_config.json", "thoughtmill.json", "README.md"} <= names


def test_a_model_of_somebody_else_is_not_overwritten(adapter: Path, push: Push, server: hub.Hub) -> None:
    server.repositories["mill/ir"] = hub.StoredRepository()
    server.repositories["mill/ir"].commits[-1].files["README.md"] = b"theirs"
    assert push("ir", "mill/ir").endswith(
        "holds README.md, which no push put there: say --mirror to overwrite"
    )
    push("ir", "mill/ir", "--mirror")
    head = server.repositories["mill/ir"].commits[-1]
    assert head.files["README.md"] == (adapter / "README.md").read_bytes()


def test_a_truncated_adapter_is_not_pushed(adapter: Path, push: Push) -> None:
    (adapter / WEIGHTS).write_bytes(b"weig")
    assert push("ir", "mill/ir").startswith(f"error: {adapter} holds a file that is truncated or changed")


def test_a_refusal_of_the_hub_is_one_line(adapter: Path, push: Push) -> None:
    told = push("ir", "other/ir")
    assert told.startswith("error: the Hub did not take other/ir: ")
    assert "\n" not in told


def test_an_adapter_of_another_role_is_not_pushed(adapter: Path, push: Push) -> None:
    assert push("kg", "mill/kg") == f"error: {adapter} is an adapter for role `ir`, not `kg`"
