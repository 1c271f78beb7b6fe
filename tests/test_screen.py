"""What is read from a program's text before it runs."""

import pytest

from thoughtmill.factory.solvers.program.screen import SOURCE_LENGTH, Unparsable, screen


@pytest.mark.parametrize(
    ("program", "tail"),
    [
        ("ans = 1\nanswer = 2", "ans"),
        ("answer = 1\nresult = 2\nresult", "answer"),
        ("for result in range(3):\n    pass", "result"),
        ("if True:\n    ans = 1", "ans"),
        ("def f():\n    ans = 1\nf()", "f()"),
        ("print(1)", ""),
        ("def solution():\n    return 1", "solution()"),
        ("def solver(x=1):\n    return x", "solver()"),
        ("def solution(x):\n    return x", ""),
        ("def solution():\n    return 1\nprint(solution())", ""),
        ("x = 1; x + 1 # why", "x + 1"),
        ("x = 'é'; len(x)", "len(x)"),
        ("(1 +\n 2)", "1 +\n 2"),
        ("", ""),
    ],
)
def test_where_the_answer_is_follows_from_the_text(program: str, tail: str) -> None:
    assert screen(program).tail == tail


def test_unused_imports_are_stripped_and_used_ones_stay() -> None:
    program = (
        "import numpy as np, math\nfrom sympy import (\n  symbols,\n  Eq,\n)\nimport os; x = math.pi\nans = x"
    )
    assert screen(program).body == "import numpy as np, math\npass\npass; x = math.pi\nans = x"


def test_imports_stay_where_text_is_run_or_a_star_may_bind_anything() -> None:
    assert screen("import math\nans = eval('math.pi')").body.startswith("import math")
    assert screen("from math import *\nans = 1").body.startswith("from math import *")


def test_only_packages_need_the_heavy_zygote() -> None:
    assert screen("import sympy\nans = sympy.Integer(1)").heavy
    assert not screen("import statistics\nans = statistics.mean([1])").heavy
    assert not screen("import sympy\nans = 1").heavy


@pytest.mark.parametrize(
    "program",
    [
        "a = ",
        "print 1",
        "\x00",
        "\ud800",
        "(" * 999,
        "-" * 99_999 + "1",
        "9" * 5000,
        "x" * (SOURCE_LENGTH + 1),
    ],
)
def test_what_does_not_parse_says_so_and_breaks_nothing(program: str) -> None:
    with pytest.raises(Unparsable):
        screen(program)


def test_windows_line_ends_count_as_lines() -> None:
    assert screen("import os\r\nx = 1\r\nx").body == "pass\nx = 1\n"
