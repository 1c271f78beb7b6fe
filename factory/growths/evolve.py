"""Growth `evolve`: the teacher makes a problem harder by one condition (Evol-Instruct, arXiv 2304.12244).

The parent's numbers stay, and a new one comes. Nobody knows the new answer: its problem has no gold answer,
and two thoughts must agree. So `curate.without_gold` decides which of its records are kept.
"""

from collections.abc import Sequence
from random import Random

from thoughtmill.factory.answers.number import value
from thoughtmill.factory.growths import Barren, Child, Row
from thoughtmill.factory.growths.rewriting import fault, numbers, numbers_lost, question_fault, text_of

WITHOUT_GOLD = True
SAMPLING = {"temperature": 0.7}
NEAR = 0.95
"""A long problem with one condition more is similar to its parent."""
INSTRUCTION = """Given: problem

Make a harder problem of this one. Keep its story and all its numbers, and add one condition with a number of
its own, on which the answer depends. The new problem must have exactly one answer. Do not solve it, and write
nothing but the new problem.
"""


def read(parent: Row, completion: str, earlier: Sequence[str], random: Random) -> Child | Barren:
    """Make a child whose answer is unknown."""
    text, problem = text_of(completion), str(parent["problem"])
    if (found := fault(text, problem, earlier, NEAR) or question_fault(text, problem)) is not None:
        return found
    if numbers_lost(problem, text):
        return Barren("a number of its parent is lost")
    new = numbers(text) - numbers(problem)
    if not new:
        return Barren("it has no number that its parent lacks")
    if new == {value(parent["answer"] or "")}:
        return Barren("it states its parent's answer")
    return Child({}, text, None, asks=True)
