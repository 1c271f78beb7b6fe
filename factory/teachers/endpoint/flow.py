"""Flow: when the next request may be sent. Pure: seconds are passed in, nothing sleeps.

`RateLimiter` keeps a limit per minute, `CircuitBreaker` pauses after failures and says when to stop,
`backoff_s` spreads retries. The window is a module beside this one.
"""

import math
import random
from collections.abc import Callable

from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.endpoint.window import ConcurrencyWindow


class RateLimiter:
    """At most `per_minute` in any sixty seconds, spread evenly after a burst of one second's share.

    A token bucket: it holds one second's share, and refills at such a rate that bucket and refill together
    give `per_minute`. An amount above the bucket's size waits for a full bucket and leaves a debt.
    """

    def __init__(self, per_minute: float, now_s: float) -> None:
        self.per_minute = per_minute
        self.size = max(1.0, per_minute / 60)
        self.refill_per_s = max(per_minute - self.size, per_minute / 2) / 60
        self.level = self.size
        self.at_s = now_s

    def wait_s(self, amount: float, now_s: float) -> float:
        """Return the seconds until `amount` may be taken."""
        missing = min(amount, self.size) - self._level(now_s)
        return max(0.0, missing / self.refill_per_s)

    def take(self, amount: float, now_s: float) -> None:
        """Take `amount`; a negative amount is given back."""
        self.level = min(self.size, self._level(now_s) - amount)
        self.at_s = now_s

    def _level(self, now_s: float) -> float:
        return min(self.size, self.level + max(0.0, now_s - self.at_s) * self.refill_per_s)


class CircuitBreaker:
    """Pauses everything after failures in a row, longer each time; `open` after `most` of them.

    After the second failure it lets one request at a time through, as a probe. Requests that were in flight
    together fail together, as when a server restarts, and count once. A request that failed while others were
    answered is itself the cause, and does not count.
    """

    def __init__(self, most: int, pause_s: Callable[[int], float]) -> None:
        self.most = most
        self.pause_s = pause_s
        self.failures = 0
        self.counted_at = self.answered_at = self.until_s = -math.inf

    @property
    def open(self) -> bool:
        """Whether the run must stop."""
        return self.failures >= self.most

    @property
    def probing(self) -> bool:
        """Whether only one request at a time may be sent."""
        return self.failures > 1

    def answered(self, now_s: float) -> None:
        """Note an answer."""
        self.failures = 0
        self.answered_at = now_s

    def failed(self, first_sent_s: float, sent_s: float, now_s: float) -> bool:
        """Note a failure of a request, first and last sent at these times; return whether it counts."""
        if sent_s < self.counted_at or first_sent_s < self.answered_at:
            return False
        self.failures += 1
        self.counted_at = now_s
        if self.probing:
            self.wait(self.pause_s(self.failures - 1), now_s)
        return True

    def wait(self, seconds: float, now_s: float) -> None:
        """Send nothing for this many seconds, as `Retry-After` asks."""
        self.until_s = max(self.until_s, now_s + seconds)


class Flow:
    """Window, breaker and rate limiters of one run."""

    def __init__(self, settings: EndpointSettings, now_s: float) -> None:
        def pause_s(failures: int) -> float:
            return longest_backoff_s(failures, settings.backoff_s, settings.longest_backoff_s)

        def limiter(per_minute: float | None) -> RateLimiter | None:
            return None if per_minute is None else RateLimiter(per_minute, now_s)

        self.window = ConcurrencyWindow.for_timeout(
            settings.max_concurrency, settings.timeout_s, settings.stream is True
        )
        self.breaker = CircuitBreaker(settings.breaker_after, pause_s)
        self.requests = limiter(settings.requests_per_minute)
        self.tokens = limiter(settings.tokens_per_minute)

    def wait_s(self, tokens: int, now_s: float) -> float:
        """Return the seconds until a request of this many tokens may be sent; infinity: when another ends."""
        if not self.window.open() or (self.breaker.probing and self.window.in_flight):
            return math.inf
        return max(
            0.0,
            self.breaker.until_s - now_s,
            self.requests.wait_s(1, now_s) if self.requests else 0.0,
            self.tokens.wait_s(tokens, now_s) if self.tokens else 0.0,
        )

    def sent(self, tokens: int, now_s: float) -> None:
        """Note that a request is sent."""
        self.window.in_flight += 1
        if self.requests:
            self.requests.take(1, now_s)
        if self.tokens:
            self.tokens.take(tokens, now_s)

    def received(self) -> None:
        """Note that a request has ended, by an answer or a fault."""
        self.window.in_flight -= 1

    def answered(self, unused_tokens: int, sent_s: float, now_s: float) -> None:
        """Note an answer, and give back the tokens that were reserved for it and not used."""
        self.window.answered(sent_s, now_s)
        self.breaker.answered(now_s)
        if self.tokens:
            self.tokens.take(-unused_tokens, now_s)

    def overloaded(self, sent_s: float, now_s: float, retry_after_s: float | None) -> None:
        """Note that the endpoint is overloaded, and how long it asks to wait."""
        self.window.overloaded(sent_s, now_s)
        self.breaker.wait(retry_after_s or 0.0, now_s)


def longest_backoff_s(failures: int, base_s: float, most_s: float) -> float:
    """Return the longest wait after some failures in a row: it doubles from `base_s` up to `most_s`.

    >>> [longest_backoff_s(n, 0.5, 60.0) for n in (1, 2, 3, 20)]
    [0.5, 1.0, 2.0, 60.0]
    """
    return min(most_s, base_s * 2.0 ** min(failures - 1, 60))


def backoff_s(failures: int, base_s: float, most_s: float, chance: random.Random) -> float:
    """Return the wait before a retry, drawn between zero and the longest wait.

    So requests that failed together are not sent together ("full jitter": Brooker, "Exponential Backoff And
    Jitter", 2015).
    """
    return chance.uniform(0.0, longest_backoff_s(failures, base_s, most_s))
