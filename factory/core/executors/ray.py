"""Work spread by Ray over the cores of one machine or of a cluster.

Workers are plain actors with a bounded number of batches each, and not `ray.data`: its operators need cores
for themselves, which on one or two cores leaves none for the work, and it fuses batches as it likes.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib import import_module
from itertools import islice
from operator import length_hint
from typing import Any, Generic, TypeVar

from thoughtmill.factory.core import progress_files
from thoughtmill.factory.core import ray_cluster as cluster
from thoughtmill.factory.core.ray_cluster import RaySettings

Item = TypeVar("Item")
Result = TypeVar("Result")

CHUNK = 64
AHEAD = 4
"""Chunks taken ahead for each worker, so that others go on while one result is late."""
DEEP = 2
"""Chunks that a worker has at once: it begins the next while the last result travels. Single items, such as
shards, take so long that each waits for the first worker that is free."""
LOOK_EVERY_S = 1.0
MOST_DEATHS = 2
"""Workers that an item may cost before it is lost."""


class RayPool(Generic[Item, Result]):
    """Actors that each do `work(items)`, a few items at a time, after calling `begin(*arguments)` once.

    It keeps what `local.WorkerPool` promises: results in order, flat memory, and an item that kills its
    worker twice gives `lost(item)`. When a worker or its node dies, other workers do all items again that it
    had, one at a time. So a death is blamed on the only item that the worker had.
    """

    SETTINGS = RaySettings

    def __init__(
        self,
        work: Callable[[list[Item]], list[Result]],
        lost: Callable[[Item], Result],
        workers: int,
        begin: Callable[..., None],
        arguments: tuple[Any, ...] = (),
        settings: RaySettings | None = None,
    ) -> None:
        self.settings = settings or RaySettings()
        self.work, self.lost, self.workers = work, lost, self.settings.workers or workers
        self.begin, self.arguments = begin, arguments

    def spread(self, items: Iterable[Item]) -> Iterator[Result]:
        """Yield the result of every item, in order, with a bounded number under way."""
        source, size = iter(items), self._size(length_hint(items))
        chunks = iter(lambda: list(islice(source, size)), [])
        first = next(chunks, None)
        if first is None:
            return
        crew = _Crew(self, deep=1 if size == 1 else DEEP)
        under_way: deque[tuple[list[Item], Any]] = deque([(first, crew.submit(first))])
        try:
            while under_way:
                while len(under_way) < crew.ready() * AHEAD and (chunk := next(chunks, None)):
                    under_way.append((chunk, crew.submit(chunk)))
                chunk, call = under_way.popleft()
                found = crew.result(call)
                yield from self._each(crew, chunk) if found is None else found
        finally:
            crew.close()

    def _size(self, count: int) -> int:
        """Return the items of a chunk; a few items, such as shards, go to as many workers as possible."""
        return min(CHUNK, max(1, count // (self.workers * AHEAD))) if count else CHUNK

    def at_once(self, count: int) -> int:
        """Return how many of `count` chunks are under way at the same time, at most."""
        known = self.settings.workers or (self.workers if self.settings.address == "local" else count)
        return min(count, known)

    def shared(self, make: Callable[..., Any], *arguments: Any) -> "SharedObject":
        """Return an object, made in a process beside this one, whose methods all workers may call."""
        ray = cluster.joined(self.settings, self.workers)
        return SharedObject(ray.remote(_Host).options(**cluster.here(ray)).remote(make, arguments))

    def _each(self, crew: "_Crew", chunk: list[Item]) -> Iterator[Result]:
        """Do the items of a lost chunk one at a time; a single item whose workers died is lost itself."""
        calls: Sequence[_Call | None] = crew.submit_each(chunk) if len(chunk) > 1 else [None]
        for item, call in zip(chunk, calls, strict=True):
            found: list[Result] | None = None if call is None else crew.result(call)
            yield self.lost(item) if found is None else found[0]


class _Call:
    """A chunk that waits for a worker, is with one, or is done; `found` is None if its worker died.

    A chunk takes `room` at its worker, of `deep` that there is. A single item takes all of it.
    """

    def __init__(self, chunk: list[Any], deep: int) -> None:
        self.chunk, self.room = chunk, deep if len(chunk) == 1 else 1
        self.done = False
        self.found: list[Any] | None = None
        self.error: BaseException | None = None
        self.deaths = 0


class _Crew:
    """The actors of one pool, and the chunks that wait for one of them."""

    def __init__(self, pool: RayPool[Any, Any], deep: int) -> None:
        self.deep = deep
        self.ray = cluster.joined(pool.settings, pool.workers)
        progress_files.note(dashboard=cluster.dashboard())
        self.pool, self.wait_line = pool, progress_files.WaitLine()
        self.worker = self.ray.remote(_Worker).options(**cluster.taken(pool.settings.resources))
        self.waiting: deque[_Call] = deque()
        self.load: Counter[Any] = Counter()  # the room that is taken at each ready worker
        self.running: dict[Any, tuple[Any, _Call]] = {}  # worker and call of each reference that is not done
        self.starting: dict[Any, Any] = {}  # workers that are not ready, by the reference that says so
        count = pool.settings.workers or cluster.most_workers(self.ray, pool.settings.resources)
        if pool.settings.address == "local":
            count = min(count, pool.workers)
        for _ in range(count):
            self._start()

    def ready(self) -> int:
        """Return how many workers are ready, at least one."""
        return max(1, len(self.load))

    def submit(self, chunk: list[Any]) -> _Call:
        """Hand a chunk to the least busy worker, or keep it until a worker has done another."""
        call = _Call(chunk, self.deep)
        self.waiting.append(call)
        self._hand_out()
        return call

    def submit_each(self, chunk: list[Any]) -> list[_Call]:
        """Hand out the items of a chunk before all others, each to a worker that has nothing else."""
        calls = [_Call([item], self.deep) for item in chunk]
        self.waiting.extendleft(reversed(calls))
        self._hand_out()
        return calls

    def result(self, call: _Call) -> list[Any] | None:
        """Wait for the results of a chunk; None if its worker died."""
        while not call.done:
            self._wait()
        if call.error is not None:
            raise call.error
        return call.found

    def close(self) -> None:
        """End all workers, without waiting for running items."""
        for worker in (*self.load, *self.starting.values()):
            self.ray.kill(worker)

    def _start(self) -> None:
        worker = self.worker.remote(self.pool.begin, self.pool.arguments)
        self.starting[worker.ready.remote()] = worker

    def _hand_out(self) -> None:
        """Give waiting chunks to workers that have room for them, in their order."""
        while self.waiting and self.load:
            worker, taken = min(self.load.items(), key=lambda each: each[1])
            if taken + self.waiting[0].room > self.deep:
                return
            call = self.waiting.popleft()
            self.running[worker.work.remote(self.pool.work, call.chunk)] = worker, call
            self.load[worker] += call.room

    def _wait(self) -> None:
        """Wait until a worker is ready or has done a chunk; say what for, if that takes long."""
        done, _ = self.ray.wait([*self.running, *self.starting], num_returns=1, timeout=LOOK_EVERY_S)
        if self.load or done:
            self.wait_line.goes_on()
        else:
            cluster.check_alive(self.ray, self.pool.settings)
            self.wait_line.waits(cluster.room_wanted(self.ray, self.pool.settings.resources))
        for reference in done:
            if reference in self.starting:
                self._begun(reference, self.starting.pop(reference))
            else:
                self._done(reference, *self.running.pop(reference))
        self._hand_out()

    def _begun(self, reference: Any, worker: Any) -> None:
        """Count a worker as ready; start another if its node died before it was."""
        from ray import exceptions

        try:
            self.ray.get(reference)
        except exceptions.RayTaskError as error:
            raise error.cause from error
        except exceptions.RayError:
            self._start()
        else:
            self.load[worker] = 0

    def _done(self, reference: Any, worker: Any, call: _Call) -> None:
        """Keep the results of a chunk. Replace a worker that died over it, and do a single item again."""
        from ray import exceptions

        if worker in self.load:
            self.load[worker] -= call.room
        call.done = True
        try:
            call.found = self.ray.get(reference)
        except exceptions.RayTaskError as error:
            call.error = error.cause
        except exceptions.RayError:  # the worker, its node or the result is lost
            call.deaths += 1
            if len(call.chunk) == 1 and call.deaths < MOST_DEATHS:
                call.done = False
                self.waiting.appendleft(call)
            if worker in self.load:
                del self.load[worker]
                self._start()


class _Host:
    """An actor that holds an object."""

    def __init__(self, make: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.object = make(*arguments)

    def call(self, name: str, arguments: tuple[Any, ...]) -> Any:
        """Call a method of the object."""
        return getattr(self.object, name)(*arguments)


class SharedObject:
    """An object in another process; a call of a method takes about a millisecond."""

    def __init__(self, host: Any) -> None:
        self.host = host

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):  # pickle asks for such before there is a host
            raise AttributeError(name)
        return partial(self._called, name)

    def _called(self, name: str, *arguments: Any) -> Any:
        ray: Any = import_module("ray")
        return ray.get(self.host.call.remote(name, arguments))


class _Worker:
    """An actor: a process that has begun."""

    def __init__(self, begin: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        self.begun = (begin, arguments)

    def ready(self) -> None:
        """Begin, in a call whose errors reach the driver as they are."""
        begin, arguments = self.begun
        begin(*arguments)

    def work(self, work: Callable[[list[Any]], list[Any]], items: list[Any]) -> list[Any]:
        """Do a chunk."""
        return work(items)
