"""What others run programs with, in our own words, and one attack against one of them.

`tora`: a batch through a process pool whose workers `exec` under SIGALRM and send the value back as a pickle
(the idea of ToRA's and Qwen's `python_executor.py`). `pal`: `exec` in the same process under SIGALRM (PAL's
`GenericRuntime`). `fresh`: a new `python -I` each time. All read the answer by the same conventions.
"""

import concurrent.futures
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from factory.errors import ThoughtmillError
from factory.solvers.limits import Limits
from factory.solvers.program.processes import FenceMissing
from factory.solvers.programs import Programs
from factory.solvers.program.screen import Unparsable, screen

TIMEOUT_S = 1
LIMITS = Limits(wall_s=0.5, long_wall_s=1.0)


def _exec(program: str) -> Any:
    """Run a program here, and return its value as it is; an alarm is its time-out."""
    try:
        screened = screen(program)
    except Unparsable:
        return None
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(TimeoutError()))
    signal.alarm(TIMEOUT_S)
    namespace: dict[str, Any] = {}
    try:
        exec(screened.body, namespace)
        return eval(screened.tail, namespace) if screened.tail else None
    except Exception:  # noqa: BLE001  as the executors that this stands for do
        return None
    finally:
        signal.alarm(0)


def tora(programs: Sequence[str]) -> list[Any]:
    """Run a batch through a pool of one process, one task a program."""
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        return list(pool.map(_exec, programs))


def pal(programs: Sequence[str]) -> list[Any]:
    """Run each in this process."""
    return [_exec(program) for program in programs]


def fresh(programs: Sequence[str]) -> list[Any]:
    """Run each in an interpreter of its own."""
    answers = []
    for program in programs:
        try:
            screened = screen(program)
            code = f"{screened.body}\nprint({screened.tail})" if screened.tail else screened.body
            done = subprocess.run(
                [sys.executable, "-I", "-"], input=code.encode("utf-8", "replace"), capture_output=True,
                timeout=TIMEOUT_S, check=False,
            )  # fmt: skip
            answers.append(done.stdout.decode(errors="replace").strip()[-1000:])
        except (Unparsable, subprocess.TimeoutExpired):
            answers.append(None)
    return answers


def _thoughtmill(only: str | None) -> Callable[[Sequence[str]], list[Any]]:
    def execute(programs: Sequence[str]) -> list[Any]:
        with Programs(LIMITS, only) as opened:
            return [opened.run(program).answer for program in programs]

    return execute


EXECUTORS: dict[str, Callable[[Sequence[str]], list[Any]]] = {
    "thoughtmill": _thoughtmill(None),
    "thoughtmill, monty only": _thoughtmill("monty"),
    "thoughtmill, namespaces only": _thoughtmill("namespaces"),
    "thoughtmill, landlock only": _thoughtmill("landlock"),
    "thoughtmill, process only": _thoughtmill("process"),
    "tora style": tora,
    "pal style": pal,
    "fresh python -I": fresh,
}


def attack(executor: str, name: str) -> str | None:
    """Run one attack and then one honest program; return the goal it reached, or None."""
    from tests.attacks import Arena

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        arena = Arena(Path(folder))
        answers = EXECUTORS[executor]([arena.program(name), "import math\nans = sum([math.floor(40.5), 2])"])
        harm = arena.harm(None if answers[0] is None else str(answers[0]))
        if harm is None and answers[0] == 123456789:
            harm = "its answer equals whatever it is compared with"
        if harm is None and str(answers[1]) != "42":
            harm = "the next program went wrong"
        arena.close()
        return harm


def main() -> None:
    """Attack in a child of this process, so that what kills its parent kills no more than this."""
    if sys.argv[1] == "here":
        try:
            print(attack(sys.argv[2], sys.argv[3]) or "stopped", flush=True)
        except (FenceMissing, ThoughtmillError) as error:
            print(f"missing: {error}", flush=True)
        return
    done = subprocess.run([sys.executable, "-m", "bench.executors", "here", *sys.argv[1:]], check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
