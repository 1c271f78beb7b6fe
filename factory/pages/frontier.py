"""A frontier as inline SVG: what is got against what it costs, and which points no other beats for less."""

from collections.abc import Sequence
from math import log
from typing import NamedTuple

from markupsafe import Markup

from factory.pages.charts import percent
from factory.pages.markup import render

PLOT_HEIGHT = 240
"""Pixels from no share to the whole."""


class Point(NamedTuple):
    """One thing that was tried: the share it got right, and its cost."""

    name: str
    accuracy: float
    cost: float


def frontier(label: str, points: Sequence[Point]) -> Markup:
    """Return points over an axis of costs that grows by factors, from the cheapest to the dearest."""
    paid = [point for point in points if point.cost > 0]
    low, high = min((one.cost for one in paid), default=1), max((one.cost for one in paid), default=1)
    shown = [
        {
            "name": one.name,
            "x": _place(one.cost, low, high),
            "y": round((1 - one.accuracy) * PLOT_HEIGHT),
            "best": best,
            "far": one.cost * one.cost > low * high,
            "right": f"{100 * one.accuracy:.1f}\N{NO-BREAK SPACE}%",
            "cost": f"{one.cost:,.0f}",
        }
        for one, best in zip(paid, unbeaten(paid), strict=True)
    ]
    ticks = [{"name": f"{2**power:,}", "x": _place(2**power, low, high)} for power in _powers(low, high)]
    levels = [
        {"name": f"{share}\N{NO-BREAK SPACE}%", "y": round((100 - share) * PLOT_HEIGHT / 100)}
        for share in (25, 50, 75, 100)
    ]
    return render("frontier.svg", label=label, plot=PLOT_HEIGHT, points=shown, ticks=ticks, levels=levels)


def unbeaten(points: Sequence[Point]) -> list[bool]:
    """Tell of each point whether none is better for no more, and none as good for less.

    >>> unbeaten([Point("a", 0.5, 10), Point("b", 0.4, 20), Point("c", 0.6, 20), Point("d", 0.6, 30)])
    [True, False, True, False]
    """
    return [
        not any(
            (other.accuracy > one.accuracy and other.cost <= one.cost)
            or (other.accuracy == one.accuracy and other.cost < one.cost)
            for other in points
        )
        for one in points
    ]


def _powers(low: float, high: float) -> range:
    """Return the powers of two between two costs."""
    return range(int(low - 1).bit_length(), int(high).bit_length())


def _place(cost: float, low: float, high: float) -> str:
    """Return where a cost stands between the cheapest and the dearest, with room for names on both sides."""
    part = log(cost / low) / log(high / low) if high > low else 0.5
    return percent(round(40 + 920 * part), 1000)
