r"""Ratios: `2:3`, which equals `4:6` and `\frac23`.

>>> canonical("2 : 3"), canonical("2/3")
('2:3', None)
"""

from thoughtmill.factory.answers.mathematics import kinds

PATTERN = r".+:.+"
"""The canonical texts: parts between colons."""

_OPERATIONS = frozenset({"ratio"})


def canonical(text: str) -> str | None:
    """Return the canonical text of a ratio, or None for any other text."""
    return kinds.canonical(text, _OPERATIONS)


compared = kinds.compared
