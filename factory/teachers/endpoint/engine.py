"""The engine: one run of requests against one endpoint, in one thread.

It sends one request and hands on one reply, then hears the network and writes what landed to the ledger as
one group, until nothing more comes. What a killed run has received and not written is what came during one of
these steps, so each is short, and what comes goes before what is sent, which takes the most time. Groups grow
with the load by themselves; nothing is shared between threads.
"""

import asyncio
import gc
import math
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from operator import length_hint

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.ledger import FailureRow, Ledger, ResultRow
from thoughtmill.factory.ledger.locks import Locks
from thoughtmill.factory.teachers import Reply, Request
from thoughtmill.factory.teachers.endpoint.control import GO_ON, Control, Retry, StopRun
from thoughtmill.factory.teachers.endpoint.display import ProgressDisplay
from thoughtmill.factory.teachers.endpoint.interrupts import Interrupts
from thoughtmill.factory.teachers.endpoint.pending import PendingRequest, RetryQueue, WriteBatch, keyed, reply
from thoughtmill.factory.teachers.endpoint.responses import Fault, ParsedCompletion, Response, read
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.endpoint.transport import Transport

LOOK_AGAIN_S = 1.0  # between two looks at what another run asks for
HELD_PER_SLOT = 4  # requests held in memory per request in flight: most of them wait to be asked again
ROUNDS = 3  # of the event loop, with one more: a request is sent, bytes come, theirs goes on and lands


