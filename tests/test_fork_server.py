"""A forked process has the words, folder, environment, files and end of one that is started."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fork_server import forked_by, spec_of
from tests.waiting import until

SAYS = (
    "import os, sys; print(*sys.argv, os.getcwd(), os.environ['GIVEN'], sys.stdin.read(), "
    "'__file__' in globals(), sep='|')"
)
WAITS = (
    "import os, time\ntry: print(os.getpid(), flush=True); time.sleep(600)\nexcept KeyboardInterrupt: exit(7)"
)

SERVES = (
    "import socket, subprocess; from tests.fork_server import served; "
    "print(subprocess.Popen(['sleep', '600'], stdout=subprocess.DEVNULL).pid, flush=True); "
    "served(socket.create_server(('127.0.0.1', 0)))"
)


@pytest.fixture(params=["forked", "started"])
def python(request: pytest.FixtureRequest, forks: Path) -> str:
    return str(forks / "python") if request.param == "forked" else sys.executable


def waiting(python: str) -> tuple["subprocess.Popen[str]", int]:
    """Return a process that waits, and the id of the process that says so."""
    process = subprocess.Popen([python, "-c", WAITS], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def test_its_words_folder_environment_and_input_are_those_given(python: str, tmp_path: Path) -> None:
    (tmp_path / "says.py").write_text(SAYS)
    env = os.environ | {"GIVEN": "this", "PYTHONPATH": str(tmp_path)}
    for words, name in (
        (["-c", SAYS], "-c"), (["-m", "says"], tmp_path / "says.py"), (["says.py"], "says.py")
    ):  # fmt: skip
        done = subprocess.run(
            [python, "-u", *words, "a b", "-u"],
            cwd=tmp_path,
            env=env,
            input="in",
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == f"{name}|a b|-u|{tmp_path}|this|in|{words[0] != '-c'}\n"


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("", 0, ""),
        ("raise SystemExit(3)", 3, ""),
        ("raise SystemExit('why')", 1, "why"),
        ("import atexit; atexit.register(print, 'why'); 1 / 0", 1, "ZeroDivisionError"),
        ("raise KeyboardInterrupt", -2, "KeyboardInterrupt"),
        ("import no_such_module", 1, "No module named 'no_such_module'"),
        ("import os; os.kill(os.getpid(), 9)", -9, ""),
    ],
)
def test_it_ends_with_the_status_and_the_words_of_its_code(
    python: str, code: str, status: int, said: str
) -> None:
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert said in done.stderr
    assert done.stdout == ("why\n" if "atexit" in code else "")


def test_an_interrupt_reaches_it(python: str) -> None:
    process, _ = waiting(python)
    with process:
        process.send_signal(signal.SIGINT)
        assert process.wait() == 7


def test_it_is_killed_with_the_process_that_stands_for_it(python: str) -> None:
    process, pid = waiting(python)
    with process:
        process.kill()
        assert process.wait() == -signal.SIGKILL
    until(lambda: not Path(f"/proc/{pid}/stat").exists())


def test_it_can_be_killed_itself(python: str) -> None:
    process, pid = waiting(python)
    with process:
        assert forked_by(process) == pid
        os.kill(pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert not Path(f"/proc/{pid}/stat").exists()


def test_processes_of_xdist_are_forked_unless_their_spec_says_where_or_how_they_run() -> None:
    assert spec_of("2*popen", Path("/a b/python")) == "2*popen//python='/a b/python'"
    for spec in ("popen//python=python3.14", "3*popen//chdir=away", "ssh=there"):
        assert spec_of(spec, Path("/python")) == spec


def test_nothing_is_left_when_the_server_ends() -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", SERVES], start_new_session=True, **pipes) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
    until(lambda: not Path(f"/proc/{pid}/stat").exists())
