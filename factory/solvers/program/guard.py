"""The guard: an audit hook that refuses what a weak fence cannot, where the system offers no protection.

Audit hooks (PEP 578) cannot be taken away again. They are no sandbox: native code could get around them. So
no `ctypes` is ever loaded, and what else could is taken out of reach as well. What is left is numpy, which
hands out machine memory to whoever asks for it: `verify.limits.fence: strict` refuses to rely on this.
"""

import _imp
import contextlib
import importlib
import os
import struct
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

REFUSED = tuple(
    "os. subprocess. socket. ctypes. pty. shutil. resource. fcntl. mmap. tempfile. sqlite3. signal. syslog. "
    "gc. cpython. code. sys.settrace sys.setprofile sys._current_ sys.addaudithook sys.remote_ glob. "
    "pathlib.".split()
)
"""How the names of refused events begin."""

MODULES = frozenset(
    "ctypes _ctypes socket _socket subprocess _posixsubprocess multiprocessing _multiprocessing "
    "asyncio pty mmap fcntl termios resource faulthandler _testcapi cffi _cffi_backend _posixshmem "
    "readline spwd nis _curses _dbm _gdbm _tkinter _testinternalcapi _remote_debugging "
    "interpreters _interpreters _xxsubinterpreters".split()
)
"""Modules that are out of reach, in whatever package: another interpreter would have no hook."""

EMPTIED = frozenset(
    "os posix sys signal _signal pwd grp _thread threading _posixsubprocess subprocess".split()
)
"""Modules that lose what is `UNAUDITED`; a new copy of one, which would have it, is refused."""

UNAUDITED = (
    "mkfifo mknod setsid setpgid sendfile posix_fallocate openpty posix_openpt login_tty "
    "memfd_create nice chroot setuid seteuid setreuid setresuid setgid setegid setregid setresgid setgroups "
    "initgroups unshare setns "
    "pidfd_open pidfd_send_signal setpriority sched_setaffinity sched_setscheduler sched_setparam "
    "fork_exec _fork_exec getpwall getgrall "
    "start_new_thread start_new _start_new_thread start_joinable_thread _start_joinable_thread "
    "activate_stack_trampoline"
).split()
HOLDING = ("supports_dir_fd", "supports_effective_ids", "supports_fd", "supports_follow_symlinks")
"""Sets of `os` that hold functions, those of `UNAUDITED` too."""

OPENING = ("open", "os.listdir", "os.scandir")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def prepare() -> None:
    """Load what is to be emptied, and what is built in, for its loader goes too: no hook hears of it.

    To be called before packages are loaded: numpy can do without `ctypes`, and sympy asks it for one size.
    """
    sys.modules["ctypes"] = ModuleType("ctypes")
    vars(sys.modules["ctypes"]).update(c_long="l", sizeof=struct.calcsize)
    for name in sorted(EMPTIED.union(sys.builtin_module_names) - MODULES):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def refuse(readable: Sequence[str]) -> None:
    """Refuse everything but computing and reading what is given, in this process and for good."""
    for module in filter(None, map(sys.modules.get, EMPTIED)):
        for name in UNAUDITED:
            vars(module).pop(name, None)
    for name in HOLDING:
        getattr(os, name).clear()
    vars(_imp).pop("create_builtin", None)
    for name in MODULES & sys.modules.keys():
        del sys.modules[name]
    sys.addaudithook(_hook(tuple(readable)))


def _hook(readable: tuple[str, ...]) -> Any:
    """Return the hook, which uses nothing that a program could change.

    Builtins are bound as defaults and not by a closure: a program sees the frame of the hook that raised, and
    in it the cells of a closure, which it could fill anew.
    """
    everywhere = tuple(path.rstrip("/") + "/" for path in readable)
    packaged = tuple(path for path in everywhere if "-packages/" in path)  # these lie below Python's own

    def hook(
        event: str,
        arguments: tuple[Any, ...],
        error: type[Exception] = PermissionError,
        text: type[str] = str,
        kind: Any = type,
        join: Any = str.__add__,
        holds: Any = str.__contains__,
        begins: Any = str.startswith,
        parted: Any = str.rpartition,
        opening: tuple[str, ...] = OPENING,
        writing: int = WRITING,
        modules: frozenset[str] = MODULES | EMPTIED,
        refused: tuple[str, ...] = REFUSED,
        folders: tuple[tuple[str, ...], ...] = (everywhere, packaged),
    ) -> None:
        if event in opening:
            path = arguments[0]
            if event == "open" and (arguments[2] & writing or arguments[1] not in (None, "r", "rb")):
                raise error(event)
        elif event == "import":
            path = arguments[1]
            if parted(arguments[0], ".")[2] in modules:
                raise error("import " + arguments[0])
            if path is None:
                return
        elif begins(event, refused):
            raise error(event)
        else:
            return
        if (
            kind(path) is not text
            or holds(path, "..")
            or not begins(join(path, "/"), folders[holds(path, "-packages/")])
        ):
            raise error(event)

    return hook