class EndpointRun:
    """One call of `OpenAITeacher.complete`. The event loop is the run's own, and is closed with it."""

    def __init__(
        self, settings: EndpointSettings, ledger: Ledger, locks: Locks, transport: Transport, spent_usd: float
    ) -> None:
        self.settings = settings
        self.ledger = ledger
        self.locks = locks
        self.transport = transport
        self.loop = asyncio.new_event_loop()
        self.control = Control(settings, self.loop.time(), None, spent_usd)
        self.display = ProgressDisplay(self.control.counters, ledger)
        self.held: dict[str, PendingRequest] = {}
        self.room = HELD_PER_SLOT * settings.max_concurrency
        self.next: PendingRequest | None = None
        self.flying: dict[asyncio.Task[Response], PendingRequest] = {}
        self.landed: list[tuple[PendingRequest, asyncio.Task[Response]]] = []
        self.write_batch = WriteBatch()
        self.retry_queue = RetryQueue()
        self.ready: deque[Reply] = deque()
        self.exhausted = False
        self.stop: str | None = None
        self.leaving = False

    def replies(self, requests: Iterable[Request]) -> Iterator[Reply]:
        """Yield a reply per request; where the run must stop, drain it and raise a `ThoughtmillError`."""
        source = iter(requests)
        self.control.counters.total = length_hint(requests) or None
        gc.freeze()  # to go through all that is loaded stops a run for tens of milliseconds
        try:
            with Interrupts(self._interrupted):
                try:
                    while self.flying or not (self.stop or (self.exhausted and not self.held)):
                        wake_s = self._send(source)
                        if self.ready:
                            yield self.ready.popleft()
                        self._turn(0.0 if self.ready else wake_s)
                        while self._settle():
                            self._turn(0.0)
                    yield from self.ready
                finally:
                    self._drain()
        finally:
            gc.unfreeze()
            self.loop.stop()  # an interrupt may have left a stop in line that would end the call after next
            self.loop.run_forever()
            self.loop.run_until_complete(self._close())
            self.loop.close()
            self.display.end(self.loop.time())
        if self.stop:
            lost = len(self.write_batch.results)
            raise ThoughtmillError(f"{self.stop}; {lost} answers are lost" if lost else self.stop)

    def _send(self, source: Iterator[Request]) -> float:
        """Send the next request if it may be sent now; return when to look again, in the loop's seconds."""
        now_s = self.loop.time()
        if self.stop:
            return math.inf
        row = self.next = self.next or self.retry_queue.take(now_s) or self._new(source)
        if row is None:
            return self.retry_queue.due_s() if self.exhausted or self.room <= 0 else now_s
        if not (row.locked or self._lock(row, now_s)):
            self.next = None
            return now_s
        wait_s = self.control.wait_s(row, now_s)
        if isinstance(wait_s, StopRun):
            self.stop = wait_s.why
        elif wait_s <= 0:
            self._fly(row, now_s)
        else:
            return now_s + wait_s
        return now_s

    def _new(self, source: Iterator[Request]) -> PendingRequest | None:
        """Take the next request; return its row unless the ledger answers it or it is being asked already."""
        request = next(source, None) if self.room > 0 and not self.exhausted else None
        if request is None:
            self.exhausted = self.control.asked_all = self.exhausted or self.room > 0
            return None
        key, parameters = keyed(request, self.control.endpoint, self.settings.model)
        if key in self.held:
            self.held[key].requests.append(request)
            self.room -= 1
            return None
        found = self.ledger.known(key)
        if found is not None:
            self.control.counters.of(request.thought).held += 1
            self.ready.append(reply(request, found))
            return None
        most_usd = self.control.budget.most_usd(request.messages, parameters)
        self.held[key] = PendingRequest.of(request, key, parameters, most_usd)
        self.room -= 1
        return self.held[key]

    def _lock(self, row: PendingRequest, now_s: float) -> bool:
        """Say whether this run is to ask for a row; what another run asks for is looked at again later."""
        row.locked = self.locks.lock(row.key)
        if not row.locked:
            self.retry_queue.put(row, now_s + LOOK_AGAIN_S)
            return False
        found = self.ledger.get(row.key)  # another run may have bought it since it was looked for
        if found is not None:
            self.control.counters.of(row.request.thought).held += len(row.requests)
            self._end(row, found)
        return found is None

    def _fly(self, row: PendingRequest, now_s: float) -> None:
        """Send one row."""
        self.next = None
        self.control.sent(row, now_s)
        task = self.loop.create_task(self.transport.post(row.body()))
        self.flying[task] = row
        task.add_done_callback(self._land)

    def _land(self, task: asyncio.Task[Response]) -> None:
        """Note that a row is back, and end this turn of the event loop."""
        self.landed.append((self.flying.pop(task), task))
        self.loop.stop()

    def _turn(self, wake_s: float) -> None:
        """Let the event loop run until a delivery lands or it is time to look again."""
        self.rest: asyncio.Handle = self.loop.call_at(min(wake_s, self.display.next_s), self._rest, ROUNDS)
        self.loop.run_forever()
        self.rest.cancel()
        if self.leaving:
            raise KeyboardInterrupt

    def _rest(self, rounds: int) -> None:
        """Stop the event loop after so many rounds."""
        if rounds:
            self.rest = self.loop.call_soon(self._rest, rounds - 1)
        else:
            self.loop.stop()

    def _settle(self) -> bool:
        """Write everything that landed to the ledger, then make it ready to be handed on; False: nothing did.

        When the ledger cannot be written, as on a full disk, nothing more is sent and what landed is kept: it
        is written with what lands later, if there is room by then.
        """
        landed, self.landed = self.landed, []
        for row, task in landed:
            delivery = task.result()
            verdict = read(delivery)
            if isinstance(verdict, ParsedCompletion):
                price = self.settings.prices.get(row.model)
                result = row.result(self.control.endpoint, verdict, delivery, price)
                self.control.answered(row, result, self.loop.time())
                self._end(row, result, verdict)
            else:
                self.write_batch.attempts.append(row.attempt(verdict, delivery))
                self._failed(row, verdict, delivery.retry_after_s)
        try:
            self._write()
            self.display.show(self.loop.time())
        except ThoughtmillError as error:
            self.stop = self.stop or f"{error}; {GO_ON}"
        return bool(landed)

    def _write(self) -> None:
        """Write the group, then make its replies ready, and let other runs ask for what failed."""
        self.write_batch.write(self.ledger)
        done, self.write_batch = self.write_batch, WriteBatch()
        self.ready.extend(done.replies)
        for row in done.over:
            self.locks.unlock(row.key)

    def _failed(self, row: PendingRequest, fault: Fault, retry_after_s: float | None) -> None:
        """Do what a fault asks for."""
        decision = self.control.failed(row, fault, retry_after_s, self.loop.time())
        if isinstance(decision, Retry):
            self.retry_queue.put(row, decision.at_s)
        elif isinstance(decision, StopRun):
            self.stop = self.stop or decision.why
        else:
            self._end(row, row.failure(fault))

    def _end(
        self, row: PendingRequest, end: ResultRow | FailureRow, completed: ParsedCompletion | None = None
    ) -> None:
        """Put the end of a row into the group, and make room for others."""
        self.write_batch.end(row, end, completed)
        del self.held[row.key]
        self.room += len(row.requests)

    def _interrupted(self, times: int) -> None:
        """Send nothing more, so that the run ends when all in flight is in the ledger; then leave at once.

        The event loop is stopped rather than interrupted: an exception may not fall into one of its tasks.
        """
        self.leaving = times > 1
        if not self.leaving:
            self.stop = self.stop or f"stopped; {GO_ON}"
            message = f"stopping: {len(self.flying)} requests are in flight; Ctrl-C again leaves without them"
            print(message, file=sys.stderr, flush=True)
        elif not self.loop.is_running():
            raise KeyboardInterrupt
        self.loop.call_soon_threadsafe(self.loop.stop)

    def _drain(self) -> None:
        """Bring home what is in flight, as it is paid for, whatever ended the run."""
        self._settle()
        while self.flying and not self.leaving:
            self._turn(math.inf)
            self._settle()

    async def _close(self) -> None:
        """Drop what is still in flight, and close the connections."""
        for task in self.flying:
            task.remove_done_callback(self._land)
            task.cancel()
        await asyncio.gather(*self.flying, return_exceptions=True)
        await self.transport.close()
