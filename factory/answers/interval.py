r"""Intervals and unions of them: `[0, 1)`, `(-\infty, 2) \cup (3, \infty)`, all real numbers.

>>> canonical(r"\left(-\infty,2\right)\cup[3,\infty)"), canonical("(1,2)")
('(-\\infty, 2) \\cup [3, \\infty)', None)

A pair in round brackets without an infinite end is a `tuple`; it equals an interval with the same ends.
"""

from thoughtmill.factory.answers.mathematics import kinds

PATTERN = r".*([\[(].*,.*[\])]|\\mathbb|\\cup|\\cap|\\setminus).*"
"""The canonical texts: brackets with two ends, or sets joined."""

_OPERATIONS = frozenset({"interval", "union", "intersection", "difference", "reals"})


def canonical(text: str) -> str | None:
    """Return the canonical text of an interval or a union of intervals, or None for any other text."""
    return kinds.canonical(text, _OPERATIONS)


compared = kinds.compared
