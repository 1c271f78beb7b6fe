"""The engine: runs requests against one endpoint, in one thread.

A run repeats three steps: it sends one request and yields one reply, it lets the event loop receive, and it
writes all arrived responses to the ledger in one transaction. A killed run loses only responses that arrived
since the last write, so each step is short. Responses are written before the next request is sent, because
sending takes the most time. Write batches grow with the load.
"""

import asyncio
import gc
import itertools
import math
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from operator import length_hint

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.printable import say
from thoughtmill.factory.ledger import FailureRow, Ledger, ResultRow
from thoughtmill.factory.ledger.in_flight import InFlight
from thoughtmill.factory.ledger.locks import Locks
from thoughtmill.factory.teachers import BudgetSpent, Reply, Request
from thoughtmill.factory.teachers.endpoint.allowances import ShardAllowance
from thoughtmill.factory.teachers.endpoint.bodies import ParsedCompletion
from thoughtmill.factory.teachers.endpoint.control import GO_ON, Control, Retry, StopRun
from thoughtmill.factory.teachers.endpoint.display import ProgressDisplay
from thoughtmill.factory.teachers.endpoint.faults import Fault
from thoughtmill.factory.teachers.endpoint.pending import PendingRequest, RetryQueue, WriteBatch, reply
from thoughtmill.factory.teachers.endpoint.prices import price_of
from thoughtmill.factory.teachers.endpoint.request_keys import FORMAT, RequestKeys
from thoughtmill.factory.teachers.endpoint.responses import Response, parse_response
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.endpoint.shared_limits import SharedRateLimiter, share
from thoughtmill.factory.teachers.endpoint.transport import Transport

GRACE_S = 2.0  # for answers that cost nothing, after Ctrl-C
LOOK_AGAIN_S = 1.0  # between two looks in the ledger for the answer to a request of another run
READY_PER_REQUEST = 8  # replies that wait for each further request that is sent in one step
BURST = 4  # requests that are sent in one step at most
NEW_OBJECTS = 20_000  # between two collections of garbage; some 200 requests
PENDING_PER_SLOT = 4  # pending requests per request in flight; most of the others wait for a retry
ROUNDS = 2  # turns of the event loop to send a request, receive bytes, resume its task and note its end


