"""The window: how many requests are in flight. Pure: seconds are passed in, nothing sleeps."""

import math

FIRST_WINDOW = 4
QUICK_S, PROBED = 0.5, 64  # a server whose first answer is as quick as this gets such a window at once
GROWTH = 4
SHOWN = 0.25  # share of the window whose answers decide, while it grows, whether it grows on
ENOUGH = 8  # answers that decide at least; all of a smaller window
USEFUL = 1.5  # by how much four times the requests must raise the rate of answers to be worth it
SLOWER = 0.7
SLACK = 1.5  # requests in flight, for each that the server can work on
ROOMY, CROWDED = 1.25, 2.0  # latency, as a multiple of the shortest, below and above which the window moves
SAFE, LATE = 0.25, 0.5  # shares of a time-out
QUEUED = 3.0  # latency, as a multiple of the quickest answer's, that shows a queue


class ConcurrencyWindow:
    """Limits the requests in flight: as many as raise the rate of answers, and fewer after an overload.

    The window starts small. While it grows, a round is a quarter of a window of answers: if the rate of
    answers rose with the window, the window becomes up to four times as large; if not, the server was busy
    before, and its rate and its shortest latency say how many requests it works on (Little's law). From then
    on the window follows the latency. After an overload, the answers of a whole round trip widen it by one
    (Chiu and Jain, 1989: additive increase, multiplicative decrease). It is never above `most`.

    Requests that only wait in a server's queue should not time out. So the window grows only as far as
    answers take `safe_s` if the server was busy before, and while it grows, an answer that took longer than
    `late_s` in a queue narrows it. `for_timeout` sets both, in seconds.
    """

    def __init__(self, most: int, safe_s: float = math.inf, late_s: float = math.inf) -> None:
        self.most = most
        self.safe_s, self.late_s = safe_s, late_s
        self.limit = float(min(most, FIRST_WINDOW))
        self.in_flight = 0
        self.slowed_at = -math.inf
        self.growing = True
        self.is_busy = False
        self.rate = 0.0
        self.worth = USEFUL
        self.shortest_s = self.quickest_s = math.inf  # of the means of rounds, of single answers
        self.round_s = math.nan
        self.answers = 0
        self.latency_s = 0.0

    @classmethod
    def for_timeout(cls, most: int, timeout_s: float, streams: bool) -> "ConcurrencyWindow":
        """Return the window of a run; where answers stream, only the wait for the first word times out."""
        return cls(most, SAFE * timeout_s, math.inf if streams else LATE * timeout_s)

    def open(self) -> bool:
        """Return whether another request may be sent."""
        return self.in_flight < int(self.limit)

    def answered(self, sent_s: float, now_s: float) -> None:
        """Note an answer to a request that was sent at this time."""
        latency_s = now_s - sent_s
        if math.isnan(self.round_s):
            self.round_s = sent_s
            if self._probe(latency_s, now_s):
                return
        self._leave_queue(latency_s, sent_s, now_s)
        self.answers += 1
        self.latency_s += latency_s
        if not (self.growing or self.is_busy):
            self.limit = min(float(self.most), self.limit + 1.0 / self.limit)
        shown = max(self.limit * SHOWN, min(self.limit, ENOUGH)) if self.growing else self.limit
        if self.answers >= shown and now_s > self.round_s:
            self._end_round(now_s)

    def _probe(self, latency_s: float, now_s: float) -> bool:
        """Widen the window after a first answer that is quick, if a server with one slot could keep up."""
        if not 0 < latency_s <= min(QUICK_S, self.safe_s / PROBED):
            return False
        self.rate, self.shortest_s = self.limit / latency_s, latency_s
        self._grow(PROBED / self.limit)
        self.round_s = now_s
        return True

    def _end_round(self, now_s: float) -> None:
        """Adapt the window to the rate and latency of a round of answers."""
        rate, latency_s = self.answers / (now_s - self.round_s), self.latency_s / self.answers
        self.round_s, self.answers, self.latency_s = now_s, 0, 0.0
        if self.growing and rate >= self.worth * self.rate:
            self.shortest_s = min(self.shortest_s, latency_s)
            self.rate = rate
            self.growing = self.limit < self.most
            least = CROWDED if CROWDED * latency_s < self.late_s else ROOMY
            self._grow(min(GROWTH, max(least, self.safe_s / max(latency_s, 1e-9))))
        elif self.growing:
            self.growing, self.is_busy = False, True
            self.limit = self._useful(rate)
        elif self.is_busy:
            self._follow(rate, latency_s)

    def _grow(self, times: float) -> None:
        """Widen the window so many times, and say by how much that must raise the rate to be worth it."""
        self.limit, before = min(float(self.most), self.limit * times), self.limit
        self.worth = (self.limit / before) ** math.log(USEFUL, GROWTH)

    def _follow(self, rate: float, latency_s: float) -> None:
        """Widen the window while answers come about as fast as they can, narrow it while they queue."""
        if latency_s < ROOMY * self.shortest_s:
            self.limit = min(float(self.most), max(self.limit * ROOMY, self.limit + 1))
        elif latency_s > CROWDED * self.shortest_s:
            self.limit = min(self.limit, self._useful(rate))
            self.shortest_s *= ROOMY  # the server itself may have become slower
        self.shortest_s = min(self.shortest_s, latency_s)

    def _useful(self, rate: float) -> float:
        return min(float(self.most), max(1.0, SLACK * rate * self.shortest_s))

    def _leave_queue(self, latency_s: float, sent_s: float, now_s: float) -> None:
        """Narrow the window if an answer took so long that the next ones might time out in the queue."""
        self.quickest_s = min(self.quickest_s, latency_s)
        if self.growing and latency_s > max(self.late_s, QUEUED * self.quickest_s * 0.99):
            self._narrow(max(SLOWER, self.late_s / latency_s), sent_s, now_s)

    def overloaded(self, sent_s: float, now_s: float) -> None:
        """Note an overload, and narrow the window unless the request was sent before it was last narrowed."""
        self.growing = False
        self._narrow(SLOWER, sent_s, now_s)

    def _narrow(self, times: float, sent_s: float, now_s: float) -> None:
        if sent_s >= self.slowed_at:
            self.limit = max(1.0, self.limit * times)
            self.slowed_at = now_s
