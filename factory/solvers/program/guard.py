"""The guard: an audit hook that refuses what a weak fence cannot, where the system offers no protection.

Audit hooks (PEP 578) cannot be taken away again. They are no sandbox: native code that is already loaded
could get around them. So what could is taken out of reach as well, and `verify.fence: strict` refuses to
rely on this.
"""

import _imp
import contextlib
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

REFUSED = tuple(
    "os. subprocess. socket. ctypes. pty. shutil. resource. fcntl. mmap. tempfile. sqlite3. signal. syslog. "
    "gc. cpython. code. sys.settrace sys.setprofile sys._current_ sys.addaudithook glob. pathlib.".split()
)
"""How the names of refused events begin."""

MODULES = frozenset(
    "ctypes _ctypes socket _socket subprocess _posixsubprocess multiprocessing _multiprocessing "
    "asyncio pty mmap fcntl termios resource faulthandler _testcapi cffi _cffi_backend _posixshmem "
    "readline spwd nis _curses _dbm _gdbm _tkinter _testinternalcapi "
    "interpreters _interpreters _xxsubinterpreters".split()
)
"""Modules that are out of reach, in whatever package: another interpreter would have no hook."""

EMPTIED = frozenset("os posix signal _signal pwd grp _thread threading _posixsubprocess subprocess".split())
"""Modules that lose what is `UNAUDITED`; a new copy of one, which would have it, is refused."""

UNAUDITED = (
    "mkfifo mknod setsid setpgid sendfile posix_fallocate openpty login_tty memfd_create nice chroot setuid "
    "seteuid setreuid setresuid setgid setegid setregid setresgid setgroups initgroups unshare setns "
    "pidfd_open pidfd_send_signal setpriority sched_setaffinity sched_setscheduler sched_setparam "
    "fork_exec _fork_exec getpwall getgrall "
    "start_new_thread start_new _start_new_thread start_joinable_thread _start_joinable_thread"
).split()
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def prepare() -> None:
    """Load what is to be emptied, and what is built in, for its loader goes too: no hook hears of it."""
    for name in sorted(EMPTIED.union(sys.builtin_module_names) - MODULES):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def refuse(readable: Sequence[str]) -> None:
    """Refuse everything but computing and reading Python's own files, in this process and for good."""
    for module in filter(None, map(sys.modules.get, EMPTIED)):
        for name in UNAUDITED:
            vars(module).pop(name, None)
    vars(_imp).pop("create_builtin", None)
    for name in MODULES & sys.modules.keys():
        del sys.modules[name]
    sys.addaudithook(_hook(tuple(readable)))


def _hook(readable: tuple[str, ...]) -> Any:
    """Return the hook; all it uses is bound inside, out of reach of a program that changes builtins."""
    error, text, is_a, begins, refused = PermissionError, str, isinstance, str.startswith, REFUSED
    modules, writing, join, holds = MODULES | EMPTIED, WRITING, str.__add__, str.__contains__
    parted = str.rpartition
    folders = tuple(path.rstrip("/") + "/" for path in readable)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("open", "os.listdir", "os.scandir"):
            path, flags = arguments[0], arguments[2] if event == "open" else 0
            if (
                not is_a(path, text)
                or flags & writing
                or holds(path, "..")
                or not begins(join(path, "/"), folders)
            ):
                raise error(event)
        elif event == "import":
            if parted(arguments[0], ".")[2] in modules:
                raise error("import " + arguments[0])
        elif begins(event, refused) or (event == "object.__setattr__" and arguments[0] is hook):
            raise error(event)

    return hook
