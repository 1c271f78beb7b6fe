"""Program of thought: a Python program whose result is the answer (Chen et al., arXiv 2211.12588).

>>> print(parse("```python\\nbags = 4\\nans = bags * 6\\n```"))
bags = 4
ans = bags * 6
"""

from thoughtmill.factory.solvers import programs
from thoughtmill.factory.solvers.outcome import Outcome
from thoughtmill.factory.solvers.solvers import Solvers

KIND = "program"


def parse(completion: str) -> str | None:
    """Return the program in a completion; None when there is none."""
    return programs.extract(completion)


def solve(rationale: str, problem: str, answer_kind: str, solvers: Solvers) -> Outcome:
    """Run the program in a fence."""
    return solvers.programs.run(rationale, answer_kind)
