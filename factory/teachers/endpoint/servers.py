"""Servers of a model on this machine: start one per GPU, wait until they answer, end them in time."""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.progress_files import WaitLine

LOOK_EVERY_S = 0.5
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Asks without the proxy that the environment may name: it does not reach this machine."""
START = """
import ctypes, os, signal, sys
call = getattr(ctypes.CDLL(None), "prctl", None)
call and call(1, signal.SIGTERM)
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""Runs a command that Linux ends when its parent is killed; 1 is PR_SET_PDEATHSIG."""

_running: dict[tuple[str, ...], list["LocalServer"]] = {}


@dataclass
class LocalServer:
    """A server process; it answers at `url` once it is ready."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def is_ready(self) -> bool:
        """Say whether it answers; if it has ended, raise a `ThoughtmillError` with its last line."""
        if self.process.poll() is not None:
            lines = self.log.read_text("utf-8", "replace").split("\n")
            last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
            raise ThoughtmillError(f"the server ended while it started: {last}; all it said is in {self.log}")
        try:
            with DIRECTLY.open(f"{self.url}/models", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def devices() -> list[str]:
    """Return the GPUs that this process may use; Ray names those of a worker in the environment."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [each for each in named.split(",") if each.strip()]
    if shutil.which("nvidia-smi") is None:
        return []
    listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False).stdout
    return [str(number) for number, _ in enumerate(filter(None, listed.splitlines()))]


def shared_out(gpus: Sequence[str], replicas: int) -> list[str | None]:
    """Return the GPUs of each replica; None leaves the environment as it is.

    >>> shared_out(["0", "1", "2", "3"], 2)
    ['0,2', '1,3']
    >>> shared_out(["0", "1"], 0)
    ['0', '1']
    >>> shared_out([], 0)
    [None]
    """
    count = replicas or len(gpus) or 1
    return [",".join(gpus[number::count]) or None for number in range(count)]


def running(command: Sequence[str], replicas: int, start_s: float) -> list[str]:
    """Return the addresses of servers that run `command`; those of an earlier call are used again.

    Each gets `--host` and `--port`. A command that is missing, and servers that do not answer within
    `start_s`, raise a `ThoughtmillError`.
    """
    key = (*command, str(replicas))
    if any(server.process.poll() is not None for server in _running.get(key, ())):
        _end(_running.pop(key))
    if key not in _running:
        servers = _running[key] = []
        with ExitStack() as undone:
            undone.callback(lambda: _end(_running.pop(key)))
            for gpus in shared_out(devices(), replicas):
                servers.append(_started(command, gpus))
            _wait(servers, start_s)
            undone.pop_all()
    return [server.url for server in _running[key]]


def _started(command: Sequence[str], gpus: str | None) -> LocalServer:
    if shutil.which(command[0]) is None:
        raise ThoughtmillError(
            f"generate.vllm.command: there is no `{command[0]}`: install vLLM, or give the command's path"
        )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    handle, name = tempfile.mkstemp(prefix="thoughtmill-server-", suffix=".log")
    environment = {**os.environ, **({} if gpus is None else {"CUDA_VISIBLE_DEVICES": gpus})}
    words = [sys.executable, "-c", START, *command, "--host", "127.0.0.1", "--port", str(port)]
    try:
        process = subprocess.Popen(
            words,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    finally:
        os.close(handle)
    return LocalServer(process, f"http://127.0.0.1:{port}/v1", Path(name))


def _wait(servers: Sequence[LocalServer], start_s: float) -> None:
    """Wait until all servers answer."""
    give_up_s, wait_line = time.monotonic() + start_s, WaitLine()
    while not all(server.is_ready() for server in servers):
        if time.monotonic() > give_up_s:
            raise ThoughtmillError(
                f"the servers do not answer within {start_s:g} s: raise generate.vllm.start_s, or see what "
                f"they say in {servers[0].log}"
            )
        wait_line.waits(f"{len(servers)} servers to load the model")
        time.sleep(LOOK_EVERY_S)
    wait_line.goes_on()


def _end(servers: Sequence[LocalServer]) -> None:
    for server in servers:
        if server.process.poll() is None:
            os.killpg(server.process.pid, signal.SIGTERM)
    for server in servers:
        try:
            server.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(server.process.pid, signal.SIGKILL)


@atexit.register
def _end_all() -> None:
    while _running:
        ended = _running.popitem()[1]
        logs = [server.log for server in ended if server.process.poll() is None]  # who died may say why
        _end(ended)
        for log in logs:
            log.unlink(missing_ok=True)
