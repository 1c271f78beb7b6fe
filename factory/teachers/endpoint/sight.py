"""Sight: the figures of a run on the terminal, in a pipe, and in the ledger for `thoughtmill status`."""

import shutil
import sys
from contextlib import suppress
from typing import TextIO

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.ledger import Ledger, runs
from thoughtmill.factory.teachers.endpoint.tally import Tally

REDRAW_S = 1.0
LINE_EVERY_S = 10.0


class Sight:
    """One line that is redrawn each second in a terminal; elsewhere a plain line every ten seconds."""

    def __init__(self, tally: Tally, ledger: Ledger, out: TextIO | None = None) -> None:
        self.tally = tally
        self.ledger = ledger
        self.out = out or sys.stderr
        self.live = self.out.isatty()
        self.run = runs.begin(ledger)
        self.next_s = tally.began_s + REDRAW_S
        self.said_s = tally.began_s

    def show(self, now_s: float) -> None:
        """Show and write the figures if it is time to."""
        if now_s < self.next_s:
            return
        self.next_s = now_s + REDRAW_S
        line = self.tally.line(now_s)
        runs.note(self.ledger, self.run, line, ended=False)
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\x1b[K{line[:width]}", end="", file=self.out, flush=True)
        elif now_s - self.said_s >= LINE_EVERY_S:
            self.said_s = now_s
            print(line, file=self.out, flush=True)

    def end(self, now_s: float) -> None:
        """Show and write the last figures; a full disk is told by the run itself."""
        line = self.tally.line(now_s)
        print(f"\r\x1b[K{line}" if self.live else line, file=self.out, flush=True)
        with suppress(ThoughtmillError):
            runs.note(self.ledger, self.run, line, ended=True)
