"""Workers: processes that answer questions one at a time, for work that may hang, grow or die.

A thread cannot stop sympy, and math-verify keeps its time by a signal that a C loop ignores. So the system
ends a worker at its limit of processor time: the same questions time out on a busy machine. A worker that is
silent long after that is killed from here. The next question starts another.
"""

import json
import math
import resource
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from thoughtmill.factory.core import pipes
from thoughtmill.factory.core.errors import ThoughtmillError

ROOT = Path(__file__).parents[3]
START = (
    "import sys; sys.path.insert(0, {root!r})\n"
    "from {module} import reply; from thoughtmill.factory.core.worker import serve; serve(reply)"
)
START_S = 120.0
"""How long a worker may take to load its library, which takes a second on an idle machine."""

PATIENCE = 20
"""Wall time of a question in multiples of its processor time: other processes need the cores too."""

MEMORY_B = 2 << 30


class WorkerTimeout(Exception):
    """A question took more than its processor time."""


class WorkerDied(Exception):
    """A worker died while it answered a question."""


class ClosingContext(ABC):
    """An object that holds processes, as a context manager that closes it at the end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """End the processes; they start again when they are needed."""


class Worker(ClosingContext):
    """A process in which the function `reply` of a module answers; the first question starts it."""

    def __init__(self, module: str, cpu_s: float) -> None:
        self.module, self.cpu_s = module, cpu_s
        self.process: subprocess.Popen[bytes] | None = None
        self._buffer = b""

    def ask(self, question: Any) -> Any:
        """Return the reply to a question; both are JSON. Raises WorkerTimeout or WorkerDied."""
        process = self.process or self._started()
        assert process.stdin is not None
        try:
            deadline = time.monotonic() + self.cpu_s * PATIENCE
            request = json.dumps([self.cpu_s, question]).encode() + b"\n"
            pipes.write(process.stdin.fileno(), request, deadline)
            line = self._line(deadline)
        except BrokenPipeError:
            line = b""
        except TimeoutError:
            self.close()
            raise WorkerTimeout from None
        if not line:
            ended = process.wait()
            self.close()
            raise WorkerTimeout if ended == -signal.SIGPROF else WorkerDied
        return json.loads(line)

    def close(self) -> None:
        """Kill the process, if there is one."""
        process, self.process = self.process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def _started(self) -> subprocess.Popen[bytes]:
        """Start a process and wait until it is ready; that time is not taken from any question's."""
        code = START.format(root=str(ROOT), module=self.module)
        self._buffer = b""
        self.process = subprocess.Popen(
            [sys.executable, "-s", "-P", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONHASHSEED": "0"},  # sympy's order of solutions follows the order of sets
            cwd="/",
            bufsize=0,
        )
        try:
            if self._line(time.monotonic() + START_S):
                return self.process
        except TimeoutError:
            pass
        self.close()
        raise ThoughtmillError(
            f"a worker does not start: run `{sys.executable} -c 'import {self.module}'` to see why"
        )

    def _line(self, deadline: float) -> bytes:
        """Read one line; none at the end of the stream. Raises TimeoutError."""
        assert self.process is not None
        assert self.process.stdout is not None
        while b"\n" not in self._buffer:
            piece = pipes.read(self.process.stdout.fileno(), 65536, deadline)
            if not piece:
                return b""
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line


def serve(reply: Callable[[Any], Any]) -> None:
    """Answer questions in this process until there are no more.

    A question that takes more than its processor time ends the process with SIGPROF. The alarm is for the
    case that the parent itself, which keeps the wall time, was killed.
    """
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_B, resource.getrlimit(resource.RLIMIT_AS)[1]))
    replies, sys.stdout = sys.stdout, sys.stderr
    print("ready", file=replies, flush=True)
    for line in sys.stdin:
        cpu_s, question = json.loads(line)
        signal.alarm(math.ceil(cpu_s * (PATIENCE + 1)))
        signal.setitimer(signal.ITIMER_PROF, cpu_s)
        answer = json.dumps(reply(question))
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
        print(answer, file=replies, flush=True)
