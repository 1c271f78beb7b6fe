"""Equations only: a chain without its words, one calculation a line, closed by its answer (arXiv 2409.12393).

>>> print(parse("4 * 6 = 24\\n24 - 9 = 15\\n#### 15"))
4 * 6 = 24
24 - 9 = 15
#### 15
>>> parse("4 bags hold 4 * 6 = 24 marbles.\\n#### 24")
"""

import re

from thoughtmill.factory.solvers.outcome import Outcome
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.thoughts import cot

KIND = "chain"

_LINE = re.compile(r"[0-9.,+*/()%$^ \N{MULTIPLICATION SIGN}\N{DIVISION SIGN}-]+=[0-9.,/$% -]+|####.*")


def parse(completion: str) -> str | None:
    """Return the lines of calculations and the answer; None when a line has words."""
    lines = [line.strip() for line in completion.strip().splitlines() if line.strip()]
    return "\n".join(lines) if lines and all(_LINE.fullmatch(line) for line in lines) else None


def solve(rationale: str, problem: str, answer_kind: str, solvers: Solvers) -> Outcome:
    """Read the final answer."""
    return cot.solve(rationale, problem, answer_kind, solvers)
