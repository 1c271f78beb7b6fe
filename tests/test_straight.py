"""Straight-line programs are told by their text, and what is told of them is what Python's parser says."""

import ast
import random

import pytest

from thoughtmill.factory.solvers.program.plain import is_plain
from thoughtmill.factory.solvers.program.straight import assigned


@pytest.mark.parametrize(
    ("program", "names"),
    [
        ("ans = 1", ["ans"]),
        ("a = 2\n\n# twice\nans = a * 2  # as said\n", ["a", "ans"]),
        ("a=1\na += 2\nans = -(a - -3) ** 2 // 4 % 5", ["a", "a", "ans"]),
        ("ans = ((1 + 2) * .5) / 3.", ["ans"]),
    ],
)
def test_assignments_of_arithmetic_are_straight(program: str, names: list[str]) -> None:
    straight = assigned(program)
    assert straight is not None
    assert list(straight[0]) == names


@pytest.mark.parametrize(
    "program",
    [
        "ans = int(6.5)",
        "ans = f(1)",
        "ans = 1 if ans else 2",
        "ans = not 1",
        "ans = None",
        "if = 3",
        "ans = if",
        "ans = undefined",
        "ans = sum",
        "ans = _",
        "ans = 007",
        "ans = 5x",
        "ans = 1e5",
        "ans = 1_000",
        "ans = (1).real",
        "ans = 1 = 2",
        "ans == 1",
        "ans = ((((1))))",
        "ans = (1",
        "ans = 1)",
        "ans = 1 2",
        "ans =",
        " ans = 1",
        "ans = 1\r\n",
        "ans = 1\f",
        "ans = 1 \\\n + 2",
        "ans = '1'",
        "ans = 1; exit()",
        "ans = 1  # \ud800",
        "\N{LATIN SMALL LETTER E WITH ACUTE} = 1",
        "ans = " + "9" * 5000,
        "x" * 300 + " = 1",
    ],
)
def test_all_else_is_left_to_the_parser(program: str) -> None:
    assert assigned(program) is None


def test_what_is_straight_parses_is_plain_and_assigns_and_reads_these_names() -> None:
    chance = random.Random("1/straight")
    parts = "a b ans 1 2.5 .5 0 007 3. if or None + - * / // ** % ( ) #c _x += == , : 1e3 x1 5x not".split()
    parts += [" ", "  ", "\n", "=", "\t", "ans = ", "\nb = ", "a = 1\n"]
    found = 0
    for _ in range(30_000):
        program = "ans = 2" + "".join(chance.choice(parts) for _ in range(chance.randint(1, 9)))
        straight = assigned(program)
        if straight is not None:
            nodes = list(ast.walk(ast.parse(program)))
            named = sorted((n for n in nodes if isinstance(n, ast.Name)), key=lambda name: name.lineno)
            stored = tuple(name.id for name in named if isinstance(name.ctx, ast.Store))
            loaded = frozenset(name.id for name in named if isinstance(name.ctx, ast.Load))
            assert (*straight, is_plain(nodes, [])) == (stored, loaded, True), program
            found += 1
    assert found > 300


@pytest.mark.parametrize("piece", ["a = 1\n", "ans = (", "ans = -", "((1+", "1*", "a", " ", "#", "1.", "+ "])
def test_any_text_is_read_in_linear_time(piece: str) -> None:
    # so long that a way of reading it that is not linear would take hours
    straight = assigned("ans = 1\nans = " + piece * (1_000_000 // len(piece)))
    assert straight is None or set(straight[0]) == {"a", "ans"}
