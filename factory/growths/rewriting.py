"""What growths share whose problems a teacher writes: how its text is read, and what it must keep.

>>> text_of("**Rewritten problem:** Ann buys 3 pens. How many has she?")
'Ann buys 3 pens. How many has she?'
>>> numbers_lost("Ann has 3 pens.", "Ann has three pens."), numbers_lost("Ann has 3 pens.", "Ann has pens.")
(False, True)
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any

from thoughtmill.factory.answers.numbers_in_text import find
from thoughtmill.factory.answers.without_gold import agreed, candidates
from thoughtmill.factory.growths import Barren

SHINGLE = 3
"""Words in a row that are compared: as many as benchmarks are kept out by."""
NEAR = 0.7
"""The Jaccard similarity of shingles from which a text is a near-duplicate of another."""
REPEATED = 0.8
"""The share of its parent's shingles from which a text repeats it."""
TOLD = 0.2
"""The share of its parent's shingles below which statements tell another story."""
LEAST_THOUGHTS = 2
"""How many thoughts must agree on the answer of a problem that a teacher wrote."""

DISAGREE = "no two of its thoughts agree on its answer"
CHANGED = "no two of its thoughts come to the answer that it must have"

_LABEL = re.compile(
    r"\A[^\n?.\d:]{0,80}\b(?:problem|question|statements?|version|words)\b[^\n?.\d:]{0,40}:[*_\s]*",
    re.IGNORECASE,
)
_SOLVED = re.compile(
    r"####|\\boxed|^\W*(?:answer|solution|explanation|step \d+)\b[^\n.?]{0,20}:",
    re.IGNORECASE | re.MULTILINE,
)
_TALK = re.compile(
    r"\b(?:re(?:written|wrote|phras|word)\w*|in other words|original (?:problem|question)|new problem"
    r"|harder problem|this (?:problem|question)|(?:1|one) answer|same (?:quantity|numbers|answer)"
    r"|to solve (?:this|the)|the (?:problem|question) (?:asks|is))\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\?|\b(?:find|calculate|determine|compute|work out|what|how (?:many|much|long|far|old))\b",
    re.IGNORECASE,
)


def text_of(completion: str) -> str:
    """Return the problem in a completion, without quotes and a heading such as `Rewritten problem:`."""
    text = _LABEL.sub("", completion.strip(), count=1).strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] == '"' else text


def fault(text: str, parent: str, earlier: Sequence[str], near: float = NEAR) -> Barren | None:
    """Return why a text cannot be a new problem: it is empty, holds a solution, or is a near-duplicate."""
    if not text:
        return Barren("the teacher wrote no problem")
    if _SOLVED.search(text) or text.count("=") > parent.count("="):
        return Barren("it holds a solution")
    if _TALK.search(text) and not _TALK.search(parent):
        return Barren("it talks about the problem")
    if similarity(text, parent) >= near:
        return Barren("it is a near-duplicate of its parent")
    if any(similarity(text, other) >= near for other in earlier):
        return Barren("it is a near-duplicate of an earlier one")
    return None


def question_fault(text: str, parent: str) -> Barren | None:
    """Return why a text is no problem: it asks nothing, or more than its parent."""
    if not _ASKS.search(text):
        return Barren("it asks nothing")
    if text.count("?") > max(1, parent.count("?")):
        return Barren("it asks more than its parent")
    return None


def numbers(text: str) -> frozenset[Fraction]:
    """Return the values that a text writes, in figures or words, without 1: `a` and `one` take turns."""
    return frozenset(number.value for number in find(text)) - {1}


def numbers_lost(parent: str, text: str) -> bool:
    """Return whether a text lacks a number of its parent."""
    return not numbers(parent) <= numbers(text)


def held(parent: str, text: str) -> float:
    """Return the share of a parent's shingles that a text holds.

    >>> held("Ann has 3 pens.", "Ann has 3 pens. In short: 3 pens are with Ann.")
    1.0
    """
    shingles = _shingles(parent)
    return len(_shingles(text) & shingles) / len(shingles)


def similarity(left: str, right: str) -> float:
    """Return the Jaccard similarity of the shingles of two texts.

    >>> similarity("Ann has 3 pens today.", "ann has 3 pens, today"), similarity("One two three.", "Four.")
    (1.0, 0.0)
    """
    one, other = _shingles(left), _shingles(right)
    return len(one & other) / len(one | other)


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[^\W_]+(?:[.,][0-9]+)*", text.casefold())
    return {tuple(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1))}


def rejections(records: Iterable[Mapping[str, Any]], golds: Mapping[str, str | None]) -> dict[str, str]:
    """Return why problems that a teacher wrote are rejected; `records` are theirs, in their order.

    `golds` has the answer that each must have, None where there is none to have. Two thoughts must come to
    it, and without it to the same answer, which no other answer has as many votes as.
    """
    found = {problem_id: DISAGREE if gold is None else CHANGED for problem_id, gold in golds.items()}
    for problem_id, group in groupby(records, key=lambda record: record["problem_id"]):
        siblings = list(group)
        if golds[problem_id] is None:
            winner = agreed(candidates(siblings), LEAST_THOUGHTS)
            thoughts = len(winner.thoughts) if winner else 0
        else:
            thoughts = len({record["thought"] for record in siblings if record["correct"]})
        if thoughts >= LEAST_THOUGHTS:
            del found[problem_id]
    return found
