"""Equation of thought: the problem as a system of equations (EoTD, arXiv 2401.11864, section 3.1).

>>> print(parse("unknowns: marbles\\nmarbles = 4 * 6\\nans = marbles"))
unknowns: marbles
marbles = 4 * 6
ans = marbles
"""

from factory.solvers import equations
from factory.solvers.outcome import Outcome
from factory.solvers.solvers import Solvers

INSTRUCTION = """\
You are a mathematics teacher. Write the word problem as a system of equations. Do not solve it.

- The first line declares the unknowns: `unknowns: ` and their names, separated by commas.
- Then write one equation a line, with numbers, names, `+ - * /` and brackets only.
- Say what the problem says: an unknown may stand on either side, and equations need not be in solving order.
- The last line determines `ans`, the quantity that is asked for.

Write the unknowns and the equations and nothing else."""

GIVEN: tuple[str, ...] = ("problem",)


def parse(completion: str) -> str | None:
    """Return the lines of equations in a completion; None when there are none."""
    return equations.equations_of(completion)


def solve(rationale: str, problem: str, solvers: Solvers) -> Outcome:
    """Solve the system exactly."""
    return solvers.equations.solve(rationale)
