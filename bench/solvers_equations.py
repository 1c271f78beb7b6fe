"""Systems of equations per second and core: Thoughtmill against plain sympy, the way XoT solves them.

Run `python -m bench.solvers_equations [GSM8K.jsonl]`. With a file, the systems are made of the calculator
marks of its solutions, each number and each step named. Without one they are generated, in the shapes that
teachers write: of 100, 55 are straight-line programs, 43 systems to solve (a third with products of named
quantities) and 2 are not linear. The baselines give everything to sympy's `solve`: one reads each side with
`sympify`, one as XoT does, with a parser that also knows `2x` and `^`; they may, since no teacher wrote
these texts. CPU seconds of this process and of the worker that runs sympy for us are counted.
"""

import json
import random
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import sympy
from sympy.parsing.sympy_parser import (
    convert_xor,
    implicit_multiplication,
    parse_expr,
    standard_transformations,
)

from thoughtmill.factory.answers.number import canonical
from thoughtmill.factory.solvers.equations import Equations

SYSTEMS, BASELINE_SYSTEMS = 5_000, 200


class Speed(NamedTuple):
    """Systems per CPU second, and the share of systems whose answer is right."""

    name: str
    per_s: float
    right: float


class Case(NamedTuple):
    """A text and the answer it was made from."""

    text: str
    answer: str


def measure(file: Path | None = None) -> list[Speed]:
    """Measure all on the same systems, the slow ones on the first of them; Thoughtmill comes first."""
    cases = [_case(random.Random(f"0/equations/{n}"), n % 100) for n in range(SYSTEMS)]
    if file is not None:
        cases = [case for line in file.open() if (case := marked(json.loads(line)["answer"]))]
    with Equations() as equations:
        # sympy starts before the clock does, on both sides
        equations.solve("x^3 = 8\nx > 0\nans = x")
        assert equations._nonlinear.process is not None
        worker = psutil.Process(equations._nonlinear.process.pid)
        start = sum(worker.cpu_times()[:2])
        ours = _speed("thoughtmill", lambda text: str(equations.solve(text).answer), cases)
        extra = sum(worker.cpu_times()[:2]) - start
    ours = ours._replace(per_s=1 / (1 / ours.per_s + extra / len(cases)))
    plain = _speed("sympify", lambda text: with_sympy(text, sympy.sympify), cases[:BASELINE_SYSTEMS])
    return [ours, plain, _speed("as XoT", with_sympy, cases[:BASELINE_SYSTEMS])]


def _speed(name: str, solve: Callable[[str], str | None], cases: Sequence[Case]) -> Speed:
    start = time.process_time()
    right = sum(solve(case.text) == case.answer for case in cases)
    return Speed(name, len(cases) / (time.process_time() - start), right / len(cases))


def _parsed(side: str) -> Any:
    known = (*standard_transformations, implicit_multiplication, convert_xor)
    return parse_expr(side, transformations=known)


def with_sympy(text: str, read: Callable[[str], Any] = _parsed) -> str | None:
    """Solve a text by sympy alone: read each side, solve for everything, look `ans` up."""
    equations = []
    for line in text.splitlines():
        left, right = line.split("=")
        equations.append(sympy.Eq(read(left), read(right)))
    open_ones = [each for each in equations if each is not sympy.true]
    for solution in sympy.solve(open_ones, dict=True):
        value = solution.get(sympy.Symbol("ans"))
        if value is not None and value.is_real and value >= 0:
            return canonical(str(value))
    return None


def _case(chance: random.Random, place: int) -> Case:
    if place < 55:
        return _straight(chance)
    if place < 71:
        return _products(chance)
    return _linear(chance) if place < 98 else _square(chance)


def _straight(chance: random.Random) -> Case:
    values, lines = [], []
    for n in range(chance.randint(2, 4)):
        values.append(chance.randint(2, 90))
        lines.append(f"given_{n} = {values[-1]}")
    total = values[0]
    lines.append("step_0 = given_0")
    for n, value in enumerate(values[1:], 1):
        sign = chance.choice("+-*")
        total = {"+": total + value, "-": total - value, "*": total * value}[sign]
        lines.append(f"step_{n} = step_{n - 1} {sign} given_{n}")
    return Case("\n".join([*lines, f"ans = (step_{len(values) - 1} + 4) ** 2"]), str((total + 4) ** 2))


def _products(chance: random.Random) -> Case:
    price, count, kept = chance.randint(2, 30), chance.randint(3, 40), chance.randint(1, 20)
    lines = [
        "money = price * count",
        f"price = {price}",
        f"money = spent + {kept}",
        f"spent = {price * count - kept}",
    ]
    return Case("\n".join([*lines, "ans = count"]), str(count))


def _linear(chance: random.Random) -> Case:
    x, y, factor = chance.randint(1, 50), chance.randint(1, 50), chance.randint(2, 9)
    lines = [
        f"older + younger = {x + y}",
        f"{factor} * older - younger = {factor * x - y}",
        "gap = older - 1",
    ]
    return Case("\n".join([*lines, "ans = gap + younger"]), str(x + y - 1))


def _square(chance: random.Random) -> Case:
    side = chance.randint(2, 30)
    return Case(f"side * side = {side**2}\nans = side**2 + 1", str(side**2 + 1))


def marked(solution: str) -> Case | None:
    """Name the numbers and steps of a solution's marks `<<a*b=c>>`; later steps name earlier ones."""
    marks = re.findall(r"<<([0-9.+*/() -]+)=([0-9.]+)>>", solution)
    if not marks or len(marks) != solution.count("<<"):
        return None
    names: dict[str, str] = {}
    lines: list[str] = []

    def named(number: re.Match[str]) -> str:
        if number[0] not in names:
            names[number[0]] = f"given_{len(names)}"
            lines.append(f"{names[number[0]]} = {number[0]}")
        return names[number[0]]

    for at, (expression, value) in enumerate(marks):
        lines.append(f"step_{at} = {re.sub('[0-9.]+', named, expression)}")
        names[value] = f"step_{at}"
    return Case("\n".join([*lines, f"ans = step_{len(marks) - 1}"]), canonical(marks[-1][1]) or "")


def main() -> None:
    """Print the table."""
    ours, *others = measure(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    print(f"{ours.name:12} {ours.per_s:7.1f} systems/s/core, {ours.right:6.1%} right")
    for each in others:
        ratio = f"1/{ours.per_s / each.per_s:.0f} of the speed"
        print(f"{each.name:12} {each.per_s:7.1f} systems/s/core, {each.right:6.1%} right, {ratio}")


if __name__ == "__main__":
    main()
