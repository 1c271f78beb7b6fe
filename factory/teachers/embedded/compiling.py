"""Compile a worked solution into each thought, without mistakes.

>>> from thoughtmill.factory.solutions import parse
>>> solution = parse("He sold 48/2 = <<48/2=24>>24 clips in May.\\n#### 24", "He sold clips to 48 friends.")
>>> print(cot(solution))
He sold 48 / 2 = 24 clips in May.
#### 24
>>> print(eot(solution))
unknowns: clips, ans
clips = 48 / 2
ans = clips
"""

import json
from collections.abc import Callable
from fractions import Fraction

from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.solutions import Solution
from thoughtmill.factory.solutions.calculations import (
    MARK,
    WRITTEN,
    UnusableSolution,
    is_calculation,
    spelled,
    tokens,
)
from thoughtmill.factory.solutions.graphs import NAMED, GraphStep
from thoughtmill.factory.teachers.embedded.rules import rules


def knowledge(solution: Solution) -> str:
    """Return the rules of a solution, or those of its calculations, as a JSON list (LoRID, section 3.1)."""
    return json.dumps(list(solution.rules) or rules(solution.steps), indent=1, ensure_ascii=False)


def cot(solution: Solution) -> str:
    """Return the sentences with each calculation written out, closed by the answer."""
    lines = [_sentence(line, solution) for line in solution.lines]
    return "\n".join([*lines, f"#### {answers.exact_text(solution.answer)}"])


def pot(solution: Solution) -> str:
    """Return a program: the givens, the calculations, and the last of them as `ans`."""
    lines = [f"{given.name} = {_number(given.value)}" for given in solution.givens]
    lines += [f"{step.name} = {step.expression}" for step in solution.steps]
    return "\n".join(["```python", *lines, f"ans = {solution.steps[-1].name}", "```"])


def eot(solution: Solution) -> str:
    """Return a system: the relations that the solution states, or else an equation for each calculation.

    Equations hold the numbers of the problem as numbers (EoTD, section 3.1).
    """
    givens = {given.name: _number(given.value) for given in solution.givens}
    known = [name for name in NAMED.findall(" ".join(solution.relations)) if name not in givens]
    unknowns = list(dict.fromkeys(known or [step.name for step in solution.steps]))
    equations = [*solution.relations] or [_equation(step) for step in solution.steps]
    target = solution.steps[-1].name
    if target not in unknowns:
        equations += [_equation(step) for step in solution.steps if step.name not in unknowns]
        unknowns += [step.name for step in solution.steps if step.name not in unknowns]
    lines = [NAMED.sub(lambda name: givens.get(name[0], name[0]), equation) for equation in equations]
    return "\n".join([f"unknowns: {', '.join([*unknowns, 'ans'])}", *lines, f"ans = {target}"])


COMPILERS: dict[str, Callable[[Solution], str]] = {"knowledge": knowledge, "cot": cot, "pot": pot, "eot": eot}


def in_numbers(expression: str, solution: Solution) -> str:
    """Return an expression with each name replaced by its value: `4 * 6` for `bags * bag_size`."""
    values = solution.values()
    return NAMED.sub(lambda name: _number(values[name[0]]), expression)


def _equation(step: GraphStep) -> str:
    return f"{step.name} = {step.expression}"


def _sentence(line: str, solution: Solution) -> str:
    """Return a sentence with its marks written out: `48/2 = <<48/2=24>>24 clips` is `48 / 2 = 24 clips`."""
    pieces = MARK.split(line)
    text = pieces[0]
    for mark, after in zip(pieces[1::2], pieces[2::2], strict=True):
        expression = spelled(tokens(mark.split("=")[-2]))
        if is_calculation(expression):
            text = _written_out(text, in_numbers(expression, solution))
        text += after
    return text


def _written_out(before: str, expression: str) -> str:
    """Return the text before a result; add the calculation if the sentence leaves it out."""
    head, equals, sign = before.rpartition("=")
    if not equals or sign.strip(" $€£¥"):
        return f"{before}{expression} = "
    tail = head[len(head.rstrip(WRITTEN)) :].lstrip(" xX")
    if _spelled(tail) == expression:
        head = f"{head[: len(head) - len(tail)]}{expression}"
    return f"{head.rstrip()} = {sign.strip()}"


def _spelled(text: str) -> str | None:
    try:
        return spelled(tokens(text))
    except UnusableSolution:
        return None


def _number(value: Fraction) -> str:
    text = answers.exact_text(value)
    return f"({text})" if "/" in text or text.startswith("-") else text
