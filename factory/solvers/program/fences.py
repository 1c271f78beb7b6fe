"""The fences: what of a system's protections holds a program, from the strongest to the weakest.

| fence | what holds the program |
|---|---|
| `monty` | the restricted interpreter: there is no host to reach (`factory.solvers.program.monty`) |
| `namespaces` | Linux: own users, processes, network, mounts, queues; and all of `landlock` |
| `landlock` | Linux: only Python's files, read-only; only system calls that compute; limits |
| `process` | any system: limits, own session; an audit hook (`factory.solvers.program.guard`) |

Every fence runs one program in one forked child, with no environment, and kills all of it at its end.
"""

import contextlib
import math
import os
import resource
import signal
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from thoughtmill.factory.solvers.program import guard

SHARED = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/dev/null")
"""Where shared libraries lie, which Python loads when it first needs them; no audit hook hears of that."""

PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
NEW_NAMESPACES = 0x00020000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
"""Mounts, host name, queues, users, processes, network (CLONE_NEWNS and so on, linux/sched.h)."""


class Fence:
    """The protections of one zygote, taken up once by the zygote and completed by each child."""

    def __init__(self, limits: Mapping[str, Any], readable: Sequence[str]) -> None:
        self.limits = limits
        self.readable = readable

    @staticmethod
    def prepare() -> None:
        """Do what must come before any package is loaded."""
        guard.prepare()

    def enter_zygote(self) -> None:
        """Take up what holds for all children. Raises OSError where the system does not offer it."""

    def enter_child(self) -> None:
        """Set the limits of one child, and refuse what the system would let through."""
        self._limit(self.limits["file_kb"] * 1024)
        guard.refuse(self.readable)

    def end(self, child: int) -> int:
        """Kill a child and all it started; return the signal it died of, 0 when it ended by itself."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        return self._died_of(child)

    def _died_of(self, child: int) -> int:
        """Wait for a child; one killed for ignoring the limit of processor time has died of that limit."""
        _, status, spent = os.wait4(child, 0)
        if not os.WIFSIGNALED(status):
            return 0
        late = spent.ru_utime + spent.ru_stime >= self.limits["cpu_s"]
        return signal.SIGXCPU if late else os.WTERMSIG(status)

    def _limit(self, file_bytes: int) -> None:
        """Set the limits that the system itself keeps."""
        for name, amount in {
            "RLIMIT_CPU": math.ceil(self.limits["cpu_s"]),
            "RLIMIT_AS": self.limits["mapped_bytes"] + self.limits["memory_mb"] * 2**20,
            "RLIMIT_FSIZE": file_bytes,
            "RLIMIT_NPROC": self.limits["processes"],
            "RLIMIT_NOFILE": 64,
            "RLIMIT_CORE": 0,
        }.items():
            with contextlib.suppress(ValueError, OSError):  # macOS knows some and keeps none of RLIMIT_AS
                # RLIMIT_CPU kills at the hard limit; at the soft one a signal of its own says why
                resource.setrlimit(getattr(resource, name), (amount, amount + (name == "RLIMIT_CPU")))


class Landlock(Fence):
    """No file but Python's, and no system call that does more than compute."""

    @staticmethod
    def prepare() -> None:
        """Do nothing: the system sees whatever a package does."""

    def enter_zygote(self) -> None:
        """Close the files, and get the filter of system calls ready."""
        import ctypes  # here and below, for the weakest fence must not load it

        from thoughtmill.factory.solvers.program import landlock, seccomp

        libc = ctypes.CDLL(None, use_errno=True)
        self._install = partial(seccomp.install, libc, seccomp.compile_filter())
        libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        libc.prctl(seccomp.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        landlock.restrict(libc, [*self.readable, *SHARED])

    def enter_child(self) -> None:
        """Set the limits, then refuse all other system calls."""
        self._limit(0)
        self._install()


class Namespaces(Landlock):
    """A world of its own: the zygote is its first process, and the only one that outlives a program."""

    def enter_zygote(self) -> None:
        """Leave the host's namespaces; the process that stays behind in them waits for this one's end."""
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(NEW_NAMESPACES):
            raise OSError(ctypes.get_errno(), "namespaces are not there")
        first = os.fork()
        if first:
            os.waitpid(first, 0)
            os._exit(0)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        super().enter_zygote()

    def end(self, child: int) -> int:
        """Kill all other processes of this world, wherever they have hidden."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        died_of = self._died_of(child)
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)
        return died_of


FENCES: dict[str, type[Fence]] = {"namespaces": Namespaces, "landlock": Landlock, "process": Fence}
STRICT = ("namespaces", "landlock")
