"""Shorten training runs while they go, so that all of them end in time."""

import time
from collections.abc import Callable, Mapping

from thoughtmill.train.training.states import LossPoint

SAME_S = 1.0
"""Runs that first say within this time how far they have come learn in the same passes."""
SILENT_S = 30.0
"""A run that has said nothing for so long has ended; the others are compared when all have said it."""
NOISE = 0.97
"""A share of the steps above which no run is shortened."""
HALVINGS = 30


class TimeUp(Exception):
    """The time of a run is over; what was saved goes on with the next."""


class StepClock:
    """Says how many steps runs have time for: the same share of each run's plan.

    `sizes` holds the planned steps and tokens of each run. They learn in the same passes, or one after the
    other. All should end at `soft`; after `ends` the first that says how far it has come raises `TimeUp`.
    """

    def __init__(
        self,
        sizes: Mapping[str, tuple[float, float]],
        soft: float,
        ends: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.steps = {name: steps for name, (steps, _) in sizes.items()}
        self.step_tokens = {name: tokens / steps for name, (steps, tokens) in sizes.items()}
        self.soft, self.ends, self.now = soft, ends, now
        self.begun: float | None = None
        self.first, self.taken = dict[str, int](), dict.fromkeys(sizes, 0)
        self.said: dict[str, float] = {}
        self.share = 1.0

    def fitting(self, name: str, curve: list[LossPoint]) -> int | None:
        """Return for how many steps a run has time; None where its whole plan fits, or nothing is known."""
        now, steps = self.now(), len(curve)
        if now > self.ends:
            raise TimeUp
        self.begun = now if self.begun is None else self.begun
        self.first.setdefault(name, steps if now - self.begun < SAME_S else 0)
        self.taken[name], self.said[name] = steps, now
        if now - self.begun >= SAME_S and not any(SAME_S <= now - at < SILENT_S for at in self.said.values()):
            learnt = sum(
                self.step_tokens[one] * (self.taken[one] - first) for one, first in self.first.items()
            )
            self.share = self._share(learnt / (now - self.begun) * max(self.soft - now, 0.0))
        return None if self.share > NOISE else max(int(self.share * self.steps[name]), steps)

    def _share(self, tokens: float) -> float:
        """Return the share of all plans that some more tokens reach."""
        low, high = 0.0, 1.0
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            left = {one: middle * steps - self.taken[one] for one, steps in self.steps.items()}
            needed = sum(self.step_tokens[one] * max(steps, 0.0) for one, steps in left.items())
            low, high = (low, middle) if needed > tokens else (middle, high)
        return high
