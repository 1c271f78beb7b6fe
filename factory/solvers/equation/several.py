"""Several answers: a system that asks for a pair, a list or a set asks for each of its parts.

>>> asked_for("x + y = 3\\nx - y = 1\\nans = (x, 2*y)")
Several(before='x + y = 3\\nx - y = 1', parts=('x', '2*y'), opening='(', closing=')')
>>> asked_for("ans = max(x, y)") is None
True
"""

import re
from typing import NamedTuple

from thoughtmill.factory.solvers.equation.words import ANSWER

MOST_PARTS = 10
"""Parts of the largest answer: each is solved as a system."""

MAX_CHARS = 500
"""Characters of the longest last line that is looked at."""

_ASKED = re.compile(r"(?:(?:final[ _])?answer|ans)\s*[=:]([^=<>]{3,})", re.IGNORECASE)
_THOUSANDS = re.compile(r"[0-9],[0-9]{3}(?![0-9])")
_BRACKETS = {"(": ")", "[": "]", "{": "}"}


class Several(NamedTuple):
    """The text before the answer, the parts that are asked for, and the brackets around them, if any."""

    before: str
    parts: tuple[str, ...]
    opening: str
    closing: str

    def texts(self) -> list[str]:
        """Return a system for each part."""
        return [f"{self.before}\n{ANSWER} = {part}" for part in self.parts]

    def written(self, answers: list[str]) -> str:
        """Return the answers of the parts in the brackets of the whole."""
        return self.opening + ", ".join(answers) + self.closing


def asked_for(text: str) -> Several | None:
    """Return the answer that a text asks for in its last line if it has several parts; None otherwise."""
    before, _, line = text.rstrip().rpartition("\n")
    found = _ASKED.fullmatch(line.strip()) if "," in line and len(line) <= MAX_CHARS else None
    asked = found[1].strip() if found else ""
    if not asked or _THOUSANDS.search(asked):
        return None
    opening, closing = asked[0], _BRACKETS.get(asked[0], "")
    inside = _split(asked[1:-1]) if closing and asked[-1] == closing else None
    parts = inside or _split(asked)
    if parts is None or not 1 < len(parts) <= MOST_PARTS:
        return None
    return Several(before, tuple(parts), *((opening, closing) if inside else ("", "")))


def _split(inside: str) -> list[str] | None:
    """Cut a text at the commas outside brackets; None where brackets do not match or a part is empty."""
    parts, depth = [""], 0
    for character in inside:
        depth += (character in "([{") - (character in ")]}")
        if depth < 0:
            return None
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    parts = [part.strip() for part in parts]
    return parts if depth == 0 and all(parts) else None
