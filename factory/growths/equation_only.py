"""Growth `equation_only`: the calculations of a verified chain without its words (arXiv 2409.12393).

It makes no problem: it writes the thought `equation_only` about the parent. Small students learn from it.
"""

from collections.abc import Iterator
from random import Random

from thoughtmill.factory.answers.number import exact_text
from thoughtmill.factory.growths import Barren, Child, Parent
from thoughtmill.factory.solutions.calculations import UnusableSolution, spelled, tokens
from thoughtmill.factory.solvers.checks.gold_free import numbers_known
from thoughtmill.factory.solvers.outcome import Outcome
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.solvers.steps import steps

WRITES = ("equation_only",)


def grow(parent: Parent, count: int, random: Random, solvers: Solvers) -> Iterator[Child | Barren]:
    """Yield the calculations of the parent's chain."""
    record = parent.first("chain")
    if record is None:
        yield Barren("it has no verified chain")
        return
    found = steps(str(record["rationale"]))
    if not found or not all(step.right for step in found):
        yield Barren("its chain has no calculations, or wrong ones")
    elif exact_text(found[-1].stated) != record["predicted_answer"]:
        yield Barren("its last calculation is not its answer")
    elif not _explained(parent, str(record["rationale"])) or any("%" in step.result for step in found):
        yield Barren("its chain has a number from nowhere, or a share for a result")
    else:
        lines = [f"{_spaced(step.expression)} = {step.result}" for step in found]
        yield Child({"equation_only": "\n".join([*lines, f"#### {record['predicted_answer']}"])})


def _explained(parent: Parent, chain: str) -> bool:
    """Return whether each number of a chain is in the problem, a result or universal."""
    return numbers_known(chain, str(parent.problem["problem"]), Outcome(None, None)).passed is not False


def _spaced(expression: str) -> str:
    """Return a calculation in the spelling of our teachers, with blanks around its signs."""
    try:
        return spelled(tokens(expression))
    except UnusableSolution:
        return expression
