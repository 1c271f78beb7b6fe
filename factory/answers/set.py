r"""Sets and lists of answers, whose order is free: `\{1, 2\}`, `3, -3`, `x = 1 or x = 2`.

>>> canonical("1,-3"), canonical(r"2 \pm \sqrt{3}"), canonical(r"\{0, 1\}")
('1, -3', '2+\\sqrt{3}, 2-\\sqrt{3}', '\\{0, 1\\}')
"""

from thoughtmill.factory.answers.mathematics import kinds

PATTERN = r"\\\{.*\\\}|.*(, ).*"
"""The canonical texts: members in braces, or members between commas."""

_OPERATIONS = frozenset({"set", "list"})


def canonical(text: str) -> str | None:
    """Return the canonical text of a set or list, or None for any other text."""
    return kinds.canonical(text, _OPERATIONS)


compared = kinds.compared
