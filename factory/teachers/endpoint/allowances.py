"""Allowances: one place hands out the dollars and the rates that all shards of a run share.

`Allowances` lives in one process, such as an actor of Ray. Each shard draws from it through `ShardAllowance`,
which keeps a little in hand, so that few requests wait for a call.
"""

import math
import time
from dataclasses import dataclass, field
from typing import Protocol

from thoughtmill.factory.teachers.endpoint.flow import Flow, RateLimiter
from thoughtmill.factory.teachers.endpoint.money import Budget
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings

GOOD_S = 2.0
"""How long a shard may keep a permit of a rate: the rates that are handed out are lower by as much."""
AHEAD = 8
"""A shard draws the dollars of so many requests at once, if there are as many."""
LOOK_AGAIN_S = 0.2
SILENT_S = 60.0
"""No shard waits for dollars of one that is silent for longer: its process may be dead."""


class Drawn(Protocol):
    """What shards draw from: `Allowances`, here or in another process."""

    def resume(self, shard: str, spent_usd: float) -> None: ...
    def draw(self, shard: str, least: float, most: float) -> tuple[float, float, bool]: ...
    def rest(self, shard: str, usd: float) -> None: ...
    def end(self, shard: str) -> None: ...
    def permits(
        self, limit: str, per_minute: float, least: float, most: float, unused: float
    ) -> tuple[float, float]: ...


@dataclass
class Allowances:
    """The dollars that are left for all shards, what each has drawn, and the rates of each endpoint.

    `busy` says when each shard that may give dollars back was last heard of.
    """

    left_usd: float
    drawn_usd: dict[str, float] = field(default_factory=dict)
    busy: dict[str, float] = field(default_factory=dict)
    limits: dict[str, RateLimiter] = field(default_factory=dict)

    def resume(self, shard: str, spent_usd: float) -> None:
        """Begin a shard, or begin it again: its ledger says what it spent, whoever held it before."""
        self.left_usd += self.drawn_usd.get(shard, 0.0) - spent_usd
        self.drawn_usd[shard] = spent_usd
        self.busy[shard] = time.monotonic()

    def draw(self, shard: str, least: float, most: float) -> tuple[float, float, bool]:
        """Hand out dollars: as many as are there, from `least` to `most`, or none.

        Returns them, what is left, and whether another shard may give some back.
        """
        now_s = self.busy[shard] = time.monotonic()
        drawn = min(most, self.left_usd) if self.left_usd >= least else 0.0
        self.left_usd -= drawn
        self.drawn_usd[shard] = self.drawn_usd.get(shard, 0.0) + drawn
        others = any(now_s - seen_s < SILENT_S for each, seen_s in self.busy.items() if each != shard)
        return drawn, self.left_usd, others

    def rest(self, shard: str, usd: float) -> None:
        """Take dollars back from a shard that has nothing in flight."""
        self.left_usd += usd
        self.drawn_usd[shard] -= usd
        self.busy.pop(shard, None)

    def end(self, shard: str) -> None:
        """Note that nothing comes back from a shard."""
        self.busy.pop(shard, None)

    def permits(
        self, limit: str, per_minute: float, least: float, most: float, unused: float
    ) -> tuple[float, float]:
        """Hand out permits of a rate, from `least` to `most`; `unused` are given back.

        Returns them, and else the seconds until `least` may be had.
        """
        now_s = time.monotonic()
        limiter = self.limits.get(limit)
        if limiter is None or limiter.per_minute != _handed_out(per_minute):
            limiter = self.limits[limit] = RateLimiter(_handed_out(per_minute), now_s)
        if unused:
            limiter.take(-unused, now_s)
        for amount in (max(least, most), least):
            wait_s = limiter.wait_s(amount, now_s)
            if wait_s <= 0:
                limiter.take(amount, now_s)
                return amount, 0.0
        return 0.0, wait_s


def _handed_out(per_minute: float) -> float:
    """Return the rate at which permits are handed out, so that those in hand break no limit."""
    return per_minute * 60 / (60 + GOOD_S)


