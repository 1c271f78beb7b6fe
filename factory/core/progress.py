"""Progress of a long step: a bar with rate and time left in a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from operator import length_hint
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

LINE_EVERY_S = 10.0


def track(items: Iterable[Item], what: str) -> Iterator[Item]:
    """Yield the items and show how far they are; how many there are is their length, or its hint.

    In a terminal this is one bar. In a pipe, or in CI, it is a plain line every ten seconds and one at the
    end.
    """
    total = length_hint(items) or None
    if sys.stderr.isatty():
        yield from tqdm(items, desc=what, total=total, unit="", dynamic_ncols=True)
        return
    begun = said = time.monotonic()
    done = 0
    for item in items:
        yield item
        done += 1
        now = time.monotonic()
        if now - said >= LINE_EVERY_S:
            said = now
            print(line(what, done, total, now - begun), file=sys.stderr, flush=True)
    print(line(what, done, total, time.monotonic() - begun), file=sys.stderr, flush=True)


def line(what: str, done: int, total: int | None, elapsed_s: float) -> str:
    """Say in one plain line how far a step is.

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
