"""The first fence: pydantic-monty, an interpreter for a part of Python from which there is no host to reach.

It starts in microseconds, so it is tried first; where it fails, CPython decides in the next fence.
Source: pydantic-monty 1.4, https://github.com/pydantic/monty.
"""

import contextlib
import math
import time
from collections.abc import Sequence
from typing import Any

import pydantic_monty
from pydantic_monty import CollectString, MontyCrashedError, MontyError, MontyRuntimeError

from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.program.screen import Screened
from thoughtmill.factory.solvers.program.values import ProgramValue, last_line, read_value

GRACE_S = 0.3
BUSY = 0.9
"""What share of its wall time a program had of a processor, at least, if the machine was not busy."""

TOGETHER = 64
"""How many programs share a session at most: by then the round trip to the worker no longer shows."""

SHARED = """
values = []
for body, tail in programs:
    names = {}
    try:
        exec(body, names)
        values.append((eval(tail, names),))
    except Exception:
        values.append(())
values
"""
"""Runs programs one after the other, each with its own names, inside the interpreter."""

UNREADABLE = (TypeError, ValueError)
"""Raised outside of the interpreter, by values that this side cannot hold, such as a key without a hash."""

RAISED = {"TimeoutError": "timeout", "MemoryError": "memory", "PermissionError": "forbidden"}


class Monty:
    """One worker of the interpreter, started when first needed; each program has its own session."""

    def __init__(self, limits: Limits) -> None:
        self._output_bytes = limits.output_kb * 1024
        self._wall_s, self._long_wall_s = limits.wall_s, limits.long_wall_s
        self._memory_bytes = limits.memory_mb * 2**20
        self._spent_s = 0.0
        self._stack = contextlib.ExitStack()
        self._pool: pydantic_monty.Monty | None = None

    def run(self, program: Screened) -> tuple[str, str]:
        """Run a program; return a kind and its text: those of a value, or a failure and its words.

        Where the system reports processor time, a program that was late only because the machine is busy gets
        more wall time, so that a busy machine does not change in which fence it runs.
        """
        limit_s = self._wall_s
        kind, text = self._run(program, limit_s)
        while kind == "timeout" and self._spent_s < BUSY * self._wall_s and limit_s < self._long_wall_s:
            limit_s *= 2
            kind, text = self._run(program, limit_s)
        return kind, text

    def _run(self, program: Screened, limit_s: float) -> tuple[str, str]:
        printed = CollectString(self._output_bytes)
        try:
            value = self._feed(f"{program.body}\n{program.tail}", printed, limit_s)
        except MontyCrashedError as error:
            return ("timeout" if error.timed_out else "killed"), "the worker died"
        except MontyError as error:
            return _failure(error, self._output_bytes)
        except UNREADABLE as error:
            return "other", str(error)
        result = read_value(value)
        if result.kind == "none":
            return "text", last_line(printed.output)
        return result.kind, result.text

    def run_together(self, programs: Sequence[Screened]) -> list[ProgramValue | None]:
        """Run plain programs in one session; return a value each, None for those that must run by themselves.

        These are whatever fails in any way, or leaves no value; when all of them together take longer or more
        memory than one may, that is all of them. A plain program reaches nothing that outlives its names, so
        its value is the same as alone.
        """
        inputs = {"programs": [(program.body, program.tail) for program in programs]}
        try:
            values = self._feed(SHARED, CollectString(self._output_bytes), self._wall_s, inputs)
        except (MontyError, *UNREADABLE):
            return [None] * len(programs)
        results = [read_value(value[0]) if value else ProgramValue("none", "") for value in values]
        return [None if result.kind == "none" else result for result in results]

    def _feed(
        self, code: str, printed: CollectString, limit_s: float, inputs: dict[str, Any] | None = None
    ) -> Any:
        """Run code in its own session, and note its processor time. Raises MontyError and UNREADABLE."""
        if self._pool is None:
            pool = pydantic_monty.Monty(
                max_processes=1,
                request_timeout=2 * self._long_wall_s + GRACE_S,  # beyond every limit: for a stopped worker
                feed_duration_limit_grace=GRACE_S,
            )
            self._pool = self._stack.enter_context(pool)
        policy: Any = {"sleep": "zero", "random_start": {"seed": 0}}
        limits: pydantic_monty.ResourceLimits = {
            "max_feed_duration_secs": limit_s,
            "max_memory": self._memory_bytes,
            "max_total_sleep_secs": 0.0,
        }
        with self._pool.checkout(limits=limits, os_policy=policy) as session:
            begun_s = _processor_s(session.worker_pid)
            try:
                return session.feed_run(code, inputs=inputs, print_callback=printed)
            finally:
                self._spent_s = _processor_s(session.worker_pid) - begun_s

    def close(self) -> None:
        """End the worker."""
        self._stack.close()
        self._pool = None


def _processor_s(process: int | None) -> float:
    """Return the processor time of a process, seconds; infinity when the system does not report it."""
    try:
        return time.clock_gettime(~process << 3 | 2) if process else math.inf  # Linux: clock_getcpuclockid
    except OSError:
        return math.inf


def _failure(error: MontyError, output_bytes: int) -> tuple[str, str]:
    """Say how a program failed in the words of the tables; too much output is a MemoryError to monty."""
    name = type(error.exception()).__name__
    if not isinstance(error, MontyRuntimeError):
        return "unparsable", str(error)
    if name == "MemoryError" and str(error).endswith(f"> {output_bytes} bytes"):
        return "output", "more was printed than may be"
    return RAISED.get(name, "raised"), str(error)
