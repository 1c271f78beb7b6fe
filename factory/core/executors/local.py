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
from functools import partial
from itertools import islice
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

from thoughtmill.factory.core.errors import ThoughtmillError

Item = TypeVar("Item")
Result = TypeVar("Result")

CHUNK = 64
AHEAD = 4
START = "forkserver" if sys.platform == "linux" else "spawn"  # elsewhere libraries are not safe to fork
CANNOT_BEGIN = (
    "no worker process can begin: give Python a file to run, not its input, and call this under "
    "`if __name__ == '__main__':`; the lines above say more"
)


class WorkerPool(Generic[Item, Result]):
    """Processes that each do `work(items)`, a few items at a time, after calling `begin(*arguments)` once.

    `work`, `begin`, the items and the results must pickle; a result must depend on its own item alone. When a
    process is killed, the items under way are done again one at a time; an item that kills again gives
    `lost(item)`. If no process can begin, no item is to blame, and a `ThoughtmillError` is raised.
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
            context.set_forkserver_preload(sorted({*_modules(self.work), *_modules(self.begin)}))
            _start_server()
            self.began, begins = context.Pipe(duplex=False)
            begun = (self.begin, self.arguments, begins)
            self.pool = ProcessPoolExecutor(self.workers, context, _begin, begun)
        try:
            return self.pool.submit(self.work, chunk)
        except BrokenProcessPool:
            self._broken()
            return None

    def _results(self, chunk: list[Item], future: Future[list[Result]] | None) -> Iterator[Result]:
        try:
            if future is not None:
                yield from future.result()
                return
        except BrokenProcessPool:
            self._broken()
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
                self._broken()
            self._close()
        return self.lost(item)

    def _broken(self) -> None:
        """Raise an error if no process of the broken pool has begun."""
        if not self.began.poll():
            raise ThoughtmillError(CANNOT_BEGIN)

    def _close(self, at_once: bool = False) -> None:
        """End the pool; `at_once`, as after Ctrl-C, without waiting for running items."""
        if self.pool is not None:
            workers = self.pool._processes or {}
            for process in list(workers.values()) if at_once else ():
                process.kill()
            if at_once:
                # A worker that is killed while it writes leaves half a result, and chunks that nobody reads.
                # The pool would wait for ever: it holds the other ends of both pipes itself.
                self.pool._result_queue._writer.close()  # type: ignore[attr-defined]
                self.pool._call_queue.cancel_join_thread()  # type: ignore[attr-defined]
            self.pool.shutdown(cancel_futures=True)
            self.pool = None


def _start_server() -> None:
    """Start the fork server with Ctrl-C blocked: it imports modules first, and would show a traceback.

    Workers inherit this, and unblock it once they ignore it.
    """
    if START == "forkserver":
        resource_tracker.ensure_running()  # it unblocks Ctrl-C once it runs
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _modules(function: Callable[..., Any]) -> Iterator[str]:
    """Yield the modules of a function and of those that it is made of: a worker that is forked imports none.

    What else this process has imported, such as pandas, would take the fork server a second.
    """
    if isinstance(function, partial):
        for part in (function.func, *filter(callable, function.args)):
            yield from _modules(part)
    elif (module := getattr(function, "__module__", None)) not in (None, "__main__"):
        yield str(module)


def _begin(begin: Callable[..., None], arguments: tuple[Any, ...], begins: Connection) -> None:
    """Begin a worker, and say so: it ignores Ctrl-C, and ends whenever its parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if START == "forkserver":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    begin(*arguments)
    begins.send(os.getpid())


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)
