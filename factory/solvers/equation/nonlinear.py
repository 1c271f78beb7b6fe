"""Non-linear solving: sympy, in a process that can be killed.

sympy hangs on some systems and no thread stops it, so the worker counts its own processor time, at whose
limit the system ends it: the same systems time out on a busy machine. A worker that does not answer long
after that is killed from here. It is replaced when the next system needs one.
"""

import json
import math
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from factory.errors import ThoughtmillError
from factory.solvers.equation.tree import Call, Tree, Unsolvable

Equation = tuple[Tree, Tree]
_START_S = 120.0  # importing sympy takes one second on an idle machine
_PATIENCE = 6  # how many times its limit of processor time a worker may take: other processes want a core too


class Nonlinear:
    """One worker process, started when it is first needed."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""

    def solve(
        self, equations: Sequence[Equation], conditions: Sequence[Call], whole: frozenset[str], answer: str
    ) -> str:
        """Return the value of the answer: `p/q`, or a decimal of 12 digits where it is irrational.

        Raises `Unsolvable` with a failure of the system, `timeout`, or `killed` when the worker died.
        """
        positions: dict[str, int] = {answer: 0}
        request = {
            "cpu_s": self._timeout_s,
            "equations": [[_encoded(side, positions) for side in equation] for equation in equations],
            "conditions": [_encoded(condition, positions) for condition in conditions],
            "whole": sorted(positions[name] for name in whole if name in positions),
            "answer": 0,
            "real": any(_takes_real(side) for equation in equations for side in equation),
        }
        reply = self._ask(request | {"size": len(positions)})
        if "failure" in reply:
            raise Unsolvable(reply["failure"], reply["detail"])
        return reply["answer"]

    def close(self) -> None:
        """Kill the worker, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def _ask(self, request: dict[str, Any]) -> dict[str, str]:
        process = self._process or self._started()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            line = self._line(self._timeout_s * _PATIENCE)
        except BrokenPipeError:
            line = None
        except TimeoutError:
            self.close()
            raise Unsolvable("timeout", f"sympy took more than {self._timeout_s:g} s") from None
        if line is None:
            ended = process.wait()
            self.close()
            if ended == -signal.SIGPROF:
                raise Unsolvable("timeout", f"sympy took more than {self._timeout_s:g} s")
            raise Unsolvable("killed", "the process that ran sympy died")
        reply: dict[str, str] = json.loads(line)
        return reply

    def _started(self) -> subprocess.Popen[bytes]:
        """Start a worker and wait until sympy is loaded; its time is not taken from any system's."""
        worker = Path(__file__).with_name("nonlinear_worker.py")
        self._buffer = b""
        self._process = subprocess.Popen(
            [sys.executable, "-s", "-P", str(worker), str(math.ceil(self._timeout_s * (_PATIENCE + 1)))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONHASHSEED": "0"},  # sympy's order of solutions follows the order of sets
            cwd="/",
        )
        try:
            ready = self._line(_START_S)
        except TimeoutError:
            ready = None
        if ready is None:
            self.close()
            raise ThoughtmillError(
                f"sympy does not start: run `{sys.executable} -c 'import sympy'` to see why"
            )
        return self._process

    def _line(self, timeout_s: float) -> bytes | None:
        """Read one line; None at the end of the stream; raises TimeoutError."""
        assert self._process is not None
        assert self._process.stdout is not None
        out = self._process.stdout.fileno()
        deadline = time.monotonic() + timeout_s
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([out], [], [], left)[0]:
                raise TimeoutError
            piece = os.read(out, 65536)
            if not piece:
                return None
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line


def _encoded(tree: Tree, positions: dict[str, int]) -> Any:
    """Return a tree as JSON: a position for a name, `p/q` for a number, `[op, ...]` for a call.

    Raises `Unsolvable` (`no_answer`) on a choice whose condition is open.
    """
    if isinstance(tree, Fraction):
        return f"{tree.numerator}/{tree.denominator}"
    if isinstance(tree, str):
        return positions.setdefault(tree, len(positions))
    if tree.op == "if":
        raise Unsolvable("no_answer", "a choice that nothing decides")
    return [tree.op, *(_encoded(arg, positions) for arg in tree.args)]


def _takes_real(tree: Tree) -> bool:
    """Tell whether sympy must take unknowns as real from the start to solve this."""
    return isinstance(tree, Call) and (tree.op in ("abs", "max", "min") or any(map(_takes_real, tree.args)))