class EndpointRun:
    """One call of `OpenAITeacher.complete`. It has an event loop to itself and closes it at the end."""

    def __init__(
        self,
        settings: EndpointSettings,
        ledger: Ledger,
        locks: Locks,
        transport: Transport,
        spent_usd: float,
        allowance: ShardAllowance | None = None,
    ) -> None:
        self.settings = settings
        self.url = settings.url()
        self.ledger = ledger
        self.locks = locks
        self.transport = transport
        self.loop = asyncio.new_event_loop()
        self.control = Control(settings, self.loop.time(), None, spent_usd)
        self.keys = RequestKeys(settings, ledger.__contains__, say)
        self.limits: list[SharedRateLimiter] = []
        if allowance is not None:
            self.control.budget = allowance.budget(settings, spent_usd)
            allowance.share(self.control.flow, self.control.endpoint, self.loop.time())
        else:
            self.limits = share(self.control.flow, self.control.endpoint, ledger.path, self.loop.time())
        self.sent = None if settings.max_usd is None else InFlight(ledger.path)
        self.display = ProgressDisplay(self.control.counters, ledger)
        self.pending: dict[str, PendingRequest] = {}
        self.room = PENDING_PER_SLOT * settings.max_concurrency
        self.next: PendingRequest | None = None
        self.again: deque[Request] = deque()
        self.in_flight: dict[str, asyncio.Task[Response]] = {}
        self.arrived: list[tuple[PendingRequest, asyncio.Task[Response]]] = []
        self.write_batch = WriteBatch()
        self.retry_queue = RetryQueue()
        self.ready: deque[Reply] = deque()
        self.exhausted = False
        self.stop_reason: str | None = None
        self.leaving = self.closing = self.spent = False
        self.wait_until_s = math.inf

    def replies(self, requests: Iterable[Request]) -> Iterator[Reply]:
        """Yield a reply per request.

        A run that must stop waits for the requests in flight, yields their replies and raises a
        `ThoughtmillError`.
        """
        source = iter(requests)
        self.control.counters.total = length_hint(requests) or None
        try:
            with rare_collections(), on_interrupt(self._interrupted):
                try:
                    while self._waits() or not (self.stop_reason or self._is_done()):
                        wake_s = self._send(source)
                        for _ in range(self._burst()):
                            yield self.ready.popleft()
                            if self.ready:
                                wake_s = self._send(source)
                        self._receive(0.0 if self.ready else wake_s)
                        while self._settle():
                            self._receive(0.0)
                    yield from self.ready
                finally:
                    self._drain()
        finally:
            self.loop.stop()  # an interrupt may have scheduled a stop, which must not end `_close`
            self.loop.run_forever()
            self.loop.run_until_complete(self._close())
            self.loop.close()
            self.display.end(self.loop.time())
            self.control.budget.close()
            for limit in self.limits:
                limit.close()
            if self.sent is not None:
                self.sent.close()
        if self.stop_reason:
            lost = len(self.write_batch.results)
            kind = BudgetSpent if self.spent else ThoughtmillError
            raise kind(f"{self.stop_reason}; {lost} answers are lost" if lost else self.stop_reason)

    def _send(self, source: Iterator[Request]) -> float:
        """Send the next request if it may be sent now; return when to look again, in the loop's seconds."""
        now_s = self.loop.time()
        if self.stop_reason:
            return math.inf
        pending = self.next = self.next or self.retry_queue.take(now_s) or self._take(source)
        if pending is None:
            return self.retry_queue.due_s() if self.exhausted or self.room <= 0 else now_s
        if not (pending.locked or self._lock(pending, now_s)):
            self.next = None
            return now_s
        wait_s = self.control.wait_s(pending, now_s)
        if isinstance(wait_s, StopRun):
            self.stop_reason, self.spent = wait_s.why, True
        elif wait_s <= 0:
            self._post(pending, now_s)
        else:
            return now_s + wait_s
        return now_s

    def _burst(self) -> int:
        """Return how many replies to yield in one step, each before a request is sent: few, unless many wait.

        Answers that arrive meanwhile are not in the ledger yet.
        """
        return min(BURST, len(self.ready), 1 + len(self.ready) // READY_PER_REQUEST)

    def _waits(self) -> bool:
        """Say whether to wait for the requests in flight."""
        return bool(self.in_flight) and self.loop.time() < self.wait_until_s

    def _is_done(self) -> bool:
        """Say whether every request has its reply."""
        return self.exhausted and not (self.pending or self.again)

    def _take(self, source: Iterator[Request]) -> PendingRequest | None:
        """Take a new request; return it unless the ledger has its answer or the same request is pending."""
        request = self.again.popleft() if self.again else None
        if request is None and self.room > 0 and not self.exhausted:
            request = next(source, None)
        if request is None:
            self.exhausted = self.control.asked_all = self.exhausted or self.room > 0
            return None
        key, parameters = self.keys.keyed(request)
        if key in self.pending:
            self.pending[key].requests.append(request)
            self.room -= 1
            return None
        locked = self.locks.lock(key)
        known = self.ledger.known(key)
        if known is not None:
            if locked:
                self.locks.unlock(key)
            self.control.counters.of(request.thought).held += 1
            self.ready.append(reply(request, known))
            return None
        self.pending[key] = self.control.pending(request, key, parameters)
        self.pending[key].locked = locked
        self.room -= 1
        return self.pending[key]

    def _lock(self, pending: PendingRequest, now_s: float) -> bool:
        """Lock a request that another run had locked; say whether this run must send it.

        If it is still locked, look again later.
        """
        pending.locked = self.locks.lock(pending.key)
        if not pending.locked:
            self.retry_queue.put(pending, now_s + LOOK_AGAIN_S)
            return False
        bought = self.ledger.get(pending.key)  # by another run, since the last look
        if bought is not None:
            self.control.counters.of(pending.request.thought).held += len(pending.requests)
            self._finish(pending, bought)
        return bought is None

    def _post(self, pending: PendingRequest, now_s: float) -> None:
        """Begin to send a request."""
        self.next = None
        self.control.sent(pending, now_s)
        if self.sent is not None:
            self.sent.add(pending.key, pending.most_usd)
        pending.stream = self.transport.stream
        self.in_flight[pending.key] = self.loop.create_task(self._ask(pending))

    async def _ask(self, pending: PendingRequest) -> Response:
        """Return the response to a request, note it, and stop the event loop so that it is written."""
        try:
            return await self.transport.post(pending.body(self.settings.api))
        finally:  # a callback of the task would come a turn of the event loop later
            if not self.closing:
                self.arrived.append((pending, self.in_flight.pop(pending.key)))
                self.loop.stop()

    def _receive(self, wake_s: float) -> None:
        """Let the event loop run until a response arrives or it is time to look again."""
        wake_s = min(wake_s, self.display.next_s, self.wait_until_s)
        soon = wake_s <= self.loop.time()
        self.alarm: asyncio.Handle = (
            self.loop.call_soon(self._wake, ROUNDS) if soon else self.loop.call_at(wake_s, self._wake, ROUNDS)
        )
        self.loop.run_forever()
        self.alarm.cancel()
        if self.leaving:
            raise KeyboardInterrupt

    def _wake(self, rounds: int) -> None:
        """Stop the event loop after this many more rounds."""
        if rounds:
            self.alarm = self.loop.call_soon(self._wake, rounds - 1)
        else:
            self.loop.stop()

    def _settle(self) -> bool:
        """Write every response that has arrived, then make its replies ready; say whether any had arrived.

        When the ledger cannot be written, as on a full disk, the run stops sending. It keeps its write batch,
        and tries again with the responses that arrive later.
        """
        arrived, self.arrived = self.arrived, []
        for pending, task in arrived:
            response = task.result()
            parsed = parse_response(response)
            if isinstance(parsed, ParsedCompletion):
                price = price_of(pending.parameters, self.settings.prices, self.url)
                result = pending.result(self.control.endpoint, parsed, response, price)
                self.control.answered(pending, result, self.loop.time(), response.retry_after_s)
                self._finish(pending, result, parsed)
            else:
                self.write_batch.attempts.append(pending.attempt(parsed, response))
                self._failed(pending, parsed, response.retry_after_s)
        try:
            self._write()
            self.display.show(self.loop.time())
        except ThoughtmillError as error:
            self.stop_reason = self.stop_reason or f"{error}; {GO_ON}"
        return bool(arrived)

    def _write(self) -> None:
        """Write the batch, make its replies ready and unlock its requests."""
        self.write_batch.write(self.ledger)
        written, self.write_batch = self.write_batch, WriteBatch()
        self.ready.extend(written.replies)
        for pending in written.finished:
            self.locks.unlock(pending.key)
        if self.sent is not None:
            for key in written.keys():  # noqa: SIM118  a batch is not a mapping
                self.sent.remove(key)

    def _failed(self, pending: PendingRequest, fault: Fault, retry_after_s: float | None) -> None:
        """Retry a request, give it up or stop the run, as `Control` decides."""
        if FORMAT in pending.parameters and fault.refuses_format:
            self._ask_without_format(pending)
            return
        if stream := fault.wants_stream(pending.stream):
            self._ask_in_stream(pending, stream)
            return
        pending.failed_before = pending.failed_before or self.ledger.has_failed(pending.key)
        decision = self.control.failed(pending, fault, retry_after_s, self.loop.time())
        if isinstance(decision, Retry):
            self.retry_queue.put(pending, decision.at_s)
        elif isinstance(decision, StopRun):
            self.stop_reason = self.stop_reason or decision.why
        else:
            self._finish(pending, pending.failure(fault))

    def _ask_without_format(self, pending: PendingRequest) -> None:
        """Ask the same requests again, without the response format that the endpoint refuses."""
        self.keys.drop_format()
        self.control.dropped(pending)
        self.locks.unlock(pending.key)
        del self.pending[pending.key]
        self.room += len(pending.requests)
        self.again.extend(pending.requests)

    def _ask_in_stream(self, pending: PendingRequest, stream: str) -> None:
        """Ask the same request again in the one form of stream that the endpoint serves."""
        if self.transport.stream == pending.stream:
            self.transport.stream = stream
            say(f"{self.control.endpoint} answers in streams alone: `stream: true` says so before")
        self.control.dropped(pending)
        self.retry_queue.put(pending, self.loop.time())

    def _finish(
        self, pending: PendingRequest, row: ResultRow | FailureRow, parsed: ParsedCompletion | None = None
    ) -> None:
        """Put the last row of a request into the write batch, and make room for another request."""
        self.write_batch.finish(pending, row, parsed)
        del self.pending[pending.key]
        self.room += len(pending.requests)

    def _interrupted(self, times: int) -> None:
        """At the first Ctrl-C, stop sending and wait for the requests in flight; at the second, leave.

        A local server of one's own, which may be slow, is waited for only a moment.
        The event loop is stopped, not interrupted: an exception must not hit one of its tasks. It prints the
        line too, since a handler of a signal may interrupt a line that is being printed.
        """
        self.leaving = times > 1
        if not self.leaving:
            self.stop_reason = self.stop_reason or f"stopped; {GO_ON}"
            flying = f"stopping: {len(self.in_flight)} requests are in flight"
            if self.settings.is_free():
                self.wait_until_s = self.loop.time() + GRACE_S
                told = f"{flying} to a server that costs nothing: they have {GRACE_S:g} s"
            else:
                told = f"{flying}; Ctrl-C again leaves without them"
            self.loop.call_soon_threadsafe(say, told)
        elif not self.loop.is_running():
            raise KeyboardInterrupt
        self.loop.call_soon_threadsafe(self.loop.stop)

    def _drain(self) -> None:
        """Wait for the requests in flight, which are paid for, and write their responses."""
        self._settle()
        while self._waits() and not self.leaving:
            self._receive(math.inf)
            self._settle()

    async def _close(self) -> None:
        """Drop the requests that are still in flight, and close the connections."""
        self.closing = True
        for task in self.in_flight.values():
            task.cancel()
        await asyncio.gather(*self.in_flight.values(), return_exceptions=True)
        await self.transport.close()


@contextmanager
def rare_collections() -> Iterator[None]:
    """While this context is open, collect garbage rarely, and none of the loaded modules.

    To collect these would stop the run for tens of milliseconds. The requests in flight make no garbage in
    cycles, and Python would look through them at every few sent.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextmanager
def on_interrupt(act: Callable[[int], None]) -> Iterator[None]:
    """While this context is open, call `act` at each SIGINT with the number of SIGINTs so far.

    Outside the main thread, where Python handles no signals, the context does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    count = itertools.count(1)
    before = signal.signal(signal.SIGINT, lambda signum, frame: act(next(count)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
