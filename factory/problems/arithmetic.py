"""Arithmetic drills: sums as large models fail at, each set with worked solutions.

`goat` has large numbers and multiplies part by part (Liu and Low, arXiv 2305.14201), `msat` has small chains
of named numbers (MsAT, arXiv 2306.01707), and `revorder` writes a result from its last digit to its first, as
it is calculated (RevOrder, arXiv 2402.03822).
"""

from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from pydantic import BaseModel, Field

from thoughtmill.factory.problems.sources import Fields, ProblemSet

SPLITS = ("train", "validation", "test")


class ArithmeticSettings(BaseModel, extra="forbid", frozen=True):
    """The options of a set of drills: problems of each split, and digits of the largest number."""

    seed: int = 1
    train: int = Field(1000, ge=0)
    validation: int = Field(100, ge=0)
    test: int = Field(100, ge=0)
    digits: int = Field(6, ge=2, le=12, description="digits of the largest number")


Drill = Callable[[Random, int], Fields]


def goat(random: Random, digits: int) -> Fields:
    """Write a sum, a difference, a product or a quotient of large numbers.

    >>> print(goat(Random(2), 3)["problem"])
    What is 955 + 20?
    """
    sign = random.choice("+-*/")
    if sign in "+-":
        larger, smaller = sorted((number(random, digits), number(random, digits)), reverse=True)
        return _solved(f"{larger} {sign} {smaller}", larger + smaller if sign == "+" else larger - smaller)
    one, other = number(random, digits - 1), number(random, 2)
    if sign == "/":
        return _solved(f"{one * other} / {other}", one)
    parts = [digit * 10**place for place, digit in enumerate(map(int, reversed(str(one)))) if digit][::-1]
    lines = [f"{part} * {other} = <<{part}*{other}={part * other}>>{part * other}" for part in parts]
    if len(parts) == 1:
        return _solved(f"{one} * {other}", one * other)
    products = [part * other for part in parts]
    total = (
        f"{' + '.join(map(str, products))} = <<{'+'.join(map(str, products))}={one * other}>>{one * other}"
    )
    return _problem(f"What is {one} * {other}?", [*lines, total], one * other)


def msat(random: Random, digits: int) -> Fields:
    """Write a chain of named numbers, each calculated from those before it, and ask for the last.

    >>> print(msat(Random(1), 2)["problem"])
    E = 70. U = 36. C = U * 2. J = C - U. What is J?
    """
    names = random.sample("ABCDEFGHJKLMNPQRSTUVWXYZ", 6)
    values = {name: number(random, min(digits, 3)) for name in sorted(names[:2])}
    told = [f"{name} = {value}" for name, value in values.items()]
    lines = []
    for name in names[2 : 4 + random.randrange(3)]:
        left, right, value = _step(random, values)
        shown = f"{values.get(left, left)} {right[0]} {values.get(right[1:], right[1:])}"
        told.append(f"{name} = {left} {right[0]} {right[1:]}")
        lines.append(f"{name} is {shown} = <<{shown.replace(' ', '')}={value}>>{value}.")
        values[name] = value
    return _problem(f"{'. '.join(told)}. What is {name}?", lines, values[name])


def revorder(random: Random, digits: int) -> Fields:
    """Write a sum or a difference whose solution writes the digits of the result from the right.

    >>> print(revorder(Random(1), 3)["solution"])
    From the right, the digits of 82 + 42 are 4, 2, 1: 82 + 42 = <<82+42=124>>124.
    #### 124
    """
    larger, smaller = sorted((number(random, digits), number(random, digits)), reverse=True)
    sign = random.choice("+-")
    result = larger + smaller if sign == "+" else larger - smaller
    shown = f"{larger} {sign} {smaller}"
    reversed_digits = ", ".join(reversed(str(result)))
    mark = f"<<{larger}{sign}{smaller}={result}>>"
    line = f"From the right, the digits of {shown} are {reversed_digits}: {shown} = {mark}{result}."
    return _problem(f"What is {shown}?", [line], result)


def number(random: Random, digits: int) -> int:
    """Return a whole number of two to so many digits, each length as likely."""
    size = random.randint(2, max(2, digits))
    return random.randrange(10 ** (size - 1), 10**size)


def _step(random: Random, values: dict[str, int]) -> tuple[str, str, int]:
    """Return the left side, the sign with the right side, and the value of a new calculation, not negative.

    It uses the latest value, so that no step is idle.
    """
    *earlier, left = values
    right = random.choice(earlier)
    factor = random.randint(2, 9)
    choices = [(left, f"+{right}", values[left] + values[right]), (left, f"*{factor}", values[left] * factor)]
    choices.append((left, f"+{factor}", values[left] + factor))
    if values[left] > values[right]:
        choices.append((left, f"-{right}", values[left] - values[right]))
    return random.choice(choices)


def _solved(shown: str, result: int) -> Fields:
    return _problem(f"What is {shown}?", [f"{shown} = <<{shown.replace(' ', '')}={result}>>{result}"], result)


def _problem(problem: str, lines: list[str], answer: int) -> Fields:
    return {"problem": problem, "answer": answer, "solution": "\n".join([*lines, f"#### {answer}"])}


def rows(drill: Drill, split: str, options: ArithmeticSettings) -> Iterator[Fields]:
    """Yield the problems of one split, each once; no problem is in two splits."""
    seen: set[str] = set()
    random = Random(f"{options.seed}/{drill.__name__}")
    for name in SPLITS:
        wanted = len(seen) + getattr(options, name)
        while len(seen) < wanted:
            row = drill(random, options.digits)
            if row["problem"] not in seen:
                seen.add(row["problem"])
                if name == split:
                    yield row
        if name == split:
            return


def _set(drill: Drill) -> ProblemSet:
    splits = tuple((split, split) for split in SPLITS)
    return ProblemSet(
        read=dict, splits=splits, license="CC0-1.0", options=ArithmeticSettings, rows=partial(rows, drill)
    )


GOAT = _set(goat)
MSAT = _set(msat)
REVORDER = _set(revorder)
