"""The slips of the embedded teacher: mistakes of real teachers, each a function of a correct completion.

A slip takes a correct completion and a random generator. It returns the completion with a mistake, or None
where that mistake is impossible. Examples are a wrong sum with which a chain goes on, a name that a program
never sets, equations that do not determine the answer, and prose instead of a program.
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
    """A correct completion, its thought, and the solution it was compiled from."""

    thought: str
    solution: Solution
    completion: str


Slip = Callable[[CorrectCompletion, Random], str | None]


def wrong_operation(correct: CorrectCompletion, random: Random) -> str | None:
    """Confuse an operation, such as subtraction with addition, and go on with its result."""
    if correct.thought == "eot" and correct.solution.relations:
        return _in_lines(correct.completion, OPERATOR, lambda sign: f" {CONFUSED[sign]} ", random)
    steps = [step for step in correct.solution.steps if OPERATOR.search(step.expression)]
    if not steps:
        return None
    step = random.choice(steps)
    confused = _in_lines(f"\n{step.expression}\n", OPERATOR, lambda sign: f" {CONFUSED[sign]} ", random)
    return _with_step(correct, replace(step, expression=str(confused).strip()), calculated=True)


def wrong_sum(correct: CorrectCompletion, random: Random) -> str | None:
    """Miscalculate one step and go on with the wrong number."""
    step = random.choice(correct.solution.steps)
    return _with_step(correct, replace(step, value=near(step.value, random)), calculated=False)


def wrong_number(correct: CorrectCompletion, random: Random) -> str | None:
    """Copy a number wrongly into a program or a system."""
    return _in_lines(
        correct.completion,
        NUMBER,
        lambda number: answers.exact_text(near(Fraction(number.replace(",", "")), random)),
        random,
    )


def dropped_line(correct: CorrectCompletion, random: Random) -> str | None:
    """Leave out a line: a program then uses a name that it never sets; a system has no single answer."""
    lines = correct.completion.splitlines()
    middle = [number for number, line in enumerate(lines) if " = " in line and not line.startswith("ans = ")]
    if not middle:
        return None
    del lines[random.choice(middle)]
    return "\n".join(lines)


def stopped_early(correct: CorrectCompletion, random: Random) -> str | None:
    """Give the result of the second-last step as the answer."""
    before = correct.solution.steps[-2:-1]
    lines = correct.completion.splitlines()[:-1]
    if not before or before[0].value == correct.solution.answer or len(lines) < 2:
        return None
    return "\n".join([*lines[:-1], f"#### {answers.exact_text(before[0].value)}"])


def unfinished(correct: CorrectCompletion, random: Random) -> str | None:
    """Stop in the middle, as a length limit does."""
    return cut(correct.completion, random)


def prose(correct: CorrectCompletion, random: Random) -> str | None:
    """Talk about the problem without an answer."""
    return random.choice(PROSE)


def inequalities(correct: CorrectCompletion, random: Random) -> str | None:
    """Write inequalities instead of equations."""
    head, *equations = correct.completion.splitlines()
    return "\n".join([head, *(line.replace(" = ", random.choice((" >= ", " <= "))) for line in equations)])


def broken_json(correct: CorrectCompletion, random: Random) -> str | None:
    """Leave the list unclosed."""
    return correct.completion.rstrip("\n ]")


def leaked_number(correct: CorrectCompletion, random: Random) -> str | None:
    """State a rule with a number of the problem in it."""
    if not correct.solution.givens:
        return None
    rules = json.loads(correct.completion)
    place = random.randrange(len(rules))
    number = answers.exact_text(random.choice(correct.solution.givens).value)
    rules[place] = f"{rules[place].rstrip('.')}, which means using the {number} here."
    return json.dumps(rules, indent=1, ensure_ascii=False)


SLIPS: dict[str, tuple[Slip, ...]] = {
    "knowledge": (leaked_number, broken_json, unfinished),
    "cot": (wrong_operation, wrong_sum, stopped_early, prose, unfinished),
    "pot": (wrong_operation, wrong_number, dropped_line, prose, unfinished),
    "eot": (wrong_operation, wrong_number, dropped_line, inequalities, unfinished),
}


def cut(completion: str, random: Random) -> str:
    """Return the beginning of a completion, as a length limit leaves it."""
    length = len(completion)
    return completion[: random.randint(length * 3 // 10, length * 8 // 10)]


def near(value: Fraction, random: Random) -> Fraction:
    """Return a number that is easily mistaken for another: a digit is off, swapped or out of place.

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
    """Change one match of a pattern, chosen at random outside the first and the last line."""
    begin, end = text.find("\n"), text.rfind("\n")
    found = [match for match in pattern.finditer(text, begin + 1) if match.end() <= end]
    if not found:
        return None
    match = random.choice(found)
    return text[: match.start()] + change(match[match.re.groups]) + text[match.end() :]


def _with_step(correct: CorrectCompletion, changed: GraphStep, calculated: bool) -> str | None:
    """Return the completion with one step changed; None when the answer stays the same.

    `calculated` says whether the value of the changed step is calculated from its expression.
    """
    values = {given.name: given.value for given in correct.solution.givens}
    steps = []
    for old_step in correct.solution.steps:
        step = changed if old_step.name == changed.name else old_step
        value = step.value if step is changed and not calculated else calculate(step.expression, values)
        if value is None:
            return None
        values[step.name] = value
        steps.append(replace(step, value=value))
    if steps[-1].value == correct.solution.steps[-1].value:
        return None
    other = replace(correct.solution, steps=tuple(steps), answer=steps[-1].value)
    return _chain(correct, other) if correct.thought == "cot" else COMPILERS[correct.thought](other)


def _chain(correct: CorrectCompletion, other: Solution) -> str:
    """Return the chain with other steps; their results change wherever the text repeats them."""
    text = correct.completion.rpartition("\n")[0]
    pending = []
    for old, new in zip(correct.solution.steps, other.steps, strict=True):
        pending.append((old.value, new.value))
        if old.expression != new.expression:
            before = in_numbers(old.expression, correct.solution)
            after = in_numbers(new.expression, correct.solution)
            text = text.replace(f"{before} = ", f"{after} = ", 1)
    now: dict[Fraction, Fraction] = {}

    def replaced(number: re.Match[str]) -> str:
        value = Fraction(number[0].replace(",", "").rstrip("."))
        place = next((i for i, (old, _) in enumerate(pending) if old == value), None)
        if place is not None and text[: number.start()].rstrip(" $€£").endswith("="):
            now[value] = pending[place][1]
            del pending[: place + 1]
        return answers.exact_text(now[value]) if value in now else number[0]

    return f"{NUMBER.sub(replaced, text)}\n#### {answers.exact_text(other.answer)}"
