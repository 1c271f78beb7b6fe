"""Work spread over processes: results in order, flat memory, a killed worker costs one item."""

import multiprocessing
import multiprocessing.connection
import pickle
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from os import _exit
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
    process dies, the items that it had are done again one at a time; an item that kills again gives
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

    def spread(self, items: Iterable[Item]) -> Iterator[Result]:
        """Yield the result of every item, in order, with a bounded number under way."""
        source = iter(items)
        chunks = iter(lambda: list(islice(source, CHUNK)), [])
        under_way: deque[Future[list[Result]]] = deque()
        processes = _Processes(self)
        threads = ThreadPoolExecutor(self.workers)  # each waits for a process
        done = False
        try:
            while True:
                free = self.workers * AHEAD - len(under_way)
                under_way.extend(threads.submit(self._do, processes, chunk) for chunk in islice(chunks, free))
                if not under_way:
                    done = True
                    return
                yield from under_way.popleft().result()
        finally:
            if not done:
                processes.kill()
            threads.shutdown(cancel_futures=True)
            processes.close()

    def _do(self, processes: "_Processes", chunk: list[Item]) -> list[Result]:
        """Return the results of a chunk. If its process dies, each item is done alone, twice at most."""
        found: list[Result] | None = processes.ask(chunk)
        if found is not None:
            return found
        alone = (processes.ask([item]) or processes.ask([item]) for item in chunk)
        return [result[0] if result else self.lost(item) for item, result in zip(chunk, alone, strict=True)]


class _Processes:
    """The processes of one `spread`, one for each thread that asks, with a pipe to each.

    A process that dies while it writes ends its pipe. With a pipe that all share, as that of
    `ProcessPoolExecutor`, the others would write behind half a result that is read for ever.
    """

    def __init__(self, pool: WorkerPool[Any, Any]) -> None:
        self.pool = pool
        self.lock = threading.Lock()
        self.all: dict[Connection, BaseProcess] = {}
        self.own = threading.local()
        self.has_begun = self.is_closed = False

    def ask(self, chunk: list[Any]) -> list[Any] | None:
        """Return what the process of this thread makes of a chunk, or None if it dies; raise its error."""
        if getattr(self.own, "pipe", None) is None:
            self.own.pipe = self._begun()
        try:
            self.own.pipe.send(chunk)
            found, error = pickle.loads(self.own.pipe.recv_bytes())
        except (EOFError, OSError):
            self._end(self.own.pipe)
            self.own.pipe = None
            return None
        if error is not None:
            raise error
        results: list[Any] = found
        return results

    def _begun(self) -> Connection:
        """Start a process; return the pipe to it once it has begun."""
        while True:
            pipe = self._start()
            try:
                pipe.recv_bytes()
            except (EOFError, OSError):
                self._end(pipe)
                if not self.has_begun:
                    raise ThoughtmillError(CANNOT_BEGIN) from None
                self.has_begun = False  # the next must begin
            else:
                self.has_begun = True
                return pipe

    def _start(self) -> Connection:
        context: Any = multiprocessing.get_context(START)
        pool, (ours, theirs) = self.pool, multiprocessing.Pipe()
        with self.lock:
            if self.is_closed:
                raise ThoughtmillError("the pool is closed")
            context.set_forkserver_preload(sorted({*_modules(pool.work), *_modules(pool.begin)}))
            _start_server()
            arguments = theirs, pool.work, pool.begin, pool.arguments
            process = context.Process(target=_serve, args=arguments, daemon=True)
            process.start()
            theirs.close()
            self.all[ours] = process
        return ours

    def _end(self, pipe: Connection) -> None:
        """Free what a process that died holds: three file descriptors, of which there are few."""
        with self.lock:
            process = self.all.pop(pipe)
        pipe.close()
        process.kill()  # should it have closed its pipe, and live
        process.join()
        process.close()

    def kill(self) -> None:
        """End all processes at once, as after Ctrl-C."""
        with self.lock:
            self.is_closed = True
            for process in self.all.values():
                process.kill()

    def close(self) -> None:
        """End all processes; none is asked any more."""
        for pipe, process in self.all.items():
            pipe.close()
            process.join()


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


def _serve(
    pipe: Connection,
    work: Callable[[list[Any]], list[Any]],
    begin: Callable[..., None],
    arguments: tuple[Any, ...],
) -> None:
    """Do chunks in a process, which ignores Ctrl-C, and ends whenever its parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if START == "forkserver":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    begin(*arguments)
    pipe.send_bytes(b"begun")
    while True:
        try:
            chunk = pipe.recv()
        except EOFError:
            return
        pipe.send_bytes(_reply(work, chunk))


def _reply(work: Callable[[list[Any]], list[Any]], chunk: list[Any]) -> bytes:
    """Return the results of a chunk and its error, of which one is None."""
    try:
        return pickle.dumps((work(chunk), None))
    except BaseException as error:  # noqa: BLE001  whatever it is, the caller gets it
        return pickle.dumps((None, _sendable(error, traceback.format_exc())))


def _sendable(error: BaseException, note: str) -> BaseException:
    """Return an error with a note; where it does not pickle, a `RuntimeError` that says the same."""
    text = "".join(traceback.format_exception_only(error)).strip()
    try:
        error.add_note(note)
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001  a class of any package may raise anything
        error = RuntimeError(text)
        error.add_note(note)
    return error


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        _exit(1)
