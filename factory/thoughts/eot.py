"""Equation of thought: the problem as a system of equations (EoTD, arXiv 2401.11864, section 3.1).

>>> print(parse("unknowns: marbles\\nmarbles = 4 * 6\\nans = marbles"))
unknowns: marbles
marbles = 4 * 6
ans = marbles
"""

from dataclasses import replace

from thoughtmill.factory.solvers import equations
from thoughtmill.factory.solvers.checks import gold_free, variables
from thoughtmill.factory.solvers.outcome import Outcome
from thoughtmill.factory.solvers.solvers import Solvers


def parse(completion: str) -> str | None:
    """Return the lines of equations in a completion; None when there are none."""
    return equations.equations_of(completion)


def solve(rationale: str, problem: str, solvers: Solvers) -> Outcome:
    """Solve the system exactly."""
    outcome = solvers.equations.solve(rationale)
    found = gold_free.checks(problem, rationale, outcome.answer)
    return replace(outcome, checks=(*outcome.checks, *found, variables.equation_variables(rationale)))
