"""What is called open is open: sympy, which takes far longer, agrees."""

import random
from typing import Any

import pytest

from thoughtmill.factory.solvers.equation import nonlinear, nonlinear_worker
from thoughtmill.factory.solvers.equation.system import parse, system
from thoughtmill.factory.solvers.equation.varying import varies


def _varies(text: str) -> bool:
    what = system(parse(text))
    return varies(what.equations, what.conditions, what.answer)


@pytest.mark.parametrize(
    "text",
    [
        "x*ans = 12",
        "price * (1 - cut) = 80\nans = price * cut",
        "x^2 + y^2 = 25\nans = x + y",
        "ans = sqrt(x)\nx > 0",
        "x / y = 3\nans = x",
        "abs(x) * y = 3\nx > 0\nans = x",
    ],
)
def test_an_answer_that_differs_from_solution_to_solution_is_open(text: str) -> None:
    assert _varies(text)


@pytest.mark.parametrize(
    "text",
    [
        "a = 3b\nc = 2b\nans = a/c",
        "a*b = 12\nans = 3*a*b",
        "x^2 = 4\ny = z*x\nans = x",
        "(a + b)^2 = 49\nans = a + b",
        "(x + y)^2 = x^2 + 2*x*y + y^2 + ans - 4",
    ],
)
def test_an_answer_is_not_open_because_something_else_is(text: str) -> None:
    assert not _varies(text)


@pytest.mark.parametrize(
    "text",
    [
        "b*(ans - 3) = 0\nb > 0",  # the solutions with b = 0 break the condition
        "x^2 + ans^2 = 0",  # there is no regular point
        "x^2 + ans^2 = -1",
        "ans = floor(x)",  # nothing is known of its slope
        "ans = x / (y - y)",
        "2^(2^(2^(x*ans))) = 10^50",
    ],
)
def test_where_nothing_is_proved_nothing_is_said(text: str) -> None:
    assert not _varies(text)


def test_sympy_never_finds_the_answer_of_what_is_open() -> None:
    opened = 0
    for at in range(24):
        chance = random.Random(f"1/open/{at}")
        text = "\n".join([_equation(chance), f"ans = {_side(chance)}"])
        if _varies(text):
            opened += 1
            assert "answer" not in _by_sympy(text), text
    assert opened > 8


def _side(chance: random.Random) -> str:
    names = [chance.choice("xyz") for _ in range(2)]
    return f"{chance.randint(1, 5)}*{names[0]} {chance.choice('+-*')} {names[1]}"


def _equation(chance: random.Random) -> str:
    return f"{_side(chance)} = {chance.choice('xyz')} {chance.choice('+*')} {chance.randint(1, 9)}"


def _by_sympy(text: str) -> dict[str, Any]:
    what = system(parse(text))
    positions = {what.answer: 0}
    equations = [[nonlinear._encoded(side, positions) for side in each] for each in what.equations]
    request = {"equations": equations, "conditions": [], "whole": [], "answer": 0, "real": False}
    return nonlinear_worker.reply(request | {"size": len(positions)})
