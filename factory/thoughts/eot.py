"""Equation of thought: the problem as a system of equations (EoTD, arXiv 2401.11864, section 3.1).

>>> print(parse("unknowns: marbles\\nmarbles = 4 * 6\\nans = marbles"))
unknowns: marbles
marbles = 4 * 6
ans = marbles
"""

from thoughtmill.factory.solvers import equations
from thoughtmill.factory.solvers.outcome import Outcome
from thoughtmill.factory.solvers.solvers import Solvers

KIND = "equations"


def parse(completion: str) -> str | None:
    """Return the lines of equations in a completion; None when there are none."""
    return equations.equations_of(completion)


def solve(rationale: str, problem: str, answer_kind: str, solvers: Solvers) -> Outcome:
    """Solve the system exactly."""
    return solvers.equations.solve(rationale)
