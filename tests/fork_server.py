"""Forks processes from one that has imported the libraries: those of xdist, and those that tests start.

Importing pandas, DuckDB and DVC takes a stage longer than its work on a small corpus; torch and transformers
take longer still. A forked process imports all of ours anew, from the folder and `PYTHONPATH` that it is
given; it shares the seed of hashes with its siblings. Tests of imports, of workers and of hashes start real
processes.
"""

import atexit
import gc
import importlib
import marshal
import os
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

LIBRARIES = (
    "pandera.pandas", "duckdb", "pyarrow.parquet", "pydantic", "yaml", "sympy", "jinja2", "pydantic_monty",
    "rensa", "tabulate", "dvc.cli", "dvc.commands.repro", "dvc.repo", "openai", "datasets", "fastapi",
    "torch", "transformers", "peft", "hypothesis",
)  # fmt: skip


class ProcessRequest(NamedTuple):
    """What a process is to be: the words after `python`, its folder, its environment, and its first files."""

    words: list[str]
    folder: str
    environment: dict[str, str]
    files: list[int]


@contextmanager
def forking(folder: Path) -> Iterator[Path]:
    """Yield a folder with a `python` and a `dvc`, for `PATH`, that are forked from a server."""
    path, bin_ = folder / "forks", folder / "bin"
    bin_.mkdir()
    client = [sys.executable, "-I", "-S", str(Path(__file__).with_name("fork_client.py")), str(path)]
    for name, words in (("python", []), ("dvc", ["-m", "dvc"])):
        (bin_ / name).write_text(f'#!/bin/sh\nexec {shlex.join(client + words)} "$@"\n')
        (bin_ / name).chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(64)
        server = subprocess.Popen(
            [sys.executable, __file__, str(listener.fileno())],
            env=os.environ | {"PYTHONPATH": ""}, pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    with server:  # it ends with its standard input
        yield bin_


def spec_of(spec: str, python: Path) -> str:
    """Return a spec of xdist with this Python; one that says where its processes are, or how, stays."""
    return f"{spec}//python={shlex.quote(str(python))}" if spec.rpartition("*")[2] == "popen" else spec


def forked_by(process: "subprocess.Popen[Any]") -> int:
    """Return the id of the process that a started one stands for, or its own if it is none of ours."""
    name = Path(f"/proc/{process.pid}/comm").read_text()
    return int(name[1:]) if name.startswith("=") else process.pid


def served(listener: socket.socket) -> ProcessRequest:
    """Return, in a new process for each client, what it is to be; when standard input ends, all end.

    A terminal's Ctrl-C reaches none of them, as their session is the server's: so none may be left.
    """
    while True:
        ready, *_ = select.select([0, listener], [], [])
        with suppress(ChildProcessError):  # none is left
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if 0 in ready:
            os.killpg(os.getpid(), signal.SIGKILL)
        client = listener.accept()[0]
        if not os.fork():
            return kept(client)
        client.close()


def kept(client: socket.socket) -> ProcessRequest:
    """Return in a new process what a client asks for; keep them together until one ends, then exit."""
    size, files, *_ = socket.recv_fds(client, 8, 3)
    request = client.recv(int.from_bytes(size), socket.MSG_WAITALL)
    if not (pid := os.fork()):
        return ProcessRequest(*marshal.loads(request), files)
    with suppress(OSError):  # a client that was killed
        client.sendall(pid.to_bytes(8))
    ended = os.pidfd_open(pid)
    for file in files:
        os.close(file)
    while ended not in (ready := select.select([ended, client], [], [])[0]):
        if client in ready:
            for number in client.recv(16) or bytes([signal.SIGKILL]):
                os.kill(pid, number)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with suppress(OSError):  # a client that was killed hears nothing
        client.sendall(status.to_bytes(8, signed=True))
    os._exit(0)


def begin(request: ProcessRequest, paths: list[str]) -> Callable[[], object]:
    """Make this process what was asked for, and return its work."""
    for at, file in enumerate(request.files):
        os.dup2(file, at)
    os.closerange(3, max(request.files) + 64)
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environment)
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    kind, what, *words = request.words if request.words[0] in ("-m", "-c") else ("", *request.words)
    first = {"-m": request.folder, "-c": ""}.get(kind, os.path.dirname(os.path.abspath(what)))
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:] = [first, *filter(None, given), *paths]
    importlib.invalidate_caches()
    sys.argv[:] = [kind or what, *words]
    sys.modules["__main__"] = main = types.ModuleType("__main__")
    if kind == "-m":
        return partial(runpy._run_module_as_main, what)  # type: ignore[attr-defined]  Python itself calls it
    if kind == "-c":
        return partial(exec, what, main.__dict__)
    main.__file__ = what
    return partial(exec, compile(Path(what).read_text(), what, "exec"), main.__dict__)


def end(work: Callable[[], object]) -> NoReturn:
    """Do the work and end as Python does, but leave memory as it is: to tidy it takes a third of a second."""
    status, interrupted = 0, False
    try:
        work()
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else int(left.code is not None)
        if isinstance(left.code, str):
            print(left.code, file=sys.stderr)
    except BaseException as error:  # noqa: BLE001  all that Python itself would show
        sys.excepthook(type(error), error, error.__traceback__)
        status, interrupted = 1, isinstance(error, KeyboardInterrupt)
    threading._shutdown()  # type: ignore[attr-defined]  as Python does before its end
    atexit._run_exitfuncs()
    sys.stdout.flush()
    if interrupted:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(status & 255)


if __name__ == "__main__":
    paths = sys.path[1:]
    for library in LIBRARIES:
        importlib.import_module(library)
    gc.freeze()  # so that no process that is forked copies what is here already
    end(begin(served(socket.socket(fileno=int(sys.argv[1]))), paths))
