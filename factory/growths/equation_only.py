"""Growth `equation_only`: the calculations of a verified chain without its words (arXiv 2409.12393).

It makes no problem: it writes the thought `equation_only` about the parent. Small students learn from it.
"""

from collections.abc import Iterator
from fractions import Fraction
from random import Random

from thoughtmill.factory.answers.number import exact_text, value
from thoughtmill.factory.growths import Barren, Child, Parent
from thoughtmill.factory.solutions.calculations import UnusableSolution, spelled, tokens
from thoughtmill.factory.solvers.checks.gold_free import numbers_known
from thoughtmill.factory.solvers.outcome import Outcome
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.solvers.steps import ChainStep, steps

WRITES = ("equation_only",)


def grow(parent: Parent, count: int, random: Random, solvers: Solvers) -> Iterator[Child | Barren]:
    """Yield the calculations of the parent's chain."""
    record = parent.first("chain")
    if record is None:
        yield Barren("it has no verified chain")
        return
    found = steps(str(record["rationale"]))
    lines = "\n".join(f"{_spaced(step.expression)} = {step.result}" for step in found)
    if not found or not all(_is_plain(step) for step in found):
        yield Barren("its chain has no calculations, or wrong ones, or rough ones, or several in a row")
    elif exact_text(found[-1].stated) != record["predicted_answer"]:
        yield Barren("its last calculation is not its answer")
    elif not _explained(parent, lines) or any("%" in step.result for step in found):
        yield Barren("its chain has a number from nowhere, or a share for a result")
    else:
        yield Child({"equation_only": f"{lines}\n#### {record['predicted_answer']}"})


def _is_plain(step: ChainStep) -> bool:
    """Return whether a calculation is right to the hundredth, and its result is a number."""
    off, size = abs(step.exact - step.stated), max(Fraction(1), abs(step.exact))
    return step.right and value(step.result) is not None and 100 * off <= size


def _explained(parent: Parent, lines: str) -> bool:
    """Return whether each number of the calculations is in the problem, a result or universal."""
    return numbers_known(lines, str(parent.problem["problem"]), Outcome(None, None)).passed is not False


def _spaced(expression: str) -> str:
    """Return a calculation in the spelling of our teachers, with blanks around its signs."""
    try:
        return spelled(tokens(expression))
    except UnusableSolution:
        return expression
