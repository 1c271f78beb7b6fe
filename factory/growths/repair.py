"""Growth `repair`: a rejected program with its error, to be put right (PaD, arXiv 2305.13888).

The new problem shows the parent's problem, a program that was rejected, and why; its program is the parent's
verified one. So a student of programs also learns to mend them.
"""

from collections.abc import Iterator
from random import Random

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.growths import Barren, Child, Parent, Row, kind_of
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
    answer = Answer(parent.problem["answer"], parent.problem["answer_kind"])
    for row in bad[:count]:
        shown = f"```python\n{row['rationale']}\n```"
        text = f"{parent.problem['problem']}\n\n{shown}\n\n{said(row)} Write it anew."
        yield Child({good["thought"]: f"```python\n{good['rationale']}\n```"}, text, answer)


def said(row: Row) -> str:
    """Return why a program was rejected, in a sentence for a student."""
    if row["failure"] is None:
        return f"This program comes to {row['predicted_answer']}, which is wrong."
    why = "it is not Python" if row["failure"] == "unparsable" else FAILURES[row["failure"]]
    return f"This program is wrong: {why}."
