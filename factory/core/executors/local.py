"""Work spread over processes: results in order, flat memory, a killed worker costs one item."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

CHUNK = 64
AHEAD = 4
START = "forkserver" if sys.platform == "linux" else "spawn"  # elsewhere libraries are not safe to fork


class WorkerPool(Generic[Item, Result]):
    """Processes that each do `work(items)`, a few items at a time, after calling `begin(*arguments)` once.

    `work`, `begin`, the items and the results must pickle; a result must depend on its own item alone. When a
    process is killed, the items under way are done again one at a time; an item that kills again gives
    `lost(item)`.
    """

    def __init__(
        self,
        work: Callable[[list[Item]], list[Result]],
        lost: Callable[[Item], Result],
        workers: int,
        begin: Callable[..., None],
        arguments: tuple[Any, ...] = (),
    ) -> None:
        self.work, self.lost, self.workers = work, lost, workers
        self.begin, self.arguments = begin, arguments
        self.pool: ProcessPoolExecutor | None = None

    def spread(self, items: Iterable[Item]) -> Iterator[Result]:
        """Yield the result of every item, in order, with a bounded number under way."""
        source = iter(items)
        under_way: deque[tuple[list[Item], Future[list[Result]] | None]] = deque()
        done = False
        try:
            while True:
                while len(under_way) < self.workers * AHEAD and (chunk := list(islice(source, CHUNK))):
                    under_way.append((chunk, self._submit(chunk)))
                if not under_way:
                    done = True
                    return
                yield from self._results(*under_way.popleft())
        finally:
            self._close(at_once=not done)

    def _submit(self, chunk: list[Item]) -> Future[list[Result]] | None:
        """Hand a chunk to the pool; return None if the pool is broken."""
        if self.pool is None:
            context = multiprocessing.get_context(START)
            context.set_forkserver_preload(_imported())
            begun = (self.begin, self.arguments)
            self.pool = ProcessPoolExecutor(self.workers, context, _begin, begun)
        try:
            return self.pool.submit(self.work, chunk)
        except BrokenProcessPool:
            return None

    def _results(self, chunk: list[Item], future: Future[list[Result]] | None) -> Iterator[Result]:
        try:
            if future is not None:
                yield from future.result()
                return
        except BrokenProcessPool:
            pass
        for item in chunk:
            yield self._alone(item)

    def _alone(self, item: Item) -> Result:
        """Do an item of a lost chunk alone; if the pool breaks twice, the item itself is lost."""
        for _ in range(2):
            future = self._submit([item])
            try:
                if future is not None:
                    return future.result()[0]
            except BrokenProcessPool:
                pass
            self._close()
        return self.lost(item)

    def _close(self, at_once: bool = False) -> None:
        """End the pool; `at_once`, as after Ctrl-C, without waiting for running items."""
        if self.pool is not None:
            workers = self.pool._processes or {}
            for process in list(workers.values()) if at_once else ():
                process.kill()
            self.pool.shutdown(cancel_futures=True)
            self.pool = None


def _imported() -> list[str]:
    """Return our modules that this process has imported: a worker that is forked imports none of them."""
    return sorted(name for name in sys.modules if name.startswith("thoughtmill.factory"))


def _begin(begin: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """Begin a worker: it ignores Ctrl-C, and ends whenever its parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    begin(*arguments)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)
