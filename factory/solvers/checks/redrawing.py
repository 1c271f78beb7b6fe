"""MathPrompter's test: a program and equations that agree on a problem must agree on other numbers too.

The numbers of the problem are redrawn at random in both, and both are run again: two thoughts that have the
same answer by chance differ here. From MathPrompter (Imani et al., arXiv 2303.05398, section 3), which
evaluates algebraic templates on random numbers; here the thoughts are bound to the problem's numbers.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import groupby, tee
from random import Random
from typing import NamedTuple

from thoughtmill.factory.answers import equal, predicted_answer
from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.answers.numbers_in_text import find
from thoughtmill.factory.core import tables
from thoughtmill.factory.solvers.outcome import Check, Outcome
from thoughtmill.factory.solvers.solvers import Solvers

DRAWS = 3
"""How many times the numbers are redrawn; one difference is enough to fail."""

_COMMENT = re.compile(r"#[^\n]*")
_FIGURE = re.compile(rf"(?<![\w.,]){answers.DIGITS}(?:\.[0-9]+)?(?![\w.]|,[0-9])")

Solve = Callable[[str], Outcome]


class Pair(NamedTuple):
    """A program and equations of one problem that agree, and the problem's numbers in their order."""

    program_id: str
    equations_id: str
    program: str
    equations: str
    numbers: tuple[Fraction, ...]
    seed: str
    answer_kind: str = "number"


def pairs(
    problems: Iterable[tables.Row], records: Iterable[tables.Row], kinds: Mapping[str, str], seed: int
) -> Iterator[Pair]:
    """Yield the first program and the first equations of each problem that have the same answer.

    Both tables are in the order of problems. `kinds` maps each thought to its `KIND`.
    """
    joined = tables.joined((record for record in records if record["sample"] == 0), problems)
    for problem_id, group in groupby(joined, key=lambda pair: pair[0]["problem_id"]):
        found = list(group)
        first = {kinds[record["thought"]]: record for record, _ in reversed(found)}
        program, equations = first.get("program"), first.get("equations")
        if program is None or equations is None:
            continue
        one, other = predicted_answer(program), predicted_answer(equations)
        if one is not None and other is not None and equal(one, other):
            numbers = tuple(number.value for number in find(found[0][1]["problem"]))
            yield Pair(
                program["record_id"],
                equations["record_id"],
                program["rationale"],
                equations["rationale"],
                numbers,
                f"{seed}/{problem_id}",
                found[0][1]["answer_kind"],
            )


def redraw(pair: Pair, solvers: Solvers) -> Check:
    """Redraw the numbers of one pair and run both again."""
    run = partial(solvers.programs.run, answer_kind=pair.answer_kind)
    solve = partial(solvers.equations.solve, answer_kind=pair.answer_kind)
    return redrawn_agreement(pair.program, pair.equations, pair.numbers, run, solve, pair.seed)


def lost(pair: Pair) -> Check:
    """Return the check of a pair whose process died: nothing is known."""
    return Check("redrawn_agreement", None, "the process that ran it died")


def rows(found: Iterable[Pair], spread: Callable[[Iterable[Pair]], Iterator[Check]]) -> Iterator[tables.Row]:
    """Yield the rows of `checks` of every pair, one for its program and one for its equations."""
    tried, ahead = tee(found)
    for pair, check in zip(tried, spread(ahead), strict=True):
        for record_id in (pair.equations_id, pair.program_id):
            yield check.row(record_id)


def redrawn_agreement(
    program: str, equations: str, numbers: Sequence[Fraction], run: Solve, solve: Solve, seed: str
) -> Check:
    """Say whether a program and equations still agree when the problem's numbers are drawn anew.

    `numbers` are the problem's. They must bind one-to-one: each that occurs in either text occurs exactly
    once in both and once in the problem; else, and when no draw gives two answers, `passed` is None.

    >>> from thoughtmill.factory.answers import Answer
    >>> outcome = lambda text: Outcome(Answer(answers.exact_text(evaluate(text.partition("= ")[2]))), None)
    >>> from thoughtmill.factory.solvers.arithmetic import evaluate
    >>> two = [Fraction(2), Fraction(5)]
    >>> redrawn_agreement("ans = 2 + 5", "ans = 5 + 2", two, outcome, outcome, "7").passed
    True
    >>> redrawn_agreement("ans = 2 + 2", "ans = 2 * 2", two, outcome, outcome, "7").passed is None
    True
    """
    program, equations = (_COMMENT.sub("", text) for text in (program, equations))
    bound = _bound(program, equations, numbers)
    if not bound:
        return Check("redrawn_agreement", None, "the numbers do not bind one-to-one")
    agreed = 0
    for draw in range(DRAWS):
        drawn = {number: _redrawn(number, Random(f"{seed}/{draw}/{number}")) for number in bound}
        one, other = run(_with(program, drawn)).answer, solve(_with(equations, drawn)).answer
        if one is None or other is None:
            continue
        if not equal(one, other):
            shown = ", ".join(
                f"{answers.exact_text(old)} as {answers.exact_text(new)}" for old, new in drawn.items()
            )
            return Check("redrawn_agreement", False, f"with {shown}: {one} and {other}")
        agreed += 1
    return Check("redrawn_agreement", True if agreed else None, f"{agreed} of {DRAWS} draws agree")


def _bound(program: str, equations: str, numbers: Sequence[Fraction]) -> list[Fraction]:
    """Return the numbers that both texts use, in the problem's order; none if any binds to several places."""
    in_program, in_equations = _figures(program), _figures(equations)
    used = [number for number in dict.fromkeys(numbers) if number in in_program or number in in_equations]
    once = all(
        in_program.count(number) == in_equations.count(number) == numbers.count(number) == 1
        for number in used
    )
    return used if once else []


def _figures(text: str) -> list[Fraction | None]:
    return [answers.value(found) for found in _FIGURE.findall(text)]


def _redrawn(number: Fraction, random: Random) -> Fraction:
    """Return another number of the same kind: as many decimals, between half and twice the size, not 0."""
    unit = 10 ** (answers.decimal_places(number) or 0)
    size = int(abs(number) * unit)
    candidates = range(max(1, size // 2), 2 * size + 9)
    drawn = candidates[random.randrange(len(candidates))]
    return Fraction(drawn if drawn != size else drawn + 1, unit)


def _with(text: str, drawn: Mapping[Fraction, Fraction]) -> str:
    """Return a text in which the drawn numbers replace the problem's."""

    def replacement(found: re.Match[str]) -> str:
        number = answers.value(found[0])
        return answers.exact_text(drawn[number]) if number is not None and number in drawn else found[0]

    return _FIGURE.sub(replacement, text)
