"""Chain of thought: the reasoning in sentences, closed by its answer (Wei et al., arXiv 2201.11903).

>>> print(parse("4 bags hold 4 * 6 = 24 marbles.\\n#### 24\\n"))
4 bags hold 4 * 6 = 24 marbles.
#### 24
"""

from thoughtmill.factory.answers import reading
from thoughtmill.factory.solvers import steps
from thoughtmill.factory.solvers.checks import gold_free
from thoughtmill.factory.solvers.outcome import Check, Outcome
from thoughtmill.factory.solvers.solvers import Solvers


def parse(completion: str) -> str | None:
    """Return the chain, which is the whole text; None when it has no word."""
    return completion.strip() or None


def solve(rationale: str, problem: str, solvers: Solvers) -> Outcome:
    """Read the final answer and recompute every step; a wrong step is a finding, not a failure."""
    found = reading.read(rationale)
    answer = found.answer if found else None
    checks = (*steps.checks(rationale, answer), *gold_free.checks(problem, rationale, answer))
    if found is None:
        return Outcome(None, "no_answer", "no final answer can be read", checks)
    return Outcome(answer, None, checks=(Check("answer_rule", True, found.rule), *checks))
