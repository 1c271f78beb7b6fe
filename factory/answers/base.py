r"""Numerals in a base, as `1011_2`: equal to each other, and to plain numbers, by their values.

>>> canonical("1011_{2}"), canonical("152A_{11}"), canonical("1021_2")
('1011_{2}', '152A_{11}', None)
"""

from thoughtmill.factory.answers.mathematics import kinds

PATTERN = r"[0-9A-Z.]+_\{\d+\}"
"""The canonical texts: digits and a base."""

_OPERATIONS = frozenset({"base"})


def canonical(text: str) -> str | None:
    """Return the canonical text of a numeral in a base, or None for any other text."""
    return kinds.canonical(text, _OPERATIONS)


compared = kinds.compared
