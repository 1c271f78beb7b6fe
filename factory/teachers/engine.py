"""The engine: one run of requests against one endpoint, in one thread.

Each turn: send what the flow allows, let the event loop run until something lands, write all that landed to
the ledger as one group, and only then hand it on. A killed run has lost at most what one turn of the loop
received; groups grow with the load by themselves; nothing is shared between threads.
"""

import asyncio
import math
import random
import sys
from collections import deque
from collections.abc import Iterable, Iterator

from factory.errors import ThoughtmillError
from factory.ledger import Attempt, Ledger, Result
from factory.teachers import Reply, Request
from factory.teachers.deliveries import Completed, Delivery, Fault, Remedy, read
from factory.teachers.flow import Flow, backoff_s
from factory.teachers.interrupts import Interrupts
from factory.teachers.money import Budget, likely_tokens
from factory.teachers.rows import Row, keyed, reply
from factory.teachers.settings import Settings
from factory.teachers.transport import Transport
from factory.teachers.waiting import Waiting

HELD_PER_SLOT = 4  # requests held in memory per request in flight: most of them wait to be asked again
HITS_A_TURN = 256  # replies from the ledger that are handed on before the network is looked at again
GO_ON = "run the same command again and it asks only for what is missing"

Landing = tuple[Row, asyncio.Task[Delivery]]


