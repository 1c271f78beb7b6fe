"""The forked child: it runs one program and writes its result as one line of text.

The child is used once. Nothing here is trusted by the other side of the fence, which reads at most one line.
"""

import os
import re
import sys
from types import CodeType
from typing import NoReturn

from thoughtmill.factory.solvers.program.values import TEXT_LENGTH, ProgramValue, last_line, read_value

WATCHED = (
    "os.system os.exec os.posix_spawn os.spawn os.fork os.kill os.remove os.rename os.rmdir os.mkdir "
    "os.ch os.link os.symlink os.truncate os.putenv os.unsetenv os.setxattr shutil. subprocess. "
    "socket. pty. ftplib. http. urllib. smtplib. webbrowser. sqlite3. mmap. fcntl. signal. syslog. "
    "tempfile. gc. code. sys.settrace sys.setprofile sys.addaudithook"
).split()
"""How the names of events begin that reach beyond computing, whether the fence lets them through or not."""

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


class Printed:
    """Replaces `sys.stdout`: keeps the printed text, and ends the child when that is too long."""

    def __init__(self, answer_fd: int, limit_bytes: int) -> None:
        self._answer_fd = answer_fd
        self._room = limit_bytes
        self._parts: list[str] = []

    def write(self, text: str) -> int:
        """Keep a piece of text."""
        self._room -= len(text)
        if self._room < 0:
            finish(self._answer_fd, ProgramValue("output", "more was printed than may be"))
        self._parts.append(str.__str__(text))
        return len(text)

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def text(self) -> str:
        """Return all that was printed."""
        return "".join(self._parts)


seen: list[str] = []
"""The first watched event of the program, if there was one."""


def watch() -> None:
    """Note the first event (PEP 578) by which a program reaches beyond computing; for good."""
    sys.addaudithook(_notice)


def _notice(event: str, arguments: tuple[object, ...], prefixes: tuple[str, ...] = tuple(WATCHED)) -> None:
    if seen:
        return
    writes = event == "open" and isinstance(flags := arguments[2], int) and bool(flags & WRITING)
    if writes or event.startswith(prefixes):
        seen.append(event)


def run(body: str, tail: str, answer_fd: int, limit_bytes: int) -> NoReturn:
    """Run a program, write its value to `answer_fd` and leave without running any of its handlers."""
    printed = Printed(answer_fd, limit_bytes)
    sys.stdout = printed
    seen.clear()
    finish(answer_fd, _result(body, tail, printed))


def _result(body: str, tail: str, printed: Printed) -> ProgramValue:
    """Return the value of a program, or how it failed: raised, forbidden or memory."""
    try:
        code = compile(body, "<program>", "exec")
        asked = compile(tail, "<program>", "eval") if tail else None
        value = read_value(_value(code, asked))
    except MemoryError:
        return ProgramValue("memory", "MemoryError")
    except PermissionError as error:
        return ProgramValue("forbidden", _words(error))
    except BaseException as error:  # noqa: BLE001  whatever a program raises is its own failure
        return ProgramValue("raised", _words(error))
    return value if value.kind != "none" else ProgramValue("text", last_line(printed.text()))


def _value(code: CodeType, asked: CodeType | None) -> object:
    """Run the statements, then the expression; a program that exits in good order has still an answer."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    try:
        exec(code, namespace)
    except SystemExit as error:
        if error.code not in (None, 0):
            raise
    return eval(asked, namespace) if asked else None


def _words(error: BaseException) -> str:
    """Return an exception in words that are the same on every run."""
    try:
        message = ADDRESS.sub("0x", str(error)[:300])
    except BaseException:  # noqa: BLE001  an exception of the program's own may raise when it is read
        message = ""
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def finish(answer_fd: int, reading: ProgramValue) -> NoReturn:
    """Write one line, short enough to be written at once, and end this process."""
    noticed = f"saw={seen[0]} " if seen else ""
    line = noticed + " ".join(f"{reading.kind} {reading.text}".split())
    os.write(answer_fd, line.encode("utf-8", "replace")[: 4 * TEXT_LENGTH] + b"\n")
    os._exit(0)
