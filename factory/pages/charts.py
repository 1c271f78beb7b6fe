"""Charts as inline SVG: no script, no font, as wide as their column.

Lengths across are per cent and lengths up are pixels, so that a chart narrows with the screen and its
words keep their size. Each mark carries its numbers as a `<title>`; the whole has a label for those who
cannot see it.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from markupsafe import Markup

from thoughtmill.factory.pages.markup import render

PLOT_HEIGHT = 72
"""Pixels that the tallest bar of a histogram takes."""


class Part(NamedTuple):
    """One segment of a bar: `tone` is the class that colours it in `style.css`."""

    name: str
    size: int
    tone: str


class Bin(NamedTuple):
    """The bar of a histogram over values from `start` on."""

    start: str
    size: int


def stacked(label: str, parts: Sequence[Part], whole: int, counted: bool = True) -> Markup:
    """Return a bar whose segments are parts of a whole; the full width is the whole.

    Where the sizes are not counts of anything, only the shares are said.
    """
    starts = accumulate((part.size for part in parts), initial=0)
    segments = [
        {"part": part, "x": percent(start, whole), "width": percent(part.size, whole)}
        for start, part in zip(starts, parts, strict=False)
        if part.size
    ]
    return render("stacked.svg", label=label, segments=segments, whole=whole, counted=counted)


def histogram(label: str, bins: Sequence[Bin], ticks: int = 5) -> Markup:
    """Return upright bars side by side; about `ticks` of them are named on the axis."""
    tallest = max((one.size for one in bins), default=0)
    step = -(-len(bins) // ticks) or 1
    bars = [
        {
            "bin": one,
            "x": percent(index, len(bins)),
            "width": percent(1, len(bins)),
            "height": _height(one.size, tallest),
            "named": index % step == 0,
        }
        for index, one in enumerate(bins)
    ]
    return render("histogram.svg", label=label, bars=bars, plot=PLOT_HEIGHT)


def percent(part: int, whole: int) -> str:
    """Return a length in per cent of the chart's width.

    >>> percent(1, 3), percent(0, 0)
    ('33.333%', '0.000%')
    """
    return f"{100 * part / whole if whole else 0:.3f}%"


def _height(number: int, tallest: int) -> int:
    """Return a bar's height in pixels: at least 2 for any value that occurs."""
    return max(round(PLOT_HEIGHT * number / tallest), 2) if number else 0
