"""Equation of thought: the problem as a system of equations (EoTD, arXiv 2401.11864, section 3.1).

>>> print(parse("unknowns: marbles\\nmarbles = 4 * 6\\nans = marbles"))
unknowns: marbles
marbles = 4 * 6
ans = marbles
"""

import json

from thoughtmill.factory.solvers import equations
from thoughtmill.factory.solvers.outcome import Outcome
from thoughtmill.factory.solvers.solvers import Solvers

KIND = "equations"


def parse(completion: str) -> str | None:
    """Return the lines of equations in a completion; None when there are none.

    A completion by the thought's schema has them in a JSON object.

    >>> parse('{"equations": ["x = 4 * 6", "ans = x"]}')
    'x = 4 * 6\\nans = x'
    """
    return equations.equations_of(_unpacked(completion))


def _unpacked(completion: str) -> str:
    """Return the lines of a JSON object that keeps to the schema; any other completion as it is."""
    if not completion.lstrip().startswith("{"):
        return completion
    try:
        listed = json.loads(completion)["equations"]
    except (ValueError, KeyError, RecursionError):
        return completion
    is_lines = isinstance(listed, list) and all(isinstance(line, str) for line in listed)
    return "\n".join(listed) if is_lines else completion


def solve(rationale: str, problem: str, answer_kind: str, solvers: Solvers) -> Outcome:
    """Solve the system exactly."""
    return solvers.equations.solve(rationale, answer_kind)
