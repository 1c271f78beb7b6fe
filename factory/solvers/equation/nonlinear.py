"""Non-linear solving: sympy, in a process that can be killed."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from thoughtmill.factory.answers.mathematics.tree import Call, Tree
from thoughtmill.factory.core.worker import Worker, WorkerDied, WorkerTimeout
from thoughtmill.factory.solvers.equation.tree import Unsolvable

Equation = tuple[Tree, Tree]


class Value(NamedTuple):
    """The value of an answer, its closed form in LaTeX, or the interval that proves the root it rests on."""

    text: str
    interval: str | None = None
    exact: str | None = None


class Nonlinear(Worker):
    """The worker that solves systems that are not linear."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__("thoughtmill.factory.solvers.equation.nonlinear_worker", timeout_s)

    def solve(
        self,
        equations: Sequence[Equation],
        conditions: Sequence[Call],
        whole: frozenset[str],
        answer: str,
        exact: bool = False,
    ) -> Value:
        """Return the value of the answer: `p/q`, or a decimal of 12 digits where it is irrational.

        Raises `Unsolvable` with a failure of the system, `timeout`, or `killed` when the worker died.
        """
        positions: dict[str, int] = {answer: 0}
        request = {
            "equations": [[_encoded(side, positions) for side in equation] for equation in equations],
            "conditions": [_encoded(condition, positions) for condition in conditions],
            "whole": sorted(positions[name] for name in whole if name in positions),
            "answer": 0,
            "exact": exact,
            "real": any(_takes_real(side) for equation in equations for side in equation),
        }
        try:
            reply = self.ask(request | {"size": len(positions)})
        except WorkerTimeout:
            raise Unsolvable("timeout", f"sympy took more than {self.cpu_s:g} s") from None
        except WorkerDied:
            raise Unsolvable("killed", "the process that ran sympy died") from None
        if "failure" in reply:
            raise Unsolvable(reply["failure"], reply["detail"], tuple(reply.get("values", ())))
        if "root" not in reply:
            return Value(reply["answer"], exact=reply.get("exact"))
        at, low, high = reply["root"]
        return Value(reply["answer"], f"{[*positions][at]} is the only root in [{low}, {high}]")


def _encoded(tree: Tree, positions: dict[str, int]) -> Any:
    """Return a tree as JSON: a position for a name, `p/q` for a number, `[op, ...]` for a call.

    Raises `Unsolvable` (`no_answer`) on a choice whose condition is open.
    """
    if isinstance(tree, Fraction):
        return f"{tree.numerator}/{tree.denominator}"
    if isinstance(tree, str):
        return positions.setdefault(tree, len(positions))
    if tree.op == "if":
        raise Unsolvable("no_answer", "a choice that nothing decides")
    return [tree.op, *(_encoded(arg, positions) for arg in tree.args)]


def _takes_real(tree: Tree) -> bool:
    """Tell whether sympy must take unknowns as real from the start to solve this."""
    return isinstance(tree, Call) and (tree.op in ("abs", "max", "min") or any(map(_takes_real, tree.args)))
