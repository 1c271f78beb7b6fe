"""The guard: an audit hook that refuses what a weak fence cannot, where the system offers no protection.

Audit hooks (PEP 578) cannot be taken away again. They are no sandbox: native code that is already loaded
could get around them. So what could is taken out of reach as well, and `verify.fence: strict` refuses to
rely on this.
"""

import os
import posix
import sys
from collections.abc import Sequence
from typing import Any

REFUSED = tuple(
    "os. subprocess. socket. ctypes. pty. shutil. resource. fcntl. mmap. tempfile. sqlite3. signal. syslog. "
    "gc. cpython. code. sys.settrace sys.setprofile sys._current_ sys.addaudithook glob. pathlib.".split()
)
"""How the names of refused events begin."""

MODULES = frozenset(
    "ctypes _ctypes socket _socket subprocess _posixsubprocess multiprocessing _multiprocessing threading "
    "_thread asyncio pty mmap fcntl termios resource faulthandler _testcapi cffi _cffi_backend".split()
)
UNAUDITED = (
    "mkfifo mknod setsid setpgid sendfile posix_fallocate openpty login_tty memfd_create nice chroot setuid "
    "seteuid setreuid setresuid setgid setegid setregid setresgid setgroups initgroups unshare setns"
).split()
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def refuse(readable: Sequence[str]) -> None:
    """Refuse everything but computing and reading Python's own files, in this process and for good."""
    for module in (os, posix, sys.modules.get("_posixsubprocess"), sys.modules.get("subprocess")):
        for name in [*UNAUDITED, "fork_exec", "_fork_exec"] if module else ():
            vars(module).pop(name, None)
    for name in MODULES & sys.modules.keys():
        del sys.modules[name]
    sys.addaudithook(_hook(tuple(readable)))


def _hook(readable: tuple[str, ...]) -> Any:
    """Return the hook; all it uses is bound inside, out of reach of a program that changes builtins."""
    error, text, is_a, begins, refused = PermissionError, str, isinstance, str.startswith, REFUSED
    modules, writing, join, holds = MODULES, WRITING, str.__add__, str.__contains__
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
            if arguments[0] in modules:
                raise error("import " + arguments[0])
        elif begins(event, refused) or (event == "object.__setattr__" and arguments[0] is hook):
            raise error(event)

    return hook
