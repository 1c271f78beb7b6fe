"""Numbers that say nothing of one problem: counts, the clock, the calendar, the dozen, the circle."""

from fractions import Fraction

UNIVERSAL = frozenset(
    map(Fraction, (0, 1, 2, 3, 4, 5, 7, 10, 12, 24, 30, 31, 52, 60, 100, 180, 360, 365, 1000))
)
"""Numbers that anyone may bring along."""

RULED = frozenset(map(Fraction, (60, 100, 1000)))
"""Numbers that general rules say in words: `divided by one hundred`, `an hour has sixty minutes`."""
