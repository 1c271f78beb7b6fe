"""Work spread by Ray over the cores of one machine or of a cluster.

Workers are plain actors with a bounded number of batches each, and not `ray.data`: its operators need cores
for themselves, which on one or two cores leaves none for the work, and it fuses batches as it likes.
"""

import os
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from itertools import islice
from operator import length_hint
from typing import Any, Generic, TypeVar

from pydantic import Field

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.params import Section

Item = TypeVar("Item")
Result = TypeVar("Result")

CHUNK = 64
AHEAD = 4
"""Chunks taken ahead for each worker, so that others go on while one result is late."""
DEEP = 2
"""Chunks that a worker has at once: it begins the next while the last result travels."""
SAY_EVERY_S = 10.0
STORE_B = 200_000_000
QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
OPTIONS = {"CPU": "num_cpus", "GPU": "num_gpus", "memory": "memory"}
"""Ray's own resources, by the option that asks for each."""


class RaySettings(Section):
    """The section `ray` of `params.yaml`, for `executor: ray`."""

    address: str = Field("local", description="`local` starts Ray here; `auto` or host:port joins a cluster")
    workers: int = Field(0, ge=0, description="0 is one per core of the machine or the cluster")
    resources: Mapping[str, float] = Field(
        {"CPU": 1}, description="what each worker takes of its node: CPU, GPU, or resources of your own"
    )


