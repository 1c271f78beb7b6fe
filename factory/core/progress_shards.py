"""One line of progress over all shards of a stage, wherever their processes run."""

import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from thoughtmill.factory.core import progress_files
from thoughtmill.factory.core.errors import NotInProject
from thoughtmill.factory.core.files import root
from thoughtmill.factory.core.printable import note
from thoughtmill.factory.core.progress import LINE_EVERY_S
from thoughtmill.factory.core.progress_files import ProgressFile, StageProgress

Result = TypeVar("Result")

LOOK_EVERY_S = 1.0


def track_shards(
    results: Iterable[Result], what: str, totals: Mapping[str, int], files: int = 1
) -> Iterator[Result]:
    """Yield the results of shards, and show the sum of what all their processes do.

    `totals` gives the items of each progress file of the shards, in the order of the results; a shard has
    so many `files`.
    """
    with progress_files.noting(what, sum(totals.values())) as file:
        watch = _Watch(file, totals, files)
        watch.thread.start()
        try:
            for result in results:
                watch.finished += 1
                yield result
        finally:
            watch.end()


class _Watch:
    """A thread that sums the progress files of shards, and shows the sum."""

    def __init__(self, file: ProgressFile, totals: Mapping[str, int], files: int) -> None:
        self.file, self.totals, self.files = file, totals, files
        self.live = sys.stderr.isatty()
        self.seen: dict[str, StageProgress] = {}
        self.finished = 0
        self.ended = threading.Event()
        self.said = time.monotonic()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def end(self) -> None:
        """End the thread, and show the last line."""
        self.ended.set()
        self.thread.join()
        note(f"\r\x1b[K{self._line()}" if self.live else self._line())

    def _watch(self) -> None:
        while not self.ended.wait(LOOK_EVERY_S):
            line = self._line()
            if self.live:
                note(f"\r\x1b[K{line}", end="")
            elif time.monotonic() - self.said >= LINE_EVERY_S:
                self.said = time.monotonic()
                note(line)

    def _line(self) -> str:
        """Sum what the shards do now; a shard whose file is gone counts as it was last seen."""
        now: dict[str, StageProgress] = {}
        with suppress(NotInProject):
            now = {each.what: each for each in progress_files.read(root()) if each.what in self.totals}
        self.seen |= now
        done = held = 0
        for number, (name, total) in enumerate(self.totals.items()):
            last = self.seen.get(name)
            whole = number < self.finished * self.files
            done += total if whole else last.done if last else 0
            held += (total if whole else 0) if last is None else last.held
        dollars = [each.spent_usd for each in self.seen.values() if each.spent_usd is not None]
        spent_usd = sum(dollars) if dollars else None
        self.file.note(done=done, held=held, spent_usd=spent_usd)
        summed = replace(self.file.progress, seen_at=time.time(), done=done, held=held, spent_usd=spent_usd)
        busy = sum(each.state != "killed" for each in now.values())
        shards = f"{self.finished} of {len(self.totals) // self.files} shards done, {busy} run"
        waits = f"; waits for {summed.waits_for}" if summed.waits_for else ""
        return f"{summed.what}: {summed.figures()}; {shards}{waits}"
