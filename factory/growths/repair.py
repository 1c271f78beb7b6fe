"""Growth `repair`: a rejected program with its error, to be put right (PaD, arXiv 2305.13888).

The new problem shows the parent's problem, a program that was rejected, and why; its program is the parent's
verified one. So a student of programs also learns to mend them. A program in which two quantities have one
value may have the right answer with their names swapped. One that lacks a number of the problem, or uses it
too often, or has others, may have it by chance or from the head. Neither is shown.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from fractions import Fraction
from random import Random

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.answers.numbers_in_text import find
from thoughtmill.factory.growths import Barren, Child, Parent, Row, kind_of, straight_lines
from thoughtmill.factory.growths.binding import HUNDREDTHS
from thoughtmill.factory.solutions.quantities import implied_in, is_converted
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
    """Return whether a program uses each number of its problem, and no figure that it does not explain.

    It may use a number as often as the problem states it, and numbers that a word or a unit implies.

    >>> rests_on([Fraction(12), Fraction(7)], "Ann has 12 pens for each day of a week.")
    True
    >>> rests_on([Fraction(12)] * 2, "Ann has 12 pens."), rests_on([Fraction(5)], "He has 17 pens.")
    (False, False)
    """
    stated = Counter(number.value for number in find(problem))
    parts = {value: {Fraction(value.numerator), Fraction(value.denominator)} - {1} for value in stated}
    forms = {value: {form.of(value) for form in HUNDREDTHS} for value in stated}
    used, implied = Counter(figures), implied_in(problem) | {1}
    if any(forms[value].isdisjoint(used) and not parts[value] <= used.keys() for value in stated):
        return False
    return all(
        figure in implied
        or is_converted(figure, problem.lower())
        or count <= sum(stated[value] for value in stated if figure in forms[value] | parts[value])
        for figure, count in used.items()
    )


def said(row: Row) -> str:
    """Return why a program was rejected, in a sentence for a student."""
    if row["failure"] is None:
        return f"This program comes to {row['predicted_answer']}, which is wrong."
    why = "it is not Python" if row["failure"] == "unparsable" else FAILURES[row["failure"]]
    return f"This program is wrong: {why}."
