"""The teacher `vllm`: it starts a server per GPU when it must ask, and leaves none behind."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import until
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import running
from thoughtmill.factory.core.params import validated
from thoughtmill.factory.teachers import Reply, Request, openai, vllm
from thoughtmill.factory.teachers.endpoint import servers

STAND_IN = f"""#!{sys.executable}
import json, os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

if "--broken" in sys.argv:
    sys.exit("no such model: " + sys.argv[2])

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send(dict(data=[]))

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = " ".join([asked["model"], "on", os.environ["CUDA_VISIBLE_DEVICES"], "in", str(os.getpid())])
        message = dict(role="assistant", content=text)
        usage = dict(prompt_tokens=1, completion_tokens=1)
        self.send(dict(choices=[dict(index=0, message=message, finish_reason="stop")], usage=usage))

    def send(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass

port = int(sys.argv[sys.argv.index("--port") + 1])
ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def stand_in(path: Path) -> Path:
    """Write a stand-in for the command `vllm`."""
    path.write_text(STAND_IN)
    path.chmod(0o755)
    return path


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A stand-in for the command `vllm`, on a machine with two GPUs."""
    path = stand_in(tmp_path / "vllm")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    monkeypatch.setenv("THOUGHTMILL_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setattr(servers, "LOOK_EVERY_S", 0.02)
    yield path
    servers._end_all()


def settings(path: Path, **given: Any) -> vllm.VllmTeacherSettings:
    known = {"model": "ours/big", "command": [str(path), "serve"], **given}
    return validated(known, vllm.VllmTeacherSettings, "params.yaml: generate.vllm")


def replies(chosen: vllm.VllmTeacherSettings, count: int) -> list[Reply]:
    prompts = [({"role": "user", "content": f"p{number}"},) for number in range(count)]
    requests = [Request({}, "cot", 0, prompt, {"max_tokens": 9}) for prompt in prompts]
    return list(vllm.make(chosen, Path(), ()).complete(requests))


def test_each_gpu_has_a_server_all_are_asked_and_a_rebuild_starts_none(
    command: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = replies(settings(command), 12)
    texts = {str(reply.completion).partition(" in ")[0] for reply in found}
    assert texts == {"ours/big on 0", "ours/big on 1"}
    more = replies(settings(command), 24)
    pids = {str(reply.completion).rpartition(" ")[2] for reply in more}
    assert len(pids) == 2  # the servers of before
    monkeypatch.setattr(servers, "running", lambda *_: pytest.fail("it started servers"))
    again = replies(settings(command, replicas=1), 24)
    assert {reply.completion for reply in again} == {reply.completion for reply in more}
    logs = [server.log for each in servers._running.values() for server in each]
    assert len(logs) == 2 and all(log.exists() for log in logs)
    servers._end_all()
    assert not any(running(int(pid)) for pid in pids)
    assert not any(log.exists() for log in logs)


def test_replicas_share_the_gpus_of_a_machine_and_are_asked_without_its_proxy(
    command: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    (reply,) = replies(settings(command, replicas=1), 1)
    assert str(reply.completion).startswith("ours/big on 0,1 in ")


def test_its_budget_counts_what_grow_asked(
    command: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[Path] = []
    monkeypatch.setattr(openai, "paid_by_grow", lambda folder, _: counted.append(folder) or ())
    chosen = settings(command, max_usd=1.0, prices={"ours/big": {"prompt": 1.0, "completion": 1.0}})
    assert list(vllm.make(chosen, tmp_path, ()).complete([])) == []
    assert counted == [tmp_path]


def test_a_server_that_cannot_start_is_one_line_with_its_last_words(command: Path) -> None:
    with pytest.raises(
        ThoughtmillError, match=r"^the server ended while it started: no such model: ours/big"
    ):
        replies(settings(command, arguments=["--broken"]), 1)
    with pytest.raises(ThoughtmillError, match=r"^generate\.vllm\.command: there is no `nowhere`: install"):
        replies(settings(command, command=["nowhere"]), 1)


PARENT = """
import sys, time
from thoughtmill.factory.teachers.endpoint import servers
servers.running([sys.argv[1], "serve", "m"], 1, 60)
print(next(iter(servers._running.values()))[0].process.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_a_server_ends_when_its_parent_is_killed(command: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    words = [sys.executable, "-c", PARENT, str(command)]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert running(pid)
        parent.kill()
    until(lambda: not running(pid))