@dataclass
class ShardAllowance:
    """What one shard draws; `spent_before_usd` is what it had spent when `left_usd` was counted."""

    allowances: Drawn
    shard: str
    running: int
    spent_before_usd: float

    def budget(self, settings: EndpointSettings, spent_usd: float) -> "SharedBudget":
        """Return the budget of a run of this shard, whose ledger says that it spent `spent_usd`."""
        if settings.max_usd is not None:
            self.allowances.resume(self.shard, spent_usd - self.spent_before_usd)
        return SharedBudget(settings, self.allowances, self.shard)

    def end(self) -> None:
        """Note that the shard gives nothing back: its processes died."""
        self.allowances.end(self.shard)

    def share(self, flow: Flow, endpoint: str, now_s: float) -> None:
        """Let the limiters of a run draw their permits."""
        for name in ("requests", "tokens"):
            limiter = getattr(flow, name)
            if limiter is not None:
                limit = f"{endpoint}/{name}"
                setattr(flow, name, DrawnRateLimiter(limiter, self.allowances, limit, self.running, now_s))


class SharedBudget(Budget):
    """A budget that is drawn as it is needed; `spent_usd` counts what all shards have spent or hold."""

    def __init__(self, settings: EndpointSettings, allowances: Drawn, shard: str) -> None:
        super().__init__(settings.max_usd, settings.prices, 0.0, settings.url())
        self.allowances, self.shard = allowances, shard
        self.in_hand_usd = 0.0
        self.others = False
        self.look_s = -math.inf

    def affords(self, usd: float) -> bool:
        """Say whether this amount is in hand or can be drawn."""
        if self.max_usd is None or usd <= self.in_hand_usd:
            return True
        if time.monotonic() < self.look_s:
            return False
        if not self.held_usd and self.in_hand_usd:  # others may need it, and it is drawn again below
            self.allowances.rest(self.shard, self.in_hand_usd)
            self.in_hand_usd = 0.0
        least = usd - self.in_hand_usd
        drawn, left_usd, self.others = self.allowances.draw(self.shard, least, least + AHEAD * usd)
        self.in_hand_usd += drawn
        self.spent_usd = self.max_usd - left_usd
        if not drawn:
            self.look_s = time.monotonic() + LOOK_AGAIN_S
            if not self.held_usd:
                self.allowances.rest(self.shard, 0.0)
        return drawn > 0

    def wait_s(self) -> float:
        """Return the seconds until more may be there: other shards may give some back."""
        return LOOK_AGAIN_S if self.others else math.inf

    def hold(self, usd: float) -> None:
        """Hold back the most that a request can cost."""
        super().hold(usd)
        self.in_hand_usd -= usd

    def settle(self, held_usd: float, spent_usd: float) -> None:
        """Replace the amount held back for a request by its cost."""
        self.held_usd -= held_usd
        self.in_hand_usd += held_usd - spent_usd

    def close(self) -> None:
        """Give back what was not spent; what is still in flight stays drawn."""
        if self.max_usd is not None:
            self.allowances.rest(self.shard, self.in_hand_usd)


class DrawnRateLimiter(RateLimiter):
    """A rate limiter that draws permits from a limit of all shards, and keeps them for a moment."""

    def __init__(
        self, limiter: RateLimiter, allowances: Drawn, limit: str, running: int, now_s: float
    ) -> None:
        super().__init__(limiter.per_minute, now_s)
        self.allowances, self.limit = allowances, limit
        self.most = self.size / running
        self.level = 0.0
        self.good_until_s = now_s

    def wait_s(self, amount: float, now_s: float) -> float:
        """Return the seconds until `amount` may be taken."""
        if self.level >= amount and now_s < self.good_until_s:
            return 0.0
        unused, self.level = self.level, 0.0
        self.level, wait_s = self.allowances.permits(self.limit, self.per_minute, amount, self.most, unused)
        self.good_until_s = now_s + GOOD_S
        return wait_s

    def take(self, amount: float, now_s: float) -> None:
        """Take `amount`; a negative amount is given back."""
        self.level -= amount
