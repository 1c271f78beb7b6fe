"""Landlock: of all files a process sees only those it was shown, and those only to read.

Linux, Documentation/userspace-api/landlock.rst; from version 5.13 on, without privileges.
"""

import ctypes
import os
import struct
from collections.abc import Iterable

CREATE, ADD, RESTRICT = 444, 445, 446  # the same on every architecture
ASK_VERSION, PATH_BENEATH = 1, 1
READ_FILE, READ_FOLDER = 1 << 2, 1 << 3
FILE_RIGHTS = {1: 1 << 13, 2: 1 << 14, 3: 1 << 15, 4: 1 << 15, 5: 1 << 16}
"""What can be refused on files, by version of Landlock, as the first bit that it does not know."""

NET_RIGHTS, SCOPES = 0b11, 0b11
"""TCP bind and connect, from version 4 on; abstract sockets and signals, from version 6 on."""


def restrict(libc: ctypes.CDLL, readable: Iterable[str]) -> None:
    """Leave this process and its children nothing but reading below the given paths.

    Raises OSError where the system has no Landlock. No new privileges must be set before.
    """
    version = _call(libc, CREATE, None, 0, ASK_VERSION)
    files = FILE_RIGHTS[min(version, max(FILE_RIGHTS))] - 1
    rules = struct.pack("<QQQ", files, NET_RIGHTS, SCOPES)[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = _call(libc, CREATE, rules, len(rules), 0)
    for path in readable:
        _allow(libc, ruleset, path)
    _call(libc, RESTRICT, ruleset, 0)
    os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str) -> None:
    """Add the right to read below one path; a path that is not there needs none."""
    try:
        folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    rights = READ_FILE | READ_FOLDER if os.path.isdir(path) else READ_FILE
    _call(libc, ADD, ruleset, PATH_BENEATH, struct.pack("<Qi", rights, folder), 0)
    os.close(folder)


def _call(libc: ctypes.CDLL, number: int, *arguments: object) -> int:
    """Make a system call. Raises OSError."""
    result: int = libc.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), "Landlock is not there")
    return result
