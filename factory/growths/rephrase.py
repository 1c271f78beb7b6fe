"""Growth `rephrase`: the teacher tells the problem in other words (MetaMath, arXiv 2309.12284).

The numbers must be those of the parent, and two thoughts must come to the parent's answer.
"""

from collections.abc import Sequence
from random import Random

from thoughtmill.factory.answers import gold_answer
from thoughtmill.factory.growths import Barren, Child, Row
from thoughtmill.factory.growths.rewriting import (
    REPEATED,
    fault,
    held,
    numbers,
    numbers_lost,
    question_fault,
    text_of,
)

SAMPLING = {"temperature": 0.7}
INSTRUCTION = """Given: problem

Tell the problem again in other words, and in another order where that is natural. Keep every number, unit and
condition, and ask for the same quantity. Do not solve it, and write nothing but the new problem.
"""


def read(parent: Row, completion: str, earlier: Sequence[str], random: Random) -> Child | Barren:
    """Make a child with the parent's answer."""
    text, problem = text_of(completion), str(parent["problem"])
    if (found := fault(text, problem, earlier) or question_fault(text, problem)) is not None:
        return found
    if held(problem, text) >= REPEATED:
        return Barren("it repeats its parent")
    if numbers_lost(problem, text):
        return Barren("a number of its parent is lost")
    if numbers(text) != numbers(problem):
        return Barren("it has a number that its parent lacks")
    return Child({}, text, gold_answer(parent), asks=True)
