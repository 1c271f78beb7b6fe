"""Progress of a long step: a bar with rate and time left in a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from operator import length_hint
from typing import TypeVar

from tqdm import tqdm

from thoughtmill.factory.core import progress_files
from thoughtmill.factory.core.printable import note

Item = TypeVar("Item")

LINE_EVERY_S = 10.0


def track(items: Iterable[Item], what: str) -> Iterator[Item]:
    """Yield the items and show the progress; the total is their length or length hint.

    A terminal shows a bar. A pipe, as in CI, gets a plain line every ten seconds and a last line at the end.
    `thoughtmill status` shows the same from another terminal.
    """
    total = length_hint(items) or None
    bar = tqdm(items, desc=what, total=total, unit="", dynamic_ncols=True) if sys.stderr.isatty() else None
    begun = said = time.monotonic()
    done = 0
    with progress_files.noting(what, total) as file:
        for item in items if bar is None else bar:
            yield item
            done += 1
            now = time.monotonic()
            file.note(done=done)
            if bar is None and now - said >= LINE_EVERY_S:
                said = now
                note(line(what, done, total, now - begun))
    if bar is None:
        note(line(what, done, total, time.monotonic() - begun))


def line(what: str, done: int, total: int | None, elapsed_s: float) -> str:
    """Return the progress of a step as a plain line.

    >>> line("verify pot", 50, 200, 10.0)
    'verify pot: 50 of 200, 5.0 a second, 30 s left'
    >>> line("seed", 200, 200, 0.5)
    'seed: 200 of 200, 400.0 a second, done'
    """
    rate = done / elapsed_s if elapsed_s > 0 else 0.0
    text = f"{what}: {done}" + (f" of {total}" if total is not None else "") + f", {rate:.1f} a second"
    if total is None:
        return text
    if done >= total:
        return f"{text}, done"
    return text + (f", {(total - done) / rate:.0f} s left" if rate > 0 else "")
