"""The fences: what of a system's protections holds a program, from the strongest to the weakest.

`process` is there everywhere: a process of its own, limits on what it uses, its own process group.
"""

import contextlib
import math
import os
import resource
import signal
from collections.abc import Mapping, Sequence
from typing import Any

FENCES: tuple[str, ...] = ("process",)


class Fence:
    """The protections of one zygote, entered once by the zygote and completed by each child."""

    def __init__(self, name: str, limits: Mapping[str, Any]) -> None:
        self.name = name
        self.limits = limits

    def enter_zygote(self, readable: Sequence[str]) -> None:
        """Take up what can be taken up once for all children."""

    def enter_child(self) -> None:
        """Set the limits of one child."""
        for name, amount in {
            "RLIMIT_CPU": math.ceil(self.limits["cpu_s"]),
            "RLIMIT_AS": _mapped_bytes() + self.limits["memory_mb"] * 2**20,
            "RLIMIT_FSIZE": self.limits["file_kb"] * 1024,
            "RLIMIT_NPROC": self.limits["processes"],
            "RLIMIT_NOFILE": 64,
            "RLIMIT_CORE": 0,
        }.items():
            if hasattr(resource, name):
                resource.setrlimit(getattr(resource, name), (amount, amount))

    def end(self, child: int) -> int:
        """Kill a child and all of its group, and return the signal it died of, 0 when it ended by itself."""
        done, status = os.waitpid(child, os.WNOHANG)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        if not done:
            status = os.waitpid(child, 0)[1]
        return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def _mapped_bytes() -> int:
    """Return how much memory the interpreter itself has mapped; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 2**30
