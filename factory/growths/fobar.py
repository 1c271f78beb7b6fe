"""Growth `fobar`: a number is hidden, the answer is given, and the number is asked for (arXiv 2308.07758).

The gold answer is the hidden number. The equations are those of the parent with `x` in its place and one more
that states the parent's answer; the program is the parent's, run backwards where that is possible.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from random import Random

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.growths import (
    Barren,
    Child,
    Parent,
    backwards,
    first_children,
    parametric,
    straight_lines,
)
from thoughtmill.factory.growths.binding import ITSELF, Bound, bind, used
from thoughtmill.factory.growths.parametric import FIGURE, ParametricProblem
from thoughtmill.factory.growths.wording import with_article
from thoughtmill.factory.solvers.solvers import Solvers

QUESTION = "If we know the answer to the above question is {}, what is the value of the unknown variable x?"
"""FOBAR's template, section 3.2."""
ROUNDED = re.compile(
    r"\bhow many\b[^.?!]*\b(?:can|could|able|must|should|needs?|needed|ha(?:s|ve|d) to)\b", re.IGNORECASE
)
"""Asks for whole things, where a quotient is rounded: many numbers then have the same answer."""


def grow(parent: Parent, count: int, random: Random, solvers: Solvers) -> Iterator[Child | Barren]:
    """Yield at most `count` children, each with another number hidden."""
    problem = parametric.read(parent)
    if isinstance(problem, Barren):
        yield problem
        return
    if problem.is_ambiguous:
        yield Barren("a result of its program has the value of another or of a number")
        return
    if "/" in problem.program.text and ROUNDED.search(str(parent.problem["problem"])):
        yield Barren("its answer may be rounded")
        return
    places = random.sample(range(len(problem.variables)), len(problem.variables))
    tried = (_child(problem, at, solvers) for at in places)
    yield from first_children(tried, count, "the answer does not depend on one number alone")


def _child(problem: ParametricProblem, at: int, solvers: Solvers) -> Child | Barren:
    """Return the child that asks for one of the numbers, if a thought finds it."""
    hidden = Answer(answers.exact_text(problem.variables[at].value))
    texts = {"equations": equations_for_x(problem, at), "program": _program(problem, at)}
    found = {
        "equations": texts["equations"] and solvers.equations.solve(texts["equations"]).answer,
        "program": texts["program"] and _value(texts["program"]),
    }
    completions = {
        str(problem.records[kind]["thought"]): f"```python\n{text}\n```" if kind == "program" else text
        for kind, text in texts.items()
        if text and found[kind] == hidden
    }
    if not completions:
        return Barren("the answer does not determine the number")
    return Child(completions, _text(problem, at), hidden)


def _text(problem: ParametricProblem, at: int) -> str:
    """Return the text of the problem with x in place of a number, and the question for it."""
    text = str(problem.parent.problem["problem"])
    for slot in sorted(problem.variables[at].slots, key=lambda slot: -slot.start):
        text = f"{with_article(text[: slot.start], 'x')}x{text[slot.end :]}"
    return f"{text} {QUESTION.format(problem.parent.problem['answer'])}"


def _program(problem: ParametricProblem, at: int) -> str | None:
    """Return the parent's program run backwards from its answer."""
    places = [place for place, bound in enumerate(problem.bounds) if bound and bound.variable == at]
    if len(places) != 1 or problem.bounds[places[0]] != Bound(at, ITSELF):
        return None
    return backwards.inverted(problem.program.text, places[0], str(problem.parent.problem["answer"]))


def _value(program: str) -> Answer | None:
    straight = straight_lines.read(program)
    values = straight and straight.values(straight.figures)
    return Answer(answers.exact_text(values[-1])) if values else None


def equations_for_x(problem: ParametricProblem, at: int) -> str | None:
    """Return the parent's equations with x for a number, and an equation with the parent's answer.

    None where they do not hold the number, or use the names that this needs.
    """
    record = problem.records.get("equations")
    text = "" if record is None else str(record["rationale"])
    if not re.search(r"\bans\b", text) or re.search(r"\b(?:x|told)\b", text):
        return None
    figures = [answers.value(found[0]) or Fraction(0) for found in FIGURE.finditer(text)]
    bounds = bind(figures, problem.variables)
    if at not in used(bounds):
        return None
    later = iter(bounds)

    def written(found: re.Match[str]) -> str:
        bound = next(later)
        return found[0] if bound is None or bound.variable != at else bound.form.written

    head, _, body = re.sub(r"\bans\b", "told", FIGURE.sub(written, text)).partition("\n")
    head = f"{head}, x, ans" if head.startswith("unknowns:") else head
    return f"{head}\n{body}\ntold = {problem.parent.problem['answer']}\nans = x"
