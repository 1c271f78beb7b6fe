"""Quadratic equations with rational roots are solved as sympy solves them, without sympy."""

import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from typing import Any

import pytest

from thoughtmill.factory.answers.mathematics.tree import Call
from thoughtmill.factory.solvers.equation import quadratic
from thoughtmill.factory.solvers.equation.system import parse, system
from thoughtmill.factory.solvers.equations import Equations


def found(text: str) -> list[dict[str, Fraction]] | None:
    return quadratic.solutions(system(parse(text)).equations)


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        ("x * x = 49", [-7, 7]),
        ("x^2 + 2x = 15", [-5, 3]),
        ("12 / x = x + 1", [-4, 3]),
        ("30 / x = 5", [6]),
        ("(x - 2) * (x - 2) = 0", [2]),
        ("x^2 = 9/4", [Fraction(-3, 2), Fraction(3, 2)]),
        ("x * (x + 1) / 2 = 55", [-11, 10]),
        ("-x * -x = 4", [-2, 2]),
        ("(x^2 - 1) / (x - 1) = 0", [-1]),
    ],
)
def test_rational_roots_are_found(equation: str, expected: list[int | Fraction]) -> None:
    solutions = found(f"{equation}\nans = x")
    assert solutions is not None
    assert [solution["ans"] for solution in solutions] == expected


@pytest.mark.parametrize(
    "equation",
    [
        "x^2 = 2",
        "x^2 = -1",
        "x^3 = 8",
        "x^4 = 16",
        "2^x = 8",
        "abs(x) = 3",
        "x * y = 6",
        "x^2 = y",
        "x * x = x * x",
        "x^2 = 10^600 + 1",
    ],
)
def test_all_else_is_left_to_sympy(equation: str) -> None:
    assert found(f"{equation}\nans = x") is None


def test_a_root_that_contradicts_another_equation_is_no_solution() -> None:
    assert found("x^2 = 9\nx^2 + x = 12\nans = x") == [{"x": 3, "ans": 3}]
    assert found("x^2 = 9\ny = 6 / (x + 3)\nans = y") == [{"x": 3, "y": 1, "ans": 1}]


def test_a_branch_that_does_not_settle_is_left_to_sympy() -> None:
    assert found("x^2 = 9\nx * y * y = 12\nans = y") is None


def test_a_name_that_cancels_out_is_not_made_up() -> None:
    with Equations() as equations:
        assert equations.solve("x^2 = 9\nx > 0\nx = 3 + 0 * y\nans = y").answer is None


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bits of the longest number of every ratio that is worked out, in order; None counts as 0."""
    seen: list[int] = []
    combined = quadratic._combined

    def watched(*args: Any) -> Any:
        ratio = combined(*args)
        numbers = [number for each in chain(*(ratio or ())) for number in each.as_integer_ratio()]
        seen.append(max((number.bit_length() for number in numbers), default=0))
        return ratio

    monkeypatch.setattr(quadratic, "_combined", watched)
    return seen


def test_huge_numbers_are_given_up_before_they_grow(sizes: list[int]) -> None:
    tree: Call = Call("*", ("x", "x"))
    for _ in range(200):
        tree = Call("+", (Call("/", (tree, Fraction(10**400 + 1, 10**399))), Fraction(1, 3)))
    assert quadratic.roots(tree) is None
    assert max(sizes) <= quadratic.MAX_COEFFICIENT_BITS
    assert len(sizes) < 20


def test_a_long_sum_is_worked_out_once_for_each_of_its_terms(sizes: list[int]) -> None:
    tree: Call = Call("*", ("x", "x"))
    for _ in range(200):
        tree = Call("+", (tree, Fraction(-1, 2)))
    assert quadratic.roots(tree) == [-10, 10]
    assert len(sizes) == 201


def test_powers_inside_of_powers_are_worked_out_once_each(sizes: list[int]) -> None:
    tree: Call = Call("-", ("x", "x"))
    for _ in range(50):
        tree = Call("^", (tree, Fraction(4)))
    assert quadratic.roots(tree) is None
    assert len(sizes) == 151


@pytest.fixture(scope="module")
def equations() -> Iterator[Equations]:
    with Equations() as opened:
        yield opened


def _text(chance: random.Random) -> str:
    a, b, c = (chance.randint(-9, 9) for _ in range(3))
    square, triangle = a * a, abs(c) * (abs(c) + 1) // 2
    equations = [f"x*x = {square}", f"(x - {a})*(x + {b}) = 0", f"{a * b}/x = x + {a - b}"]
    equations += [f"x^2 = {square}*x", f"x*(x + 1)/2 = {triangle}", f"(x + {a})/(x - {b}) = {c}"]
    equation = chance.choice(equations)
    rest = chance.choice(
        ["ans = x", f"y = x + {c}\nans = 2*y", f"ans = 10/(x - {b})", "ans = x^2 + 1", f"y*x = {c}\nans = y"]
    )
    condition = chance.choice(["", "\nx > 0", "\nx >= 0", "\nx < 2", "\nx is an integer", "\nx != 3"])
    return f"{equation}\n{rest}{condition}"


def test_sympy_says_the_same_of_every_system(equations: Equations, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [_text(random.Random(f"1/quadratic/{at}")) for at in range(40)]
    ours = [equations.solve(text) for text in texts]
    assert equations._nonlinear.process is None
    monkeypatch.setattr(quadratic, "solutions", lambda equations: None)
    assert [equations.solve(text) for text in texts] == ours
