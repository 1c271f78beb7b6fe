"""Program of thought: a Python program whose result is the answer (Chen et al., arXiv 2211.12588).

>>> print(parse("```python\\nbags = 4\\nans = bags * 6\\n```"))
bags = 4
ans = bags * 6
"""

from factory.solvers import programs
from factory.solvers.outcome import Outcome
from factory.solvers.solvers import Solvers

INSTRUCTION = """\
You are a mathematics teacher. Write a short Python program that solves the word problem.

- Give every quantity of the problem a variable with a telling name, in lower case with underscores.
- Write one calculation a line. Do not print, do not read input, do not import what you do not need.
- The last line assigns the final answer, a number, to `ans`.

Write the program in one ```python block and nothing else."""

GIVEN: tuple[str, ...] = ("problem",)


def parse(completion: str) -> str | None:
    """Return the program in a completion; None when there is none."""
    return programs.extract(completion)


def solve(rationale: str, problem: str, solvers: Solvers) -> Outcome:
    """Run the program in a fence."""
    return solvers.programs.run(rationale)
