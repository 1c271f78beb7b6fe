"""The progress display: counts the requests of a run, and shows them as one line.

The line goes to the terminal or a pipe, and to the ledger, where `thoughtmill status` reads it.
"""

import math
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TextIO

from thoughtmill.factory.core import progress_files
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.printable import note
from thoughtmill.factory.ledger import Ledger, runs

REDRAW_S = 1.0
LINE_EVERY_S = 10.0


@dataclass(slots=True)
class ThoughtCounters:
    """The requests of one thought by outcome; `held` are those whose answer was already in the ledger."""

    held: int = 0
    answered: int = 0
    failed: int = 0
    in_flight: int = 0

    @property
    def done(self) -> int:
        """Requests with a reply."""
        return self.held + self.answered + self.failed


@dataclass(slots=True)
class RunCounters:
    """The counters of a run that began at `began_s`. Pure: seconds are passed in.

    `total` is the number of its requests, None when unknown. Nothing is sent before `pause_s`, because the
    endpoint asks for a pause or fails.
    """

    began_s: float
    total: int | None = None
    tokens: int = 0
    spent_usd: float = 0.0
    priced: bool = False
    pause_s: float = -math.inf
    thoughts: dict[str, ThoughtCounters] = field(default_factory=dict)

    def of(self, thought: str) -> ThoughtCounters:
        """Return the counters of a thought."""
        return self.thoughts.setdefault(thought, ThoughtCounters())

    def bought(self, tokens: int, cost_usd: float | None) -> None:
        """Note the tokens and the cost of an answer."""
        self.tokens += tokens
        self.spent_usd += cost_usd or 0.0
        self.priced = self.priced or cost_usd is not None

    @property
    def has_answers(self) -> bool:
        """Whether any request has an answer, from the endpoint or from the ledger."""
        return any(count.held or count.answered for count in self.thoughts.values())

    @property
    def is_answered(self) -> bool:
        """Whether the endpoint has answered any request of this run."""
        return any(count.answered for count in self.thoughts.values())

    def note(self) -> None:
        """Put the progress of the run into the progress file of its stage."""
        held = sum(count.held for count in self.thoughts.values())
        spent_usd = self.spent_usd if self.priced else None
        done = sum(count.done for count in self.thoughts.values())
        progress_files.note(done=done, total=self.total, held=held, spent_usd=spent_usd)

    def line(self, now_s: float) -> str:
        """Return the progress of the run in one line.

        >>> counters = RunCounters(0.0, total=200)
        >>> counters.thoughts["cot"] = ThoughtCounters(held=10, answered=88, failed=2, in_flight=16)
        >>> counters.bought(tokens=8800, cost_usd=0.44)
        >>> for part in counters.line(10.0).split("; "):
        ...     print(part)
        cot 100 done (10 from the ledger), 16 in flight, 2 failed
        of 200
        9.0 requests/s, 880 tokens/s
        $0.44 spent, $0.93 projected
        11 s left
        """
        thoughts = ", ".join(_count(name, count) for name, count in self.thoughts.items())
        pause = f"nothing is sent for {self.pause_s - now_s:.0f} s" if self.pause_s > now_s else ""
        parts = (thoughts, pause, self._rates(now_s), self._dollars(), self._left(now_s))
        return "; ".join(part for part in parts if part)

    def _rates(self, now_s: float) -> str:
        elapsed_s = max(now_s - self.began_s, 1e-9)
        rates = f"{self._asked() / elapsed_s:.1f} requests/s, {self.tokens / elapsed_s:.0f} tokens/s"
        return rates if self.total is None else f"of {self.total}; {rates}"

    def _dollars(self) -> str:
        if not self.priced:
            return ""
        spent = f"{dollars(self.spent_usd)} spent"
        projected = self.spent_usd * (1 + self._remaining() / max(self._asked(), 1))
        return spent if self.total is None else f"{spent}, {dollars(projected)} projected"

    def _left(self, now_s: float) -> str:
        if self.total is None or not self._asked():
            return ""
        return f"{self._remaining() * (now_s - self.began_s) / self._asked():.0f} s left"

    def _asked(self) -> int:
        """Return how many requests have ended that were not in the ledger."""
        return sum(count.answered + count.failed for count in self.thoughts.values())

    def _remaining(self) -> int:
        return max(0, (self.total or 0) - sum(count.done for count in self.thoughts.values()))


def dollars(usd: float) -> str:
    """Return an amount in cents, or with two digits that count if it is less than ten cents.

    >>> dollars(12.345), dollars(0.0123), dollars(0.0)
    ('$12.35', '$0.012', '$0.00')
    """
    digits = 1 - math.floor(math.log10(usd)) if 0 < usd < 0.1 else 2
    return f"${usd:.{digits}f}"


def _count(name: str, count: ThoughtCounters) -> str:
    held = f" ({count.held} from the ledger)" if count.held else ""
    return f"{name} {count.done} done{held}, {count.in_flight} in flight, {count.failed} failed"


class ProgressDisplay:
    """One line that is redrawn each second in a terminal; elsewhere a plain line every ten seconds."""

    def __init__(self, counters: RunCounters, ledger: Ledger, out: TextIO | None = None) -> None:
        self.counters = counters
        self.ledger = ledger
        self.out = out or sys.stderr
        self.live = self.out.isatty()
        self.run = runs.begin(ledger)
        self.next_s = counters.began_s + REDRAW_S
        self.printed_s = counters.began_s

    def show(self, now_s: float) -> None:
        """Show the line and write it to the ledger, if a second has passed since the last time."""
        if now_s < self.next_s:
            return
        self.next_s = now_s + REDRAW_S
        line = self.counters.line(now_s)
        self.counters.note()
        runs.note(self.ledger, self.run, line, ended=False)
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            note(f"\r\x1b[K{line[:width]}", self.out, end="")
        elif now_s - self.printed_s >= LINE_EVERY_S:
            self.printed_s = now_s
            note(line, self.out)

    def end(self, now_s: float) -> None:
        """Show and write the last line; the run has already reported any error of the ledger.

        A run without requests, as of a fall-back that is not needed, shows nothing.
        """
        line = self.counters.line(now_s)
        if self.counters.thoughts:
            note(f"\r\x1b[K{line}" if self.live else line, self.out)
        with suppress(ThoughtmillError):
            runs.note(self.ledger, self.run, line, ended=True)
