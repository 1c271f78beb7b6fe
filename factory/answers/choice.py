r"""Choices: the letter of one of several answers that a problem offers.

>>> canonical(r"\textbf{(C)}\ 12"), canonical("(C)"), canonical("C."), canonical("x"), canonical("c)")
('C', 'C', 'C', None, None)
"""

import re

from thoughtmill.factory.answers import Comparison
from thoughtmill.factory.answers.mathematics.reading import unwrapped

PATTERN = "[A-J]"
"""The canonical texts: one capital letter."""

_UPRIGHT = r"\\(?:text|textbf|mathrm|mathbf|textrm|mbox) ?\{ *"
_LETTER = re.compile(
    rf"(?:(?:option|choice|answer)[ :]*)?\(?(?:{_UPRIGHT})?\(?([A-J])\)?[.):]? *\}}?\)?", re.IGNORECASE
)
_WITH_VALUE = re.compile(
    rf"(?:{_UPRIGHT}\(([A-J])\) *\}}|\(([A-J])\)(?:[\s~]|\\[ ,;:q])|([A-J])[.):]\s).*", re.DOTALL
)


def canonical(text: str) -> str | None:
    """Return the letter of a choice, or None for any other text; the choice's own value may follow it."""
    text = unwrapped(text) if len(text) < 200 else ""
    found = _LETTER.fullmatch(text) or _WITH_VALUE.fullmatch(text)
    letter = next(filter(None, found.groups()), "") if found else ""
    return letter if letter.isupper() else None


def compared(left: str, right: str) -> Comparison:
    """Compare two letters."""
    return Comparison(left == right, "text")
