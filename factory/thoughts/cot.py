"""Chain of thought: the reasoning in sentences, closed by its answer (Wei et al., arXiv 2201.11903).

>>> print(parse("4 bags hold 4 * 6 = 24 marbles.\\n#### 24\\n"))
4 bags hold 4 * 6 = 24 marbles.
#### 24
"""

from thoughtmill.factory.answers import Answer, reading
from thoughtmill.factory.answers.run_on import own
from thoughtmill.factory.solvers.outcome import Check, Outcome
from thoughtmill.factory.solvers.solvers import Solvers

KIND = "chain"


def parse(completion: str) -> str | None:
    """Return the chain: the text, without the next question where a model runs on; None without a word."""
    return own(completion) or None


def solve(rationale: str, problem: str, answer_kind: str, solvers: Solvers) -> Outcome:
    """Read the final answer; the check `answer_rule` names the rule that found it."""
    found = reading.read(rationale, answer_kind)
    if found is None:
        return Outcome(None, "no_answer", "no final answer can be read")
    return Outcome(Answer(found.answer, found.kind), None, checks=(Check("answer_rule", True, found.rule),))
