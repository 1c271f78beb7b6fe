"""The first fence: pydantic-monty, an interpreter for a part of Python from which there is no host to reach.

It starts in microseconds, so it takes what it can; what it fails at, CPython decides in the next fence.
Source: pydantic-monty 1.4, https://github.com/pydantic/monty.
"""

import contextlib
from typing import Any

import pydantic_monty
from pydantic_monty import CollectString, MontyCrashedError, MontyError, MontyRuntimeError

from factory.solvers.limits import Limits
from factory.solvers.program.screen import Screened
from factory.solvers.program.values import last_line, read_value

GRACE_S = 0.3
RAISED = {"TimeoutError": "timeout", "MemoryError": "memory", "PermissionError": "forbidden"}


class Monty:
    """One worker of the interpreter, started when first needed; each program has a session of its own."""

    def __init__(self, limits: Limits) -> None:
        self._output_bytes = limits.output_kb * 1024
        self._limits: pydantic_monty.ResourceLimits = {
            "max_feed_duration_secs": limits.wall_s,
            "max_memory": limits.memory_mb * 2**20,
            "max_total_sleep_secs": 0.0,
        }
        self._stack = contextlib.ExitStack()
        self._pool: pydantic_monty.Monty | None = None

    def run(self, program: Screened) -> tuple[str, str]:
        """Run a program; return a kind and its text: those of a reading, or a failure and its words."""
        if self._pool is None:
            pool = pydantic_monty.Monty(max_processes=1, feed_duration_limit_grace=GRACE_S)
            self._pool = self._stack.enter_context(pool)
        printed = CollectString(self._output_bytes)
        policy: Any = {"sleep": "zero", "random_start": {"seed": 0}}
        try:
            with self._pool.checkout(limits=self._limits, os_policy=policy) as session:
                value = session.feed_run(f"{program.body}\n{program.tail}", print_callback=printed)
        except MontyCrashedError as error:
            return ("timeout" if error.timed_out else "killed"), "the worker died"
        except MontyError as error:
            return _failure(error, self._output_bytes)
        reading = read_value(value)
        if reading.kind == "none":
            return "text", last_line(printed.output)
        return reading.kind, reading.text

    def close(self) -> None:
        """End the worker."""
        self._stack.close()
        self._pool = None


def _failure(error: MontyError, output_bytes: int) -> tuple[str, str]:
    """Say how a program failed in the words of the tables; too much output is a MemoryError to monty."""
    name = type(error.exception()).__name__
    if not isinstance(error, MontyRuntimeError):
        return "unparsable", str(error)
    if name == "MemoryError" and str(error).endswith(f"> {output_bytes} bytes"):
        return "output", "more was printed than may be"
    return RAISED.get(name, "raised"), str(error)
