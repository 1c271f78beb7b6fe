"""Growth `socratic`: each step of a verified chain becomes a question and its answer (arXiv 2310.05074).

>>> turn("There are 12 * 30 = 360 apples in the crates.")
('There are how many apples in the crates?', 'There are 12 * 30 = 360 apples in the crates.')
>>> turn("The pads cost 5 * 7 = $35.")
('The pads cost how much?', 'The pads cost 5 * 7 = $35.')

It makes no problem: it writes the thought `socratic` about the parent.
"""

import re
from collections.abc import Iterator
from random import Random

from thoughtmill.factory.growths import Barren, Child, Parent
from thoughtmill.factory.solvers.solvers import Solvers

WRITES = ("socratic",)
LONGEST = 400
"""Characters of a sentence that is looked at: the search takes longer than its length."""

_STEP = re.compile(r"[0-9$(][0-9.,$() +*/x-]*?[-+*/x][0-9.,$() +*/x-]*=\s*[$]?[0-9][0-9,]*(?:\.[0-9]+)?%?")
_COUNTED = re.compile(r"\s+(?!(?:in|for|per|each|and|of|from|because|so|on|at|to|that)\b)[a-z]{3,}")

_ASKS_FOR_A_NUMBER = re.compile(r"\bnumber of [a-z]|^In [a-z]+,")
"""`The number of pens is how many?`: the thing is said already."""

_LEANS_BEFORE = re.compile(r"(?:Since|If|As|When|Because|Only)\b")
_LEANS_AFTER = re.compile(
    r"\b(?:because|since|or|by|if|as|when|so|that|then|after|thus|and|a|an|the|another"
    r"|additional|extra|other|only|[a-z]+ing|,|:|\()\s*$"
)


def grow(parent: Parent, count: int, random: Random, solvers: Solvers) -> Iterator[Child | Barren]:
    """Yield the turns of the parent's chain."""
    record = parent.first("chain")
    if record is None:
        yield Barren("it has no verified chain")
        return
    *lines, last = str(record["rationale"]).splitlines()
    turns = [turn(line) for line in lines if line.strip()]
    asked = [each for each in turns if each is not None]
    if not turns or len(asked) < len(turns) or not last.startswith("####"):
        yield Barren("a sentence does not calculate just once")
    else:
        told = [f"Teacher: {question}\nPupil: {answer}" for question, answer in asked]
        yield Child({"socratic": "\n".join([*told, last])})


def turn(line: str) -> tuple[str, str] | None:
    """Return the question that a sentence answers, and the sentence; None unless it calculates just once."""
    if len(line) > LONGEST:
        return None
    found = list(_STEP.finditer(line))
    if len(found) != 1 or line.count("=") != 1:
        return None
    before, after = line[: found[0].start()], line[found[0].end() :]
    result = found[0][0].rpartition("=")[2].strip(" $%")
    leaning = _LEANS_AFTER.search(before) or _LEANS_BEFORE.match(line)
    if (
        not re.search(r"[A-Za-z]{2}", before)
        or leaning
        or after.startswith("/")
        or re.search(r"[.0-9]\s*$", before)
        or re.search(r",\s", found[0][0])
        or re.search(rf"\b{re.escape(result)}\b", before + after)
    ):
        return None
    money, counted = "$" in found[0][0], _COUNTED.match(after)
    if not money and not counted:
        return None
    asked = "how much" if money else "how many"
    if counted and result == "1" and not counted[0].endswith("s"):
        return None  # `how many liter`
    if counted and not money and _ASKS_FOR_A_NUMBER.search(before):
        after = after[counted.end() :]
    return f"{before}{asked}{after.rstrip(' .')}?", line
