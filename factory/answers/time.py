r"""Times of day: `4:30 pm`.

>>> canonical(r"\text{4:30 p.m.}"), canonical("9 AM"), canonical("4:30")
('4:30 pm', '9:00 am', None)

Without a half of the day `4:30` is a `ratio`; it equals a time with the same hour and minute.
"""

from thoughtmill.factory.answers.mathematics import kinds

PATTERN = r"\d+:\d\d [ap]m"
"""The canonical texts: hour, minute and half of the day."""

_OPERATIONS = frozenset({"time"})


def canonical(text: str) -> str | None:
    """Return the canonical text of a time of day, or None for any other text."""
    return kinds.canonical(text, _OPERATIONS)


compared = kinds.compared
