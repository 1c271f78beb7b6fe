"""Run programs as other projects run them, and attack one of their executors.

`tora` and `smol`: `bench/tora.py` and `bench/smol.py`, in environments made on demand. `pal`: `exec` in the
same process under SIGALRM (PAL's `GenericRuntime`). `fresh`: a new `python -I` each time. These get programs
that print their answer; only Thoughtmill finds the answer by itself.
"""

import json
import signal
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.program.monty import TOGETHER
from thoughtmill.factory.solvers.program.processes import FenceMissing
from thoughtmill.factory.solvers.program.screen import Unparsable, screen
from thoughtmill.factory.solvers.programs import Programs

HERE = Path(__file__).parent
PACKAGES = {"tora": ("pebble", "timeout-decorator"), "smol": ("smolagents",)}
TIMEOUT_S = 1
LIMITS = Limits(wall_s=0.5, long_wall_s=1.0)


class Ready(NamedTuple):
    """A program as it was written, and its statements and the expression of its answer, found beforehand."""

    text: str
    body: str
    tail: str

    @property
    def printing(self) -> str:
        """The program, which prints its answer at the end."""
        return f"{self.body}\nprint({self.tail})" if self.tail else self.body


def ready(text: str) -> Ready:
    """Find the answer of a program; one that does not parse stays as it is."""
    try:
        screened = screen(text)
    except Unparsable:
        return Ready(text, text, "")
    return Ready(text, screened.body, screened.tail)


def tora(programs: Sequence[Ready]) -> list[Any]:
    """Run a batch through ToRA's executor."""
    return _elsewhere("tora", programs, str(TIMEOUT_S))


def smol(programs: Sequence[Ready]) -> list[Any]:
    """Run a batch through smolagents' interpreter."""
    return _elsewhere("smol", programs)


def _elsewhere(name: str, programs: Sequence[Ready], *words: str) -> list[Any]:
    """Run a batch through `bench/<name>.py` in an environment of its own."""
    done = subprocess.run(
        [_python(name), str(HERE / f"{name}.py"), *words],
        input=json.dumps([program.printing for program in programs]),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    answers: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return [answer.splitlines()[-1] if answer else None for answer in answers]


def _python(name: str) -> str:
    """Return the Python that has what an executor needs; its environment is made the first time."""
    folder = HERE / ".venvs" / name
    found = folder / "bin" / "python"
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([str(found), "-m", "pip", "install", "--quiet", *PACKAGES[name]], check=True)
        (folder / "ready").touch()
    return str(found)


def _late(*_: object) -> None:
    raise TimeoutError


def pal(programs: Sequence[Ready]) -> list[Any]:
    """Run each in this process."""
    return [_exec(program) for program in programs]


def _exec(program: Ready) -> Any:
    """Run a program here, and return its value as it is; an alarm is its time-out."""
    signal.signal(signal.SIGALRM, _late)
    signal.alarm(TIMEOUT_S)
    namespace: dict[str, Any] = {}
    try:
        exec(program.body, namespace)
        return eval(program.tail, namespace) if program.tail else None
    except Exception:  # noqa: BLE001  as the executor that this stands for does
        return None
    finally:
        signal.alarm(0)


def fresh(programs: Sequence[Ready]) -> list[Any]:
    """Run each in an interpreter of its own."""
    answers: list[Any] = []
    for program in programs:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-"], input=program.printing.encode("utf-8", "replace"),
                capture_output=True, timeout=TIMEOUT_S, check=False,
            )  # fmt: skip
            answers.append(done.stdout.decode(errors="replace").strip()[-1000:])
        except subprocess.TimeoutExpired:
            answers.append(None)
    return answers


def _thoughtmill(only: str | None) -> Callable[[Sequence[Ready]], list[Any]]:
    def execute(programs: Sequence[Ready]) -> list[Any]:
        answers: list[Any] = []
        with Programs(LIMITS, only) as opened:
            for at in range(0, len(programs), TOGETHER):
                texts = [program.text for program in programs[at : at + TOGETHER]]
                opened.ahead(texts)
                answers += [opened.run(text).answer for text in texts]
        return answers

    return execute


EXECUTORS: dict[str, Callable[[Sequence[Ready]], list[Any]]] = {
    "thoughtmill": _thoughtmill(None),
    "thoughtmill, monty only": _thoughtmill("monty"),
    "thoughtmill, namespaces only": _thoughtmill("namespaces"),
    "thoughtmill, landlock only": _thoughtmill("landlock"),
    "thoughtmill, process only": _thoughtmill("process"),
    "tora style": tora,
    "smolagents": smol,
    "pal style": pal,
    "fresh python -I": fresh,
}


def attack(executor: str, name: str) -> str | None:
    """Run one attack and then one honest program; return the goal it reached, or None."""
    from tests.attacks import Arena

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        arena = Arena(Path(folder))
        honest = "import math\nans = sum([math.floor(40.5), 2])"
        answers = EXECUTORS[executor]([ready(arena.program(name)), ready(honest)])
        harm = arena.harm(None if answers[0] is None else str(answers[0]))
        if harm is None and answers[0] == 123456789:
            harm = "its answer equals whatever it is compared with"
        if harm is None and str(answers[1]) != "42":
            harm = "the next program went wrong"
        arena.close()
        return harm


def main() -> None:
    """Attack in a child of this process: an attack that kills its parent then kills only this process."""
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
