"""Expression of thought: one line of arithmetic.

>>> parse("The nuts are\\n3 * 4")
'3 * 4'
"""

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.answers.number import exact_text
from thoughtmill.factory.solvers.arithmetic import evaluate
from thoughtmill.factory.solvers.outcome import Outcome
from thoughtmill.factory.solvers.solvers import Solvers

KIND = "expression"

INSTRUCTION = """Given: problem

Write one line of arithmetic whose value is the answer, and nothing else.
"""

EXEMPLARS = ({"problem": "Livia has V urns of VI figs. How many figs has she?", "completion": "5 * 6"},)


def parse(completion: str) -> str | None:
    """Return the last line; None when the completion has none."""
    lines = completion.strip().splitlines()
    return lines[-1].strip() if lines else None


def solve(rationale: str, problem: str, answer_kind: str, solvers: Solvers) -> Outcome:
    """Return the value of the line."""
    value = evaluate(rationale)
    if value is None:
        return Outcome(None, "no_answer", "the line has no value")
    return Outcome(Answer(exact_text(value)), None)
