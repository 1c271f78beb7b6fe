"""Growth `repair`: a rejected program with its error, to be put right (PaD, arXiv 2305.13888).

The new problem shows the parent's problem, a program that was rejected, and why; its program is the parent's
verified one. So a student of programs also learns to mend them. A program in which two quantities have one
value may have the right answer with their names swapped, and one that lacks numbers of the problem, or has
others, may have it by chance or from the head, so neither is shown.
"""

from collections.abc import Collection, Iterator
from fractions import Fraction
from random import Random

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.growths import Barren, Child, Parent, Row, kind_of, straight_lines
from thoughtmill.factory.growths.binding import HUNDREDTHS
from thoughtmill.factory.growths.rewriting import numbers
from thoughtmill.factory.solutions.quantities import implied_in
from thoughtmill.factory.solvers.checks.universal import UNIVERSAL
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.schemas.fields import FAILURES


def grow(parent: Parent, count: int, random: Random, solvers: Solvers) -> Iterator[Child | Barren]:
    """Yield at most `count` children, one for each rejected program."""
    good = parent.first("program")
    rejected = [row for row in parent.rejected if row["rationale"] is not None]
    bad = [row for row in rejected if kind_of(row["thought"]) == "program"]
    if good is None or not bad:
        yield Barren("it has no verified program" if good is None else "it has no rejected program")
        return
    program = straight_lines.read(str(good["rationale"]))
    if program is not None and program.shares_values():
        yield Barren("two quantities of its program have one value")
        return
    if program is not None and not rests_on(program.figures, str(parent.problem["problem"])):
        yield Barren("its program lacks numbers of the problem, or has others")
        return
    answer = Answer(parent.problem["answer"], parent.problem["answer_kind"])
    for row in bad[:count]:
        shown = f"```python\n{row['rationale']}\n```"
        text = f"{parent.problem['problem']}\n\n{shown}\n\n{said(row)} Write it anew."
        yield Child({good["thought"]: f"```python\n{good['rationale']}\n```"}, text, answer)


def rests_on(figures: Collection[Fraction], problem: str) -> bool:
    """Return whether a program uses its problem's numbers, all but one, and else universal ones alone.

    >>> rests_on([Fraction(12), Fraction(7)], "Ann has 12 pens and 3 pads in a week.")
    True
    >>> rests_on([Fraction(12), Fraction(18)], "Ann has 12 pens."), rests_on([Fraction(5)], "He has 17 pens.")
    (False, False)
    """
    told, used = numbers(problem), frozenset(figures)
    forms = {value: {form.of(value) for form in HUNDREDTHS} for value in told}
    parts = {value: {Fraction(value.numerator), Fraction(value.denominator)} for value in told}
    lacking = {value for value in told if not forms[value] & used and not parts[value] <= used}
    known = UNIVERSAL.union(implied_in(problem), *forms.values(), *parts.values())
    return len(lacking) <= min(1, len(told) - 1) and used <= known


def said(row: Row) -> str:
    """Return why a program was rejected, in a sentence for a student."""
    if row["failure"] is None:
        return f"This program comes to {row['predicted_answer']}, which is wrong."
    why = "it is not Python" if row["failure"] == "unparsable" else FAILURES[row["failure"]]
    return f"This program is wrong: {why}."
