"""Forecast a run from a pilot: tokens, dollars and hours with 95 % intervals. Pure.

>>> Interval(*(round(value, 1) for value in interval([10.0, 12.0, 11.0, 13.0])))
Interval(mean=11.5, low=9.5, high=13.5)
"""

import math
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any, NamedTuple

from pydantic import BaseModel

from thoughtmill.factory.core import tables
from thoughtmill.factory.teachers.endpoint.estimate import CostEstimate
from thoughtmill.factory.teachers.endpoint.settings import BatchSettings, EndpointSettings

HEADERS = ("thought", "requests", "held", "prompt_tokens", "completion_tokens", "usd", "hours")
Z = 1.96
"""The quantile of the normal distribution for 95 %."""


class Interval(NamedTuple):
    """A mean and its 95 % confidence interval, which is never below zero."""

    mean: float
    low: float
    high: float

    def times(self, factor: float) -> "Interval":
        """Return the interval of a sum of `factor` such values."""
        return Interval(*(factor * value for value in self))


def interval(values: Sequence[float]) -> Interval:
    """Return the mean of at least two values and its interval by Student's t.

    The quantile is that of the normal distribution with two corrections for few values (Abramowitz and
    Stegun, 26.7.5).
    """
    mean, few = fmean(values), len(values) - 1
    quantile = Z + (Z**3 + Z) / (4 * few) + (5 * Z**5 + 16 * Z**3 + 3 * Z) / (96 * few**2)
    margin = quantile * stdev(values) / math.sqrt(len(values))
    return Interval(mean, max(0.0, mean - margin), mean + margin)


def forecast(
    estimate: CostEstimate, completions: Sequence[tables.Row], settings: BaseModel
) -> tuple[Any, ...]:
    """Return a row of the table: the forecast for the remaining requests from those of the pilot.

    Hours assume that `max_concurrency` requests are in flight, each as long as in the pilot, and keep to the
    limits per minute. Where the pilot knows no value, the cell says so.
    """
    left = estimate.requests - estimate.held
    prompt, completion = (_of(completions, name) for name in ("prompt_tokens", "completion_tokens"))
    return (
        estimate.thought,
        f"{estimate.requests:,}",
        f"{estimate.held:,}",
        _shown(prompt, left, ",.0f"),
        _shown(completion, left, ",.0f"),
        _shown(_of(completions, "cost_usd"), left, ".4f"),
        _hours(left, completions, settings),
    )


def _of(completions: Sequence[tables.Row], name: str) -> Interval | None:
    known = [float(row[name]) for row in completions if row[name] is not None]
    return interval(known) if len(known) > 1 else None


def _hours(left: int, completions: Sequence[tables.Row], settings: BaseModel) -> str:
    latency = _of(completions, "latency_s")
    if isinstance(settings, BatchSettings):
        return "up to 24"
    if latency is None or not isinstance(settings, EndpointSettings):
        return "unknown"
    slowest = 0.0  # minutes a request, by the limits
    if settings.requests_per_minute:
        slowest = 1 / settings.requests_per_minute
    if settings.tokens_per_minute:
        tokens = [_of(completions, name) for name in ("prompt_tokens", "completion_tokens")]
        slowest = max(slowest, sum(each.mean for each in tokens if each) / settings.tokens_per_minute)
    share = latency.times(1 / settings.max_concurrency / 3600)
    return _shown(Interval(*(max(value, slowest / 60) for value in share)), left, ".2f")


def _shown(found: Interval | None, left: int, form: str) -> str:
    if found is None:
        return "unknown"
    total = found.times(left)
    mean, low, high = (format(value, form) for value in total)
    return mean if low == high else f"{mean} ({low} to {high})"
