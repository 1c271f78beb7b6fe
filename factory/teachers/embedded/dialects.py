"""Dialects of the embedded teacher: other ways to write the same program, or the same rules.

>>> from thoughtmill.factory.solutions import parse
>>> from thoughtmill.factory.teachers.embedded.compiling import COMPILERS
>>> solution = parse("She sold 48/2 = <<48/2=24>>24 clips.\\n#### 24", "She sold clips to 48 friends.")
>>> print(COMPILERS["pot"](in_dialect("pot", solution, programs="in_place")))
```python
clips = 48 / 2
ans = clips
```
"""

from dataclasses import replace

from thoughtmill.factory.solutions import Solution
from thoughtmill.factory.solutions.graphs import NAMED
from thoughtmill.factory.teachers.embedded.compiling import in_numbers
from thoughtmill.factory.teachers.embedded.rules import rules as rules_of


def in_dialect(thought: str, solution: Solution, programs: str = "declared", rules: str = "what") -> Solution:
    """Return a solution as a dialect has it, for the compiler of a thought.

    `in_place` writes each number of the problem where it is used, instead of naming it first. `why` has rules
    that give their reason, in place of those of the solution, if it has calculations.
    """
    if thought == "pot" and programs == "in_place":
        givens = {given.name for given in solution.givens}

        def written(expression: str) -> str:
            return NAMED.sub(
                lambda name: in_numbers(name[0], solution) if name[0] in givens else name[0], expression
            )

        steps = tuple(replace(step, expression=written(step.expression)) for step in solution.steps)
        return replace(solution, givens=(), steps=steps)
    if thought == "knowledge" and rules == "why":
        return replace(solution, rules=tuple(rules_of(solution.steps, why=True)))
    return solution