class RayPool(Generic[Item, Result]):
    """Actors that each do `work(items)`, a few items at a time, after calling `begin(*arguments)` once.

    It keeps what `local.WorkerPool` promises: results in order, flat memory, and an item that kills its
    worker twice gives `lost(item)`. When a worker or its node dies, another worker does its items again.
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
        crew = _Crew(self)
        under_way: deque[tuple[list[Item], Any]] = deque([(first, crew.submit(first))])
        try:
            while under_way:
                while len(under_way) < crew.ready() * AHEAD and (chunk := next(chunks, None)):
                    under_way.append((chunk, crew.submit(chunk)))
                chunk, call = under_way.popleft()
                found = crew.result(call)
                yield from (self._alone(crew, item) for item in chunk) if found is None else found
        finally:
            crew.close()

    def _size(self, count: int) -> int:
        """Return the items of a chunk; a few items, such as shards, go to as many workers as possible."""
        return min(CHUNK, max(1, count // (self.workers * AHEAD))) if count else CHUNK

    def at_once(self, count: int) -> int:
        """Return how many of `count` chunks are under way at the same time, at most."""
        known = self.settings.workers or (self.workers if self.settings.address == "local" else count)
        return min(count, known)

    def _alone(self, crew: "_Crew", item: Item) -> Result:
        """Do an item of a lost chunk alone; if its worker dies twice, the item itself is lost."""
        for _ in range(2):
            found: list[Result] | None = crew.result(crew.submit([item]))
            if found is not None:
                return found[0]
        return self.lost(item)


class _Call:
    """A chunk that waits for a worker, or is with one."""

    def __init__(self, chunk: list[Any]) -> None:
        self.chunk = chunk
        self.reference: Any = None


class _Crew:
    """The actors of one pool, and the chunks that wait for one of them."""

    def __init__(self, pool: RayPool[Any, Any]) -> None:
        self.ray = joined(pool.settings, pool.workers)
        self.pool = pool
        self.worker = self.ray.remote(_Worker).options(**_taken(pool.settings.resources))
        self.waiting: deque[_Call] = deque()
        self.load: Counter[Any] = Counter()  # chunks that each ready worker has
        self.running: dict[Any, Any] = {}  # the worker of each reference that is not done
        self.starting: dict[Any, Any] = {}  # workers that are not ready, by the reference that says so
        count = pool.workers if pool.settings.address == "local" or pool.settings.workers else cores(self.ray)
        for _ in range(count):
            self._start()

    def ready(self) -> int:
        """Return how many workers are ready, at least one."""
        return max(1, len(self.load))

    def submit(self, chunk: list[Any]) -> _Call:
        """Hand a chunk to the least busy worker, or keep it until a worker has done another."""
        call = _Call(chunk)
        self.waiting.append(call)
        self._hand_out()
        return call

    def result(self, call: _Call) -> list[Any] | None:
        """Wait for the results of a chunk; None if its worker died."""
        from ray import exceptions

        while call.reference is None or call.reference in self.running:
            self._wait()
        try:
            found: list[Any] = self.ray.get(call.reference)
        except exceptions.RayTaskError as error:
            raise error.cause from error
        except exceptions.RayError:  # the worker, its node or the result is lost
            return None
        return found

    def close(self) -> None:
        """End all workers, without waiting for running items."""
        for worker in (*self.load, *self.starting.values()):
            self.ray.kill(worker)

    def _start(self) -> None:
        worker = self.worker.remote(self.pool.begin, self.pool.arguments)
        self.starting[worker.ready.remote()] = worker

    def _hand_out(self) -> None:
        """Give waiting chunks to workers that have fewer than `DEEP`."""
        while self.waiting and self.load:
            worker, busy = min(self.load.items(), key=lambda each: each[1])
            if busy >= DEEP:
                return
            call = self.waiting.popleft()
            call.reference = worker.work.remote(self.pool.work, call.chunk)
            self.running[call.reference] = worker
            self.load[worker] += 1

    def _wait(self) -> None:
        """Wait until a worker is ready or has done a chunk; say what for, if that takes long."""
        done, _ = self.ray.wait([*self.running, *self.starting], num_returns=1, timeout=SAY_EVERY_S)
        if not done and not self.running:
            wanted = ", ".join(f"{name} {amount:g}" for name, amount in self.pool.settings.resources.items())
            print(f"ray: waits for a node with {wanted or 'room'} free", file=sys.stderr, flush=True)
        for reference in done:
            if reference in self.starting:
                self._begun(reference, self.starting.pop(reference))
            else:
                self._done(reference, self.running.pop(reference))
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

    def _done(self, reference: Any, worker: Any) -> None:
        """Count a chunk as done; replace a worker that died over it."""
        from ray import exceptions

        if worker not in self.load:
            return
        self.load[worker] -= 1
        try:
            self.ray.get(reference)
        except exceptions.RayTaskError:
            pass  # its own exception, which `result` raises
        except exceptions.RayError:
            del self.load[worker]
            self._start()


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


def joined(settings: RaySettings, workers: int) -> Any:
    """Return the module `ray`, connected to a cluster or to Ray on this machine.

    Ray on this machine is started for this process, and ends with it.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray: Any = import_module("ray")  # takes seconds; half of it has no types
    if ray.is_initialized():
        return ray
    if settings.address == "local":
        ray.init("local", **_room(settings.resources, workers), include_dashboard=False, **QUIET)
        return ray
    try:
        context = ray.init(settings.address, **QUIET)
    except (ConnectionError, ValueError) as error:
        where, why = f"no cluster at `{settings.address}`", str(error).splitlines()[0]
        raise ThoughtmillError(f"params.yaml: ray.address: {where}: {why}") from error
    board = f"; dashboard: http://{context.dashboard_url}" if context.dashboard_url else ""
    print(f"ray: {len(ray.nodes())} nodes, {cores(ray)} cores{board}", file=sys.stderr, flush=True)
    return ray


def _room(resources: Mapping[str, float], workers: int) -> dict[str, Any]:
    """Return what Ray on this machine has: room for all workers, however few cores there are."""
    own = {name: amount * workers for name, amount in resources.items() if name not in OPTIONS}
    needed = round(workers * resources.get("CPU", 1))
    return {"num_cpus": max(1, needed), "resources": own, "object_store_memory": STORE_B}


def cores(ray: Any) -> int:
    """Return the number of cores of a cluster, at least one."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def _taken(resources: Mapping[str, float]) -> dict[str, Any]:
    """Return resources as the options of an actor."""
    known = {option: resources[name] for name, option in OPTIONS.items() if name in resources}
    own = {name: amount for name, amount in resources.items() if name not in OPTIONS}
    return {"num_cpus": 0, **known, "resources": own}
