r"""Tuples, whose order counts: points, ordered lists in brackets.

>>> canonical(r"\left(\frac12, -3\right)"), canonical("1, 2")
('(\\frac{1}{2}, -3)', None)
"""

from thoughtmill.factory.answers.mathematics import kinds

PATTERN = r"\(.*\)"
"""The canonical texts: parts in round brackets."""

_OPERATIONS = frozenset({"tuple"})


def canonical(text: str) -> str | None:
    """Return the canonical text of a tuple, or None for any other text."""
    return kinds.canonical(text, _OPERATIONS)


compared = kinds.compared
