"""Repetition: finds whether a text that is still being written only repeats itself. Pure.

>>> repeats("The sum is 4. " + "The cost is the price. " * 12)
True
>>> repeats("2 + 2 = 4, 4 + 4 = 8, 8 + 8 = 16 and so on")
False

Small models repeat a sentence or a digit until the length limit; none of it is worth its time and price.
"""

LONGEST = 300
"""The longest unit that is looked for, in characters."""
TIMES = 6
"""How often a unit is repeated at least."""
SHORTEST_TAIL = 200
"""How many characters the repetitions are at least, so that a row of signs or zeros is none."""


def repeats(text: str) -> bool:
    """Say whether a text ends in many repetitions of one unit."""
    for length in range(1, min(LONGEST, len(text) // TIMES) + 1):
        times = max(TIMES, -(-SHORTEST_TAIL // length))
        if text.endswith(text[-length:] * times):
            return True
    return False