class Run:
    """One call of `OpenAITeacher.complete`. The event loop is the run's own, and is closed with it."""

    def __init__(self, settings: Settings, endpoint: str, ledger: Ledger, transport: Transport) -> None:
        self.settings = settings
        self.endpoint = endpoint
        self.ledger = ledger
        self.transport = transport
        self.loop = asyncio.new_event_loop()
        self.flow = Flow.of(settings, self.loop.time())
        self.budget = Budget(settings.max_usd, settings.prices)
        self.held: dict[str, Row] = {}
        self.room = HELD_PER_SLOT * settings.max_concurrency
        self.next: Row | None = None
        self.flying: dict[asyncio.Task[Delivery], Row] = {}
        self.landed: list[Landing] = []
        self.waiting = Waiting()
        self.ready: deque[Reply] = deque()
        self.exhausted = False
        self.stop: str | None = None
        self.leaving = False

    def replies(self, requests: Iterable[Request]) -> Iterator[Reply]:
        """Yield a reply per request; where the run must stop, drain it and raise a `ThoughtmillError`."""
        source = iter(requests)
        with Interrupts(self._interrupted):
            try:
                while self.flying or not (self.stop or (self.exhausted and not self.held)):
                    wake_s = self._send(source)
                    while self.ready:
                        yield self.ready.popleft()
                    self._turn(wake_s)
                    self._settle()
                yield from self.ready
            finally:
                try:
                    self._drain()
                finally:
                    self.loop.run_until_complete(self._close())
                    self.loop.close()
        if self.stop:
            raise ThoughtmillError(self.stop)

    # Sending.

    def _send(self, source: Iterator[Request]) -> float:
        """Send all that may be sent now; return when to look again, in the loop's seconds."""
        now_s = self.loop.time()
        while not self.stop:
            row = self.next = self.next or self.waiting.take(now_s) or self._new(source)
            if row is None:
                return now_s if self.ready else self.waiting.due_s()
            wait_s = self.flow.wait_s(row.tokens, now_s)
            if wait_s > 0:
                return now_s + wait_s
            if not self.budget.affords(row.most_usd):
                self._out_of_money(row)
                break
            self._fly(row, now_s)
        return math.inf if self.flying else now_s

    def _new(self, source: Iterator[Request]) -> Row | None:
        """Take the next request that the ledger cannot answer and that is not being asked already."""
        while self.room > 0 and len(self.ready) < HITS_A_TURN and not self.exhausted:
            request = next(source, None)
            if request is None:
                self.exhausted = True
                break
            key, parameters = keyed(request, self.endpoint, self.settings.model)
            if key in self.held:
                self.held[key].requests.append(request)
                self.room -= 1
                continue
            result = self.ledger.get(key)
            if result is not None:
                self.ready.append(reply(request, result))
                continue
            most_usd = self.budget.most_usd(request.messages, parameters)
            self.held[key] = Row(
                key, parameters, [request], likely_tokens(request.messages, parameters), most_usd
            )
            self.room -= 1
            return self.held[key]
        return None

    def _fly(self, row: Row, now_s: float) -> None:
        """Send one row."""
        self.next = None
        row.attempts += 1
        row.sent_s = now_s
        row.first_sent_s = min(row.first_sent_s, now_s)
        self.flow.sent(row.tokens, now_s)
        self.budget.hold(row.most_usd)
        task = self.loop.create_task(self.transport.post(row.body()))
        self.flying[task] = row
        task.add_done_callback(self._land)

    def _land(self, task: asyncio.Task[Delivery]) -> None:
        """Note that a row is back, and end this turn of the event loop."""
        self.landed.append((self.flying.pop(task), task))
        self.loop.stop()

    def _out_of_money(self, row: Row) -> None:
        """Wait until what is in flight is settled; when nothing is, stop."""
        if not self.flying:
            self.stop = (
                f"the budget is used up: {self.budget.spent_usd:.4f} of {self.budget.max_usd:.4f} dollars "
                f"are spent and the next request may cost {row.most_usd:.4f}; raise max_usd, then {GO_ON}"
            )

    # Receiving.

    def _turn(self, wake_s: float) -> None:
        """Let the event loop run until a delivery lands or it is time to look again."""
        timer = self.loop.call_at(wake_s, self.loop.stop) if wake_s < math.inf else None
        self.loop.run_forever()
        if timer is not None:
            timer.cancel()
        if self.leaving:
            raise KeyboardInterrupt

    def _settle(self) -> None:
        """Write everything that landed to the ledger, then make it ready to be handed on."""
        landed, self.landed = self.landed, []
        results: list[Result] = []
        attempts: list[Attempt] = []
        replies: list[Reply] = []
        for row, task in landed:
            delivery = task.result()
            verdict = read(delivery)
            self.flow.landed()
            if isinstance(verdict, Completed):
                price = self.settings.prices.get(row.model)
                result = row.result(self.endpoint, verdict, delivery, price)
                results.append(result)
                replies.extend(reply(request, result, verdict) for request in row.requests)
                self._answered(row, result)
            else:
                attempts.append(row.attempt(verdict, delivery))
                if self._failed(row, verdict, delivery.retry_after_s):
                    replies.extend(row.unanswered(verdict))
        if landed:
            self.ledger.write(results, attempts)
        self.ready.extend(replies)

    def _answered(self, row: Row, result: Result) -> None:
        """Settle what an answer took, and let go of its row."""
        used = (result.prompt_tokens or 0) + (result.completion_tokens or 0)
        self.flow.answered(row.tokens - used if used else 0, self.loop.time())
        self.budget.settle(row.most_usd, row.most_usd if result.cost_usd is None else result.cost_usd)
        self._let_go(row)

    def _failed(self, row: Row, fault: Fault, retry_after_s: float | None) -> bool:
        """Settle a fault: ask again later, or stop; say whether the row ends here."""
        now_s = self.loop.time()
        self.budget.settle(row.most_usd, row.most_usd if fault.billed else 0.0)
        if fault.overload:
            self.flow.overloaded(row.sent_s, now_s, retry_after_s)
        if fault.remedy is Remedy.STOP:
            self.stop = self.stop or f"{self.endpoint} refuses: {fault.detail}"
            return False
        if fault.remedy is Remedy.AGAIN:
            self.flow.breaker.failed(now_s if fault.outage else row.first_sent_s, row.sent_s, now_s)
            if self.flow.breaker.open:
                self.stop = self.stop or self._outage(fault)
                return False
            if row.attempts < self.settings.max_attempts:
                self._wait(row, retry_after_s or 0.0, now_s)
                return False
        self._let_go(row)
        return True

    def _wait(self, row: Row, retry_after_s: float, now_s: float) -> None:
        """Put a row back, to be asked again after a while."""
        chance = random.Random(f"{row.key}/{row.attempts}")
        wait_s = backoff_s(row.attempts, self.settings.backoff_s, self.settings.longest_backoff_s, chance)
        self.waiting.put(row, now_s + max(wait_s, retry_after_s))

    def _let_go(self, row: Row) -> None:
        del self.held[row.key]
        self.room += len(row.requests)

    def _outage(self, fault: Fault) -> str:
        return (
            f"{self.endpoint} failed {self.flow.breaker.failures} times in a row, the last time with: "
            f"{fault.detail}; when it works, {GO_ON}"
        )

    # Leaving.

    def _interrupted(self, times: int) -> None:
        """Send nothing more, so that the run ends when all in flight is in the ledger; then leave at once.

        The event loop is stopped rather than interrupted: an exception may not fall into one of its tasks.
        """
        self.leaving = times > 1
        if not self.leaving:
            self.stop = f"stopped; {GO_ON}"
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
