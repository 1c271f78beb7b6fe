"""The slips of the embedded teacher: what real teachers get wrong, each a function of a right completion.

A slip gets what was right and a generator of random numbers, and returns the slipped completion, or None
where it cannot happen. Real teachers make all of them: a chain that miscalculates and goes on, a program
that uses a name it never set, equations that leave the answer open, prose where a program was asked for.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random

from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.solutions import Solution
from thoughtmill.factory.solutions.graphs import GraphStep, calculate
from thoughtmill.factory.teachers.embedded.compiling import COMPILERS, in_numbers

OPERATOR = re.compile(r" ([-+*/]) ")
CONFUSED = {"+": "-", "-": "+", "*": "+", "/": "*"}
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?!\w)")
PROSE = (
    "First look at what the problem gives. Then put the amounts together step by step.",
    "Let us think about this. We know the amounts and what happens to them, so we only need to combine them.",
    "I am not sure what the question asks for. It depends on how the amounts in the problem are meant.",
)


@dataclass(frozen=True, slots=True)
class CorrectCompletion:
    """A right completion, the thought it is of, and the solution it was compiled from."""

    thought: str
    solution: Solution
    completion: str


Slip = Callable[[CorrectCompletion, Random], str | None]


def wrong_operation(right: CorrectCompletion, random: Random) -> str | None:
    """Confuse an operation, as in adding what should be taken away, and go on from what that comes to."""
    if right.thought == "eot" and right.solution.relations:
        return _in_lines(right.completion, OPERATOR, lambda sign: f" {CONFUSED[sign]} ", random)
    steps = [step for step in right.solution.steps if OPERATOR.search(step.expression)]
    if not steps:
        return None
    step = random.choice(steps)
    confused = _in_lines(f"\n{step.expression}\n", OPERATOR, lambda sign: f" {CONFUSED[sign]} ", random)
    return _retold(right, replace(step, expression=str(confused).strip()), calculated=True)


def wrong_sum(right: CorrectCompletion, random: Random) -> str | None:
    """Miscalculate one step and go on from the wrong number."""
    step = random.choice(right.solution.steps)
    return _retold(right, replace(step, value=near(step.value, random)), calculated=False)


def wrong_number(right: CorrectCompletion, random: Random) -> str | None:
    """Copy a number wrongly into a program or a system."""
    return _in_lines(
        right.completion,
        NUMBER,
        lambda number: answers.exact_text(near(Fraction(number.replace(",", "")), random)),
        random,
    )


def dropped_line(right: CorrectCompletion, random: Random) -> str | None:
    """Leave a line out, so that a program uses what it never set and a system leaves the answer open."""
    lines = right.completion.splitlines()
    middle = [at for at, line in enumerate(lines) if " = " in line and not line.startswith("ans = ")]
    if not middle:
        return None
    del lines[random.choice(middle)]
    return "\n".join(lines)


def stopped_early(right: CorrectCompletion, random: Random) -> str | None:
    """Take the result of the last step but one for the answer."""
    before = right.solution.steps[-2:-1]
    lines = right.completion.splitlines()[:-1]
    if not before or before[0].value == right.solution.answer or len(lines) < 2:
        return None
    return "\n".join([*lines[:-1], f"#### {answers.exact_text(before[0].value)}"])


def unfinished(right: CorrectCompletion, random: Random) -> str | None:
    """Stop in the middle: the length limit was reached."""
    length = len(right.completion)
    return right.completion[: random.randint(length * 3 // 10, length * 8 // 10)]


def prose(right: CorrectCompletion, random: Random) -> str | None:
    """Talk about the problem and come to no answer."""
    return random.choice(PROSE)


def inequalities(right: CorrectCompletion, random: Random) -> str | None:
    """Write inequalities where equations are asked for."""
    head, *equations = right.completion.splitlines()
    return "\n".join([head, *(line.replace(" = ", random.choice((" >= ", " <= "))) for line in equations)])


def broken_json(right: CorrectCompletion, random: Random) -> str | None:
    """Forget to close the list."""
    return right.completion.rstrip("\n ]")


def leaked_number(right: CorrectCompletion, random: Random) -> str | None:
    """State a rule with a number of the problem in it."""
    if not right.solution.givens:
        return None
    rules = json.loads(right.completion)
    at = random.randrange(len(rules))
    number = answers.exact_text(random.choice(right.solution.givens).value)
    rules[at] = f"{rules[at].rstrip('.')}, which means using the {number} here."
    return json.dumps(rules, indent=1, ensure_ascii=False)


SLIPS: dict[str, tuple[Slip, ...]] = {
    "knowledge": (leaked_number, broken_json, unfinished),
    "cot": (wrong_operation, wrong_sum, stopped_early, prose, unfinished),
    "pot": (wrong_operation, wrong_number, dropped_line, prose, unfinished),
    "eot": (wrong_operation, wrong_number, dropped_line, inequalities, unfinished),
}


def near(value: Fraction, random: Random) -> Fraction:
    """Return a number that somebody may mistake for another: a digit off, swapped or out of place.

    >>> near(Fraction(24), Random(1)) != 24
    True
    """
    if value.denominator != 1:
        return random.choice((value * 10, value / 10))
    digits = str(abs(value.numerator))
    swapped = Fraction(int(digits[:-2] + digits[:-3:-1]))
    wrong = {value + 1, value + 10, value * 10, abs(value - 1), abs(value - 10), swapped}
    return random.choice(sorted(wrong - {value, -value}))


def _in_lines(
    text: str, pattern: re.Pattern[str], change: Callable[[str], str], random: Random
) -> str | None:
    """Change one match of a pattern, chosen anywhere but in the first and last line of a completion."""
    begin, end = text.find("\n"), text.rfind("\n")
    found = [match for match in pattern.finditer(text, begin + 1) if match.end() <= end]
    if not found:
        return None
    match = random.choice(found)
    return text[: match.start()] + change(match[match.re.groups]) + text[match.end() :]


def _retold(right: CorrectCompletion, changed: GraphStep, calculated: bool) -> str | None:
    """Return the completion as it is when one step is another; None when that changes no answer.

    `calculated` says whether the value of the changed step follows from its expression.
    """
    values = {given.name: given.value for given in right.solution.givens}
    steps = []
    for right_step in right.solution.steps:
        step = changed if right_step.name == changed.name else right_step
        value = step.value if step is changed and not calculated else calculate(step.expression, values)
        if value is None:
            return None
        values[step.name] = value
        steps.append(replace(step, value=value))
    if steps[-1].value == right.solution.steps[-1].value:
        return None
    other = replace(right.solution, steps=tuple(steps), answer=steps[-1].value)
    return _chain(right, other) if right.thought == "cot" else COMPILERS[right.thought](other)


def _chain(right: CorrectCompletion, other: Solution) -> str:
    """Tell a chain with other steps: expressions, results and all that repeats a result change."""
    text = right.completion.rpartition("\n")[0]
    pending = []
    for old, new in zip(right.solution.steps, other.steps, strict=True):
        pending.append((old.value, new.value))
        if old.expression != new.expression:
            told = in_numbers(old.expression, right.solution), in_numbers(new.expression, right.solution)
            text = text.replace(f"{told[0]} = ", f"{told[1]} = ", 1)
    now: dict[Fraction, Fraction] = {}

    def replaced(number: re.Match[str]) -> str:
        value = Fraction(number[0].replace(",", "").rstrip("."))
        at = next((i for i, (old, _) in enumerate(pending) if old == value), None)
        if at is not None and text[: number.start()].rstrip(" $€£").endswith("="):
            now[value] = pending[at][1]
            del pending[: at + 1]
        return answers.exact_text(now[value]) if value in now else number[0]

    return f"{NUMBER.sub(replaced, text)}\n#### {answers.exact_text(other.answer)}"
