r"""LaTeX answers: such as `\frac{\sqrt{3}}{2}`, compared by math-verify in a process that can be killed.

>>> with Latex() as latex:
...     latex.equal(r"\frac{1}{2}", "0.5")  # numbers start no process
True
"""

import json
import math
import multiprocessing
import subprocess
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Self

from factory.errors import ThoughtmillError
from factory.solvers import answers
from factory.solvers.statements import stated

START_S = 120.0
"""How long importing math-verify may take; its time is not taken from any comparison's."""

MAX_LENGTH = 2000
"""Characters of the longest expression that is compared."""

_GRACE_S = 10


class Latex:
    """Compares answers, in one worker process that is started when first needed and killed when late.

    math-verify hangs on such as `9^{9^{9}}`, keeps its own time limit by a signal that a C loop ignores, and
    cannot be used in threads: so it runs in a process of its own, and the clock is kept here.
    """

    def __init__(self, timeout_s: float = 5.0) -> None:
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def equal(self, predicted: str, gold: str) -> bool | None:
        """Return whether two answers are equal; None when that cannot be told (length, time, gold).

        Where both state a number, `factory.solvers.answers.equal` decides and math-verify is not asked.
        """
        one, other = stated(predicted), stated(gold)
        if one is not None and other is not None:
            return answers.equal(one, other)
        if max(len(predicted), len(gold)) > MAX_LENGTH:
            return None
        return self._ask(predicted, gold)

    def close(self) -> None:
        """Kill the worker, if there is one."""
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if connection is not None:
            connection.close()
        if process is not None:
            process.kill()
            process.wait()

    def _ask(self, predicted: str, gold: str) -> bool | None:
        connection = self._connection or self._started()
        try:
            connection.send_bytes(json.dumps([predicted, gold]).encode())
            if connection.poll(self._timeout_s):
                verdict = json.loads(connection.recv_bytes())
                return None if verdict is None else bool(verdict)
        except (EOFError, OSError):  # the worker died, of its memory limit for one
            pass
        self.close()
        return None

    def _started(self) -> Connection:
        """Start a worker and wait until math-verify is loaded."""
        ours, theirs = multiprocessing.Pipe()
        worker = Path(__file__).with_name("latex_worker.py")
        seconds = str(math.ceil(self._timeout_s) + _GRACE_S)
        self._process = subprocess.Popen(
            [sys.executable, "-s", "-P", str(worker), str(theirs.fileno()), seconds],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            env={"PYTHONHASHSEED": "0"},
            cwd="/",
        )
        theirs.close()
        self._connection = ours
        try:
            if ours.poll(START_S) and ours.recv_bytes() == b"ready":
                return ours
        except (EOFError, OSError):
            pass
        self.close()
        raise ThoughtmillError(
            f"math-verify does not start: run `{sys.executable} -c 'import math_verify'` to see why"
        )
