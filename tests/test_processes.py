"""Zygotes die, programs loop, parents are killed: the run goes on and nothing is left behind."""

import logging
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.waiting import until
from thoughtmill.factory.answers import Answer
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.solvers import programs as module
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.program.fences import FENCES
from thoughtmill.factory.solvers.program.processes import FenceMissing, Zygote
from thoughtmill.factory.solvers.program.screen import Screened
from thoughtmill.factory.solvers.programs import Programs, strongest_fence

LIMITS = Limits(wall_s=0.3, long_wall_s=0.5)
ONE = Screened("", "1", plain=True, heavy=False)
LOOP = Screened("while True: pass", "", plain=True, heavy=False)


def test_a_killed_zygote_is_a_row_and_the_next_program_runs() -> None:
    zygote = Zygote("process", LIMITS, heavy=False)
    assert zygote.run(ONE, 5.0) == ("number", "1")
    process = zygote._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert zygote.run(ONE, 5.0)[0] == "killed"
    assert zygote.run(ONE, 5.0) == ("number", "1")
    zygote.close()


@pytest.mark.parametrize("program", [ONE, ONE._replace(body="#" * 90_000)])  # a pipe holds 65,536 bytes
def test_a_stopped_zygote_is_a_time_out_and_the_next_program_runs(program: Screened) -> None:
    zygote = Zygote("process", LIMITS, heavy=False)
    zygote.run(ONE, 5.0)
    assert zygote._process is not None
    os.kill(zygote._process.pid, signal.SIGSTOP)
    assert zygote.run(program, 0.2)[0] == "timeout"
    assert zygote.run(ONE, 5.0) == ("number", "1")
    zygote.close()


def test_time_is_kept_by_the_zygote_whatever_the_program_does() -> None:
    zygote = Zygote(strongest_fence(), LIMITS, heavy=False)
    zygote.run(ONE, 5.0)
    assert zygote.run(LOOP, 0.2) == ("timeout", "not done after 0.2 s")
    assert zygote.run(ONE, 5.0) == ("number", "1")
    zygote.close()


def test_an_unknown_protection_is_a_missing_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thoughtmill.factory.solvers.program.processes.START", "import sys; sys.exit(1)")
    with pytest.raises(FenceMissing):
        Zygote("process", LIMITS, heavy=False).run(ONE, 1.0)


def test_strict_refuses_a_system_without_protections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "strongest_fence", lambda: "process")
    with pytest.raises(ThoughtmillError, match=r"set verify\.limits\.fence to auto"):
        Programs(Limits(fence="strict"))


def test_missing_protections_are_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(logging.getLogger(module.__name__), "warning", lambda *words: said.append(words[1]))
    monkeypatch.setattr(module, "FENCES", {"imaginary": object, "process": FENCES["process"]})
    module.strongest_fence.cache_clear()
    assert strongest_fence() == strongest_fence() == "process"
    module.strongest_fence.cache_clear()
    assert said == ["imaginary"]


def test_nothing_outlives_a_parent_that_is_killed(tmp_path: Path) -> None:
    mark = f"orphan{os.getpid()}"
    script = f"""
        import subprocess, sys
        from thoughtmill.factory.solvers.programs import Programs
        from thoughtmill.factory.solvers.limits import Limits
        programs = Programs(Limits(wall_s=60, long_wall_s=60))
        programs.run("ans = 1")
        programs.run("import statistics\\nans = statistics.mean([1])")
        print("ready", flush=True)
        programs.run("import statistics\\n{mark} = 1\\nwhile True: statistics")
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[1]
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"ready\n"
    time.sleep(0.2)
    below = _descendants(parent.pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert below
    until(lambda: not any(map(_alive, below)))


def test_several_workers_have_fences_of_their_own() -> None:
    with Programs(LIMITS) as one, Programs(LIMITS) as other:
        program = "import statistics\nans = statistics.mean([1, 2])"
        assert [fence.run(program).answer for fence in (one, other, one)] == [Answer("1.5")] * 3


def test_chance_and_hashes_are_the_same_on_every_run() -> None:
    program = "import random\nans = random.randint(0, 10**12) + hash('a')"
    answers = set()
    for _ in range(2):
        with Programs(LIMITS) as programs:
            answers |= {programs.run(program).answer, programs.run(program).answer}
    assert len(answers) == 1
    assert None not in answers


def _descendants(pid: int) -> list[int]:
    """Return the processes below one; none where the system does not list them."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        pytest.skip("this system does not list the children of a process")
    below = [int(child) for child in listed]
    return below + [one for child in below for one in _descendants(child)]


def _alive(pid: int) -> bool:
    """Tell whether a process runs still; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (OSError, IndexError):
        return False
