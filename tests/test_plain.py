"""In the plain part of Python both fences come to the same value."""

import ast
import math
import random

import pytest

from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.program.monty import Monty
from thoughtmill.factory.solvers.program.plain import is_plain
from thoughtmill.factory.solvers.program.screen import screen
from thoughtmill.factory.solvers.program.values import read_value


def plain(program: str) -> bool:
    nodes = list(ast.walk(ast.parse(program)))
    return is_plain(nodes, [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)])


@pytest.mark.parametrize(
    "program",
    [
        "a = 2\nans = a * 3",
        "import math\nans = math.ceil(7 / 2)",
        "from math import sqrt\nans = sqrt(16)",
        "def solution():\n    return sum([1, 2])",
        "ans = round(2.5)",
        "x = [1, 2]\nx.append(3)\nans = len(x)",
        "for i in range(3):\n    ans = i",
    ],
)
def test_arithmetic_is_plain(program: str) -> None:
    assert plain(program)


@pytest.mark.parametrize(
    "program",
    [
        "ans = round(2.675, 2)",
        "ans = round(2.675, ndigits=2)",
        "print(f'{2.675:.2f}')",
        "ans = {1, 2}.pop()",
        "ans = list(set([1, 2]))[0]",
        "ans = 1 if 1000 is 1000 else 2",
        "try:\n    ans = 1 / 0\nexcept Exception:\n    ans = 0",
        "class A: pass",
        "import random\nans = random.random()",
        "import time\nans = time.time()",
        "ans = hash('a')",
        "ans = __file__",
        "ans = hash(1)",
        "ans = (1).__class__",
        "import math\nans = math.sin(1)",
        "from math import *",
        "exec('ans = 1')",
        "with open('x') as f: pass",
    ],
)
def test_whatever_the_two_may_see_differently_is_not_plain(program: str) -> None:
    assert not plain(program)


class ExpressionWriter:
    """Writes random expressions of arithmetic."""

    def __init__(self, seed: str) -> None:
        self.draw = random.Random(seed)

    def number(self) -> str:
        draw = self.draw
        return draw.choice(
            [
                str(draw.randint(-20, 200)),
                repr(round(draw.uniform(-50, 500), draw.randint(0, 3))),
                repr(draw.uniform(-1e6, 1e6)),
                str(draw.randint(10**15, 10**25)),
                str(draw.choice([0, 1, 0.5, 100, 12, 0.1, 1e16])),
            ]
        )

    def expression(self, depth: int) -> str:
        if depth == 0 or self.draw.random() < 0.15:
            return self.number()
        one, two = self.expression(depth - 1), self.expression(depth - 1)
        shape = self.draw.choice(
            ["({0} + {1})", "({0} - {1})", "({0} * {1})", "({0} / {1})", "({0} // {1})", "({0} % {1})"] * 2
            + ["({0} ** 2)", "abs({0})", "int({0})", "round({0})", "max({0}, {1})", "math.floor({0})"]
            + ["math.sqrt(abs({0}))", "({0} if {0} < {1} else {1})", "divmod({0}, {1})[1]", "float({0})"]
        )
        return str(shape.format(one, two))


def test_random_arithmetic_comes_to_the_same_value_to_the_last_digit() -> None:
    writer, monty, compared = ExpressionWriter("1/plain"), Monty(Limits()), 0
    for _ in range(1500):
        expression = writer.expression(4)
        program = screen(f"import math\nans = {expression}")
        assert program.plain
        kind, text = monty.run(program)
        try:
            expected = read_value(eval(expression, {"math": math}))
        except (ArithmeticError, ValueError):
            assert kind not in ("number", "text"), expression
            continue
        if expected.kind == "number":
            assert (kind, text) == tuple(expected), expression
            compared += 1
    monty.close()
    assert compared > 1000
