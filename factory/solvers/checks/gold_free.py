"""Checks of a rationale against the text of its problem.

>>> from thoughtmill.factory.answers import Answer
>>> problem = "Ann has 12 apples in 3 bags of 4 kilos. How many are left if she gives 5 away?"
>>> numbers_used("12 - 5 = 7", problem, Outcome(Answer("7"), None)).detail
'not used: 3, 4'
>>> numbers_known("12 - 5 = 7 and 7 * 9 = 63", problem, Outcome(Answer("63"), None)).detail
'from nowhere: 9'
"""

import re
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.answers.numbers_in_text import Number, find
from thoughtmill.factory.solvers.checks import applies_to
from thoughtmill.factory.solvers.checks.universal import UNIVERSAL
from thoughtmill.factory.solvers.outcome import Check, Outcome
from thoughtmill.factory.solvers.steps import MARK, steps

_PEOPLE = re.compile(
    r"\bhow many (?:(?:of|the|these|those|his|her|their|its|best|more|other|new|young|old|total) ){0,3}"
    r"(?:people|persons?|students?|children|kids|boys|girls|men|women|adults|"
    r"friends|guests|players|teachers|workers|employees|passengers|customers|members|visitors|volunteers)\b",
    re.IGNORECASE,
)
_BELOW_ZERO = re.compile(
    r"\b(?:negative|minus|below|under|degrees?|temperatures?|debt|owes?|loss(?:es)?|los[et]|profits?|deficit|"
    r"overdrawn|change[ds]?|differences?|coordinates?|elevation|integers?)\b"
    r"|(?<![\w)])[-\N{MINUS SIGN}][0-9]",
    re.IGNORECASE,
)
_HYPHEN = re.compile(r"-(?=[0-9.$])")

Size = tuple[int, int]
"""A number without its sign, as a ratio in lowest terms: sets hash it sooner than a fraction."""

_EVERYWHERE = frozenset(number.as_integer_ratio() for number in UNIVERSAL)

_SOLVED = applies_to("chain", "program", "equations")


@_SOLVED
def numbers_used(rationale: str, problem: str, outcome: Outcome) -> Check:
    """Say whether every number of the problem occurs in the rationale, in figures or in words.

    25 is used by 0.25, 75 and 1.25 too, for problems speak of percentages.
    """
    asked = _distinct([number for number in find(problem) if not (number.in_words and number.value <= 1)])
    if not asked:
        return Check("numbers_used", None, "no number in the problem")
    unused = _absent(asked, _apart(rationale))
    if unused:  # most rationales write each number as the problem does, and need no second look
        unused = _absent(unused, _apart(rationale) | _distinct(find(_bare(rationale))))
    return Check("numbers_used", not unused, f"not used: {_listed(unused)}" if unused else None)


@_SOLVED
def numbers_known(rationale: str, problem: str, outcome: Outcome) -> Check:
    """Say whether every number of the rationale is in the problem, is a step's result, or is universal."""
    written = _apart(rationale)
    if not written:
        return Check("numbers_known", None, "no number in the rationale")
    own, known = _known(problem)
    strangers = [number for number in written if number not in known]
    if strangers:  # the steps are worth their time only where the problem does not explain a number
        results = [_size(value) for step in steps(rationale) for value in (step.stated, step.exact)]
        derived = frozenset[Size]().union(*map(_forms, [*own, *results]))
        strangers = [number for number in strangers if number not in derived]
    return Check("numbers_known", not strangers, f"from nowhere: {_listed(strangers)}" if strangers else None)


@_SOLVED
def whole_people(rationale: str, problem: str, outcome: Outcome) -> Check:
    """Say whether the answer is whole where the problem asks how many people there are."""
    number = _number(outcome)
    if number is None or not _PEOPLE.search(problem):
        return Check("whole_people", None)
    whole = number.denominator == 1
    return Check("whole_people", whole, None if whole else f"{outcome.answer} people")


@_SOLVED
def sign(rationale: str, problem: str, outcome: Outcome) -> Check:
    """Say whether the answer is 0 or more, which only problems of debt, change or temperature need not."""
    number = _number(outcome)
    if number is None:
        return Check("sign", None)
    surprising = number < 0 and not _BELOW_ZERO.search(problem)
    return Check("sign", not surprising, f"{outcome.answer} is below 0" if surprising else None)


def _number(outcome: Outcome) -> Fraction | None:
    return None if outcome.answer is None else answers.value(outcome.answer.text)


def _bare(rationale: str) -> str:
    """Return a rationale without its calculator marks, whose sentences say the same; a minus is no sign."""
    return _HYPHEN.sub(" - ", MARK.sub("", rationale))


@lru_cache(maxsize=64)
def _known(problem: str) -> tuple[dict[Size, None], frozenset[Size]]:
    """Return the numbers of a problem, and these with their parts and the universal ones."""
    own = _distinct(find(problem))
    return own, _EVERYWHERE.union(own, [(part, 1) for number in own for part in number])


@lru_cache(maxsize=4)
def _apart(rationale: str) -> dict[Size, None]:
    """Return the numbers of a rationale, where 48/2 is not 24 but 48 and 2; the latest are remembered."""
    return _distinct(find(_bare(rationale).replace("/", " ÷ ")))


def _absent(numbers: Iterable[Size], present: dict[Size, None]) -> list[Size]:
    """Return the numbers that are not present in any form."""
    return [
        number
        for number in numbers
        if number not in present and not any(form in present for form in _forms(number))
    ]


@lru_cache(maxsize=1024)
def _forms(size: Size) -> frozenset[Size]:
    """Return a number and its forms as a percentage or part: a share, the rest, a growth."""
    number = Fraction(*size)
    forms = [number]
    if 0 < number <= 1000:
        forms += [number / 100, 1 - number / 100, 1 + number / 100, 100 - number, 100 + number]
        forms += [number * 100, 1 - number, 1 / number]
    return frozenset(map(_size, forms))


def _distinct(numbers: Iterable[Number]) -> dict[Size, None]:
    return dict.fromkeys([_size(number.value) for number in numbers])


def _size(number: Fraction) -> Size:
    above, below = number.as_integer_ratio()
    return abs(above), below


def _listed(numbers: list[Size]) -> str:
    return ", ".join(answers.exact_text(Fraction(*number)) for number in numbers[:10])
