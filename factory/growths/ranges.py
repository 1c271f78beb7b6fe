"""Growths `ranges_1` to `ranges_6`: test problems with numbers of six magnitudes (arXiv 2502.08680).

They are those of GSM-Ranges and show whether a student can reason about numbers that it has seldom seen.
A wrong chain whose calculations, computed exactly, give the gold answer is a mistake of arithmetic; any
other is a mistake of logic (`thoughtmill.train.measuring.mistakes`). Percentages and ratios stay.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from thoughtmill.factory.growths import Barren, Child, Parent, parametric
from thoughtmill.factory.growths.binding import Variable
from thoughtmill.factory.growths.drawing import Pool
from thoughtmill.factory.growths.redraw import children
from thoughtmill.factory.solvers.solvers import Solvers

RATIOS = ("times", "%", "percent")


@dataclass(frozen=True)
class Ranges:
    """A growth of held-out problems: their numbers become whole numbers of a magnitude."""

    magnitude: range
    SPLITS: tuple[str, ...] = ("test",)

    def grow(self, parent: Parent, count: int, random: Random, solvers: Solvers) -> Iterator[Child | Barren]:
        """Yield at most `count` children in which at least half of the numbers are of the magnitude."""
        problem = parametric.read(parent)
        if isinstance(problem, Barren):
            yield problem
            return
        constraints = replace(problem.constraints(), stretch=None, most=None)
        pools = [self._pool(variable) for variable in problem.variables]
        yield from children(problem, constraints, pools, count, random, solvers)

    def _pool(self, variable: Variable) -> Pool:
        slot = variable.slots[0]
        return (variable.value,) if slot.unit in RATIOS or "." in slot.text else self.magnitude


RANGES_1 = Ranges(range(2, 100))
RANGES_2 = Ranges(range(100, 1000))
RANGES_3 = Ranges(range(1000, 10_000))
RANGES_4 = Ranges(range(10_000, 100_000))
RANGES_5 = Ranges(range(100_000, 1_000_000))
RANGES_6 = Ranges(range(1_000_000, 10_000_000))
