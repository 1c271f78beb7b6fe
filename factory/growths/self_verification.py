"""Growth `self_verification`: the teacher states problem and answer, and a hidden number is asked for.

The declarative form is that of Self-Verification (arXiv 2212.09561), as in MetaMath: the question becomes a
statement with its answer, one number of the problem becomes x, and x is the gold answer.
"""

from collections.abc import Iterator, Sequence
from random import Random

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.answers.number import exact_text, value
from thoughtmill.factory.growths import Barren, Child, Row
from thoughtmill.factory.growths.rewriting import TOLD, fault, held, numbers, numbers_lost, text_of
from thoughtmill.factory.growths.slots import find
from thoughtmill.factory.growths.wording import with_article

SAMPLING = {"temperature": 0.7}
QUESTION = "What is the value of the unknown variable x?"
INSTRUCTION = """Given: problem, answer

Turn the problem and its answer into statements only: keep every sentence that tells something, with its
numbers, and replace the question by a sentence that states the answer. Ask nothing, explain nothing, and
write nothing but these statements.
"""


def read(parent: Row, completion: str, earlier: Sequence[str], random: Random) -> Child | Barren:
    """Make a child that asks for a number of the parent, drawn from those that occur once."""
    text, problem = text_of(completion), str(parent["problem"])
    if (found := fault(text, "", ())) is not None:
        return found
    if "?" in text:
        return Barren("it still asks a question")
    if held(problem, text) < TOLD:
        return Barren("it tells another story than its parent")
    if numbers_lost(problem, text):
        return Barren("a number of its parent is lost")
    if value(parent["answer"]) not in numbers(text):
        return Barren("it does not state the answer")
    children = [child for child in _children(text, problem) if child.problem not in earlier]
    return random.choice(children) if children else Barren("it has no number to hide")


def _children(text: str, problem: str) -> Iterator[Child]:
    """Yield a child for each number that the problem and the statements write in figures, once."""
    slots, own = find(text), numbers(problem)
    for slot in slots:
        once = sum(other.value == slot.value for other in slots) == 1
        if slot.kept is None and not slot.in_words and once and slot.value in own:
            before = f"{with_article(text[: slot.start], 'x')}x"
            yield Child(
                {}, f"{before}{text[slot.end :]} {QUESTION}", Answer(exact_text(slot.value)), asks=True
            )
