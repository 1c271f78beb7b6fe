"""Socratic turns: each step as a question and its answer, closed by the answer (DialCoT, arXiv 2310.05074).

>>> print(parse("Teacher: How many marbles?\\nPupil: There are 4 * 6 = 24 marbles.\\n#### 24\\n"))
Teacher: How many marbles?
Pupil: There are 4 * 6 = 24 marbles.
#### 24
"""

import re

from thoughtmill.factory.solvers.outcome import Outcome
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.thoughts import cot

KIND = "chain"


def parse(completion: str) -> str | None:
    """Return the turns; None when no question is followed by its answer."""
    text = completion.strip()
    return text if re.search(r"^Teacher: .+\nPupil: ", text, re.MULTILINE) else None


def solve(rationale: str, problem: str, answer_kind: str, solvers: Solvers) -> Outcome:
    """Read the final answer."""
    return cot.solve(rationale, problem, answer_kind, solvers)
