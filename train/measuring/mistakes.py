"""Mistakes: an unreadable text, a wrong calculation in a right plan, or a wrong plan.

>>> corrected("3 bags hold 3 * 4 = 13 nuts.\\n13 - 2 = 11 are left.\\n#### 11")
Fraction(10, 1)
"""

import re
from fractions import Fraction

from thoughtmill.factory.answers import Answer, equal
from thoughtmill.factory.answers.number import exact_text, fits, value
from thoughtmill.factory.solvers.arithmetic import evaluate
from thoughtmill.factory.solvers.steps import steps

FORM = frozenset({"unanswered", "refused", "empty", "truncated", "unparsable", "no_answer", "not_a_number"})
FIGURE = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?")
MISTAKES = {
    "format": "nothing can be read, parsed or run, or it was cut off",
    "arithmetic": "the plan of the chain comes to the gold answer, but a sum in it is wrong",
    "logical": "the plan, the program or the equations are wrong",
}


def mistake(text: str, predicted: Answer | None, failure: str | None, gold: Answer) -> str | None:
    """Return the kind of mistake in a student's text, a key of `MISTAKES`, or None if its answer is right.

    Mistakes of programs and equations are never `arithmetic`, because solvers compute their sums.
    """
    if predicted is not None and equal(predicted, gold):
        return None
    if failure in FORM:
        return "format"
    plan = None if failure is not None else corrected(text)
    return "arithmetic" if plan is not None and equal(Answer(exact_text(plan)), gold) else "logical"


def corrected(chain: str) -> Fraction | None:
    """Recompute every step of a chain and return the result of the last."""
    right: dict[Fraction, Fraction] = {}
    last: Fraction | None = None
    for step in steps(chain):
        last = evaluate(FIGURE.sub(lambda figure: _mended(figure[0], right), step.expression))
        if last is None or not fits(last):
            return None
        right[step.stated] = last
    return last


def _mended(figure: str, right: dict[Fraction, Fraction]) -> str:
    """Replace a figure that an earlier step got wrong; return other figures unchanged."""
    stated = value(figure)
    mended = right.get(stated, stated) if stated is not None else None
    return figure if mended is None or mended == stated else f"({exact_text(mended)})"
