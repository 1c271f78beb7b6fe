"""Progress files: say what every stage and shard does, for other terminals and other machines.

A stage that runs in a project keeps one small JSON file under `.dvc/tmp/thoughtmill/progress`, and removes it
when it ends. After `kill -9` the file stays until the same work is done.
"""

import json
import os
import re
import socket
import time
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from thoughtmill.factory.core.errors import NotInProject
from thoughtmill.factory.core.files import aside, root, running
from thoughtmill.factory.core.printable import say

WRITE_EVERY_S = 1.0
FIRST_SAY_S, SAY_EVERY_S = 5.0, 60.0
SILENT_S = 120.0
"""A process on another machine that has noted nothing for longer is shown with its silence."""
FORGOTTEN_S = 24 * 3600.0
"""The file of a killed process is shown for a day."""


@dataclass(frozen=True, slots=True)
class StageProgress:
    """What a process does: `done` of `total` items, of which `held` were there before; times since 1970."""

    what: str
    host: str
    pid: int
    began_at: float
    seen_at: float
    done: int = 0
    total: int | None = None
    held: int = 0
    spent_usd: float | None = None
    waits_for: str | None = None
    dashboard: str | None = None

    @property
    def state(self) -> str:
        """`running`, `waits`, or `killed` if the process is of this machine and has ended."""
        if self.host == socket.gethostname() and not running(self.pid):
            return "killed"
        return "waits" if self.waits_for else "running"

    @property
    def rate(self) -> float:
        """Items a second, without those that were there before."""
        elapsed_s = self.seen_at - self.began_at
        return max(0, self.done - self.held) / elapsed_s if elapsed_s > 0 else 0.0

    def figures(self) -> str:
        """Return the progress in words.

        >>> StageProgress("generate pot", "node-2", 7, 0.0, 10.0, 60, 200, 20, 0.5).figures()
        '60 of 200, 4.0 a second, 35 s left, $0.50'
        """
        of = "" if self.total is None else f" of {self.total:,}"
        parts = [f"{self.done:,}{of}", f"{self.rate:.1f} a second"]
        if self.total is not None and self.rate > 0:
            parts.append(f"{max(0, self.total - self.done) / self.rate:.0f} s left")
        if self.spent_usd is not None:
            parts.append(f"${self.spent_usd:.2f}")
        return ", ".join(parts)


class ProgressFile:
    """The file of one piece of work, written at most once a second; outside a project nothing is written."""

    def __init__(self, what: str, total: int | None = None) -> None:
        now = time.time()
        self.progress = StageProgress(what, socket.gethostname(), os.getpid(), now, now, total=total)
        self.path: Path | None = None
        self.next_s = 0.0
        self.changed: dict[str, Any] = {}
        with suppress(NotInProject):
            name = re.sub(r"[^\w.-]+", "-", what)
            self.path = folder(root()) / f"{name}.json"
            self._write()
        self.ending = weakref.finalize(self, _remove, self.path, os.getpid())  # also after an error

    def note(self, **changed: Any) -> None:
        """Change fields of the progress; write it after a second, or when what it waits for changes."""
        self.changed |= changed
        waited = self.progress.waits_for
        if time.monotonic() >= self.next_s or self.changed.get("waits_for", waited) != waited:
            self._write()

    def remove(self) -> None:
        """Remove the file: the work is done."""
        self.ending()

    def _write(self) -> None:
        self.next_s = time.monotonic() + WRITE_EVERY_S
        self.progress = replace(self.progress, seen_at=time.time(), **self.changed)
        if self.path is not None:
            with suppress(OSError), aside(self.path) as part:  # a full disk must not end the work here
                part.write_text(json.dumps(asdict(self.progress)), "utf-8")


def _remove(path: Path | None, pid: int) -> None:
    if path is not None and pid == os.getpid():  # not in a fork
        with suppress(OSError):
            path.unlink()


_OPEN: list[ProgressFile] = []


@contextmanager
def noting(what: str, total: int | None = None) -> Iterator[ProgressFile]:
    """Keep a progress file while this context is open; `note` reaches the one that was opened last."""
    file = ProgressFile(what, total)
    _OPEN.append(file)
    try:
        yield file
    finally:
        _OPEN.remove(file)
        file.remove()


def note(**changed: Any) -> None:
    """Change fields in the progress file of the innermost work of this process, if it keeps one."""
    if _OPEN:
        _OPEN[-1].note(**changed)


class WaitLine:
    """Says what a process waits for: after a few seconds, then every minute; and in its progress file."""

    def __init__(self) -> None:
        self.next_s: float | None = None

    def waits(self, what: str) -> None:
        """Note that the process waits, and say it when that is due."""
        note(waits_for=what)
        now_s = time.monotonic()
        if self.next_s is None:
            self.next_s = now_s + FIRST_SAY_S
        if now_s >= self.next_s:
            self.next_s = now_s + SAY_EVERY_S
            say(f"waits for {what}")

    def goes_on(self) -> None:
        """Note that the process has what it waited for."""
        if self.next_s is not None:
            self.next_s = None
            note(waits_for=None)


def folder(project: Path) -> Path:
    """Return the folder of the progress files of a project."""
    return project / ".dvc" / "tmp" / "thoughtmill" / "progress"


def read(project: Path) -> list[StageProgress]:
    """Return what the processes of a project do, in the order in which they began."""
    found = filter(None, map(_read, folder(project).glob("*.json")))
    fresh = (each for each in found if each.state != "killed" or time.time() - each.seen_at < FORGOTTEN_S)
    return sorted(fresh, key=lambda each: (each.began_at, each.what))


def _read(path: Path) -> StageProgress | None:
    try:
        return StageProgress(**json.loads(path.read_text("utf-8")))
    except (FileNotFoundError, ValueError, TypeError):  # it has just ended, or another version wrote it
        return None


def lines(found: Iterable[StageProgress], now: float) -> Iterator[tuple[str, str, str, str]]:
    """Yield for each process its state, what it does, its figures, and where."""
    for each in found:
        silent_s = now - each.seen_at
        figures = each.figures()
        if each.state == "waits":
            figures += f"; waits for {each.waits_for}"
        elif each.state == "killed" or silent_s > SILENT_S:
            figures += f"; last seen {silent_s:.0f} s ago"
        if each.dashboard:
            figures += f"; {each.dashboard}"
        yield each.state, each.what, figures, f"{each.host}:{each.pid}"
