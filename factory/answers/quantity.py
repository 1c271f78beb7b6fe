r"""Quantities with a unit of measure: `12 cm` is `0.12 m`, and never `12 m`.

>>> canonical(r"12\,\mathrm{cm}"), canonical("12 apples")
('12\\text{ cm}', None)

A number without a unit equals a quantity of the same value, since the problem may have said the unit. Words
that only count things, currencies, `%` and degrees are no units: such an answer is a number.
"""

from thoughtmill.factory.answers.mathematics import kinds

PATTERN = r".+\\text\{.+\}.*"
"""The canonical texts: a value and the words of its unit."""

_OPERATIONS = frozenset({"quantity"})


def canonical(text: str) -> str | None:
    """Return the canonical text of a quantity, or None for any other text."""
    return kinds.canonical(text, _OPERATIONS)


compared = kinds.compared
