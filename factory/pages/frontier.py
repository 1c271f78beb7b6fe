"""A frontier as inline SVG: accuracy against cost, and the points that no cheaper one beats."""

from collections.abc import Iterable, Sequence
from math import log
from typing import NamedTuple

from markupsafe import Markup

from thoughtmill.factory.pages.charts import percent
from thoughtmill.factory.pages.markup import render

PLOT_HEIGHT = 240
"""Pixels from no share to the whole."""

HEADROOM = 18
"""Pixels above the whole, for the name of a point there."""

NAME = (0.2, 14)
"""The room of a name: a share of the width, and pixels."""


class Point(NamedTuple):
    """One thing that was tried: the share it got right, and its cost."""

    name: str
    accuracy: float
    cost: float


def frontier(label: str, points: Sequence[Point]) -> Markup:
    """Return points over an axis of costs that grows by factors, from the cheapest to the dearest."""
    paid = [point for point in points if point.cost > 0]
    low, high = min((one.cost for one in paid), default=1), max((one.cost for one in paid), default=1)
    best = unbeaten(paid)
    places = [
        (_along(one.cost, low, high), HEADROOM + round((1 - one.accuracy) * PLOT_HEIGHT)) for one in paid
    ]
    named = _apart(place for place, is_best in zip(places, best, strict=True) if is_best)
    shown = [
        {
            "name": one.name,
            "x": percent(round(1000 * x), 1000),
            "y": y,
            "best": is_best,
            "named": is_best and named.pop((x, y), False),  # of several in one place, the first
            "far": one.cost * one.cost > low * high,
            "right": f"{100 * one.accuracy:.1f}\N{NO-BREAK SPACE}%",
            "cost": f"{one.cost:,.0f}",
        }
        for one, (x, y), is_best in zip(paid, places, best, strict=True)
    ]
    ticks = [
        {"name": f"{2**power:,}", "x": percent(round(1000 * _along(2**power, low, high)), 1000)}
        for power in _powers(low, high)
    ]
    levels = [
        {"name": f"{share}\N{NO-BREAK SPACE}%", "y": HEADROOM + round((100 - share) * PLOT_HEIGHT / 100)}
        for share in (25, 50, 75, 100)
    ]
    height = HEADROOM + PLOT_HEIGHT
    return render("frontier.svg", label=label, plot=height, points=shown, ticks=ticks, levels=levels)


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


def _apart(places: Iterable[tuple[float, int]]) -> dict[tuple[float, int], bool]:
    """Return the places whose names do not run into each other, the highest first; each is named once."""
    found: dict[tuple[float, int], bool] = {}
    for x, y in sorted(places, key=lambda place: (place[1], place[0])):
        if not any(abs(x - other) < NAME[0] and abs(y - below) < NAME[1] for other, below in found):
            found[x, y] = True
    return found


def _along(cost: float, low: float, high: float) -> float:
    """Return the place of a cost between the lowest and the highest, with room for words on both sides."""
    part = log(cost / low) / log(high / low) if high > low else 0.5
    return 0.12 + 0.84 * part
