"""Long chain of thought: the thinking of a reasoning model, then its answer (DeepSeek-R1, arXiv 2501.12948).

>>> print(parse("<think>4 * 5? No, 4 * 6 = 24.</think>4 bags hold 24 marbles.\\n#### 24"))
<think>
4 * 5? No, 4 * 6 = 24.
</think>
<BLANKLINE>
4 bags hold 24 marbles.
#### 24
"""

from thoughtmill.factory.solvers.outcome import Outcome
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.thoughts import cot
from thoughtmill.factory.thoughts.reasoning import join, split

KIND = "chain"
READS_REASONING = True


def parse(completion: str) -> str | None:
    """Return thinking and answer in a fixed form; None when one of them is missing."""
    reasoning, answer, _ = split(completion)
    return join(reasoning, answer.strip()) if reasoning and answer.strip() else None


def solve(rationale: str, problem: str, answer_kind: str, solvers: Solvers) -> Outcome:
    """Read the final answer, without the thinking."""
    return cot.solve(split(rationale).answer, problem, answer_kind, solvers)
