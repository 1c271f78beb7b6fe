"""Runs: the progress of every run, kept in the ledger so that another terminal can read it."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from thoughtmill.factory.core.files import running
from thoughtmill.factory.ledger import Ledger, default_path, reading

SILENT_S = 30.0  # a run silent for longer was killed, even if another process has its pid


@dataclass(frozen=True, slots=True)
class RunStatus:
    """The last report of a run: `state` is `running`, `ended` or `killed`; times are seconds since 1970."""

    run: int
    pid: int
    began_at: float
    seen_at: float
    state: str
    figures: str


def begin(ledger: Ledger) -> int:
    """Add a run to the ledger; return its number."""
    now = time.time()
    with ledger.named_errors():
        row = ledger.connection.execute(
            "INSERT INTO runs (pid, began_at, seen_at, ended, figures) VALUES (?, ?, ?, 0, '') RETURNING run",
            (os.getpid(), now, now),
        ).fetchone()
    return int(row[0])


def note(ledger: Ledger, run: int, figures: str, ended: bool) -> None:
    """Write the progress of a run, and begin to flush the ledger to the disk."""
    with ledger.named_errors():
        ledger.connection.execute(
            "UPDATE runs SET seen_at = ?, ended = ?, figures = ? WHERE run = ?",
            (time.time(), ended, figures, run),
        )
    ledger.sync()


def recent(path: Path | None = None, most: int = 5) -> list[RunStatus]:
    """Return the last runs, newest first, without waiting for locks; none when there is no ledger."""
    path = path or default_path()
    if not path.exists():
        return []
    with reading(path) as connection:
        rows = connection.execute(
            "SELECT run, pid, began_at, seen_at, ended, figures FROM runs ORDER BY run DESC LIMIT ?", (most,)
        ).fetchall()
    return [
        RunStatus(run, pid, began_at, seen_at, _state(pid, bool(ended), time.time() - seen_at), figures)
        for run, pid, began_at, seen_at, ended, figures in rows
    ]


def _state(pid: int, ended: bool, silent_s: float) -> str:
    if ended:
        return "ended"
    return "running" if silent_s < SILENT_S and running(pid) else "killed"
