import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.test_origins import ORIGIN
from thoughtmill.train.students.origins import WEIGHTS, write_origin

Push = Callable[[str, str], str]


class Hub(http.server.BaseHTTPRequestHandler):
    """A Hub that takes small files of one owner, and keeps them."""

    files: dict[str, bytes] = {}  # noqa: RUF012  the server makes one instance per request

    def do_GET(self) -> None:
        if "/tree/" in self.path:
            return self._answer([])
        found = self.path.startswith("/api/models/mill/ir")
        return self._answer({"id": "mill/ir", "sha": "0" * 40, "siblings": []}, 200 if found else 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/api/repos/create" and json.loads(body).get("organization") != "mill":
            self._answer({"error": "You have no right to mill2"}, 403)
        elif self.path.endswith("/preupload/main"):
            asked = json.loads(body)["files"]
            self._answer(
                {
                    "files": [
                        {"path": one["path"], "uploadMode": "regular", "shouldIgnore": False} for one in asked
                    ]
                }
            )
        elif "/commit/main" in self.path:
            Hub.files = {"commit": body}
            self._answer({"commitUrl": f"{self._hub()}/mill/ir/commit/1", "commitOid": "1", "hookOutput": ""})
        else:
            self._answer({"url": f"{self._hub()}/mill/ir"})

    def _hub(self) -> str:
        return f"http://{self.headers['Host']}"

    def _answer(self, told: object, status: int = 200) -> None:
        content = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def push(tmp_path: Path) -> Iterator[Push]:
    """Yield a function that pushes one adapter to a repository in a process of its own."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    hub = {"HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / "home"), "HF_TOKEN": "token"}

    def pushed(role: str, repository: str) -> str:
        words = [sys.executable, "-m", "thoughtmill.factory.commands.cli", "push-adapter", role, repository]
        words += ["--folder", str(tmp_path / "ir")]
        told = subprocess.run(
            words,
            cwd=Path(__file__).parents[1],
            env=os.environ | hub,
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.returncode == (2 if told.stderr else 0)
        return (told.stdout or told.stderr).strip()

    yield pushed
    server.shutdown()
    server.server_close()


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    folder = tmp_path / "ir"
    folder.mkdir()
    (folder / WEIGHTS).write_bytes(b"weights")
    (folder / "adapter_config.json").write_text("{}")
    write_origin(folder, ORIGIN)
    return folder


def test_an_adapter_is_pushed_with_its_card_and_its_origin(adapter: Path, push: Push) -> None:
    assert push("ir", "mill/ir").endswith("/mill/ir/commit/1")
    sent = [json.loads(one) for one in Hub.files["commit"].splitlines()]
    assert sent[0]["value"]["summary"] == f"ir, data version {'v' * 64}"
    names = {one["value"]["path"] for one in sent[1:]}
    assert names == {file.name for file in adapter.iterdir()}
    assert {WEIGHTS, "adapter_config.json", "thoughtmill.json", "README.md"} <= names


def test_a_truncated_adapter_is_not_pushed(adapter: Path, push: Push) -> None:
    (adapter / WEIGHTS).write_bytes(b"weig")
    assert push("ir", "mill/ir").startswith(f"error: {adapter} holds a file that is truncated or changed")


def test_a_refusal_of_the_hub_is_one_line(adapter: Path, push: Push) -> None:
    told = push("ir", "other/ir")
    assert told.startswith("error: the Hub did not take other/ir: ")
    assert "\n" not in told


def test_an_adapter_of_another_role_is_not_pushed(adapter: Path, push: Push) -> None:
    assert push("kg", "mill/kg") == f"error: {adapter} is an adapter for role `ir`, not `kg`"
