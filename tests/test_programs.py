"""Programs run behind a fence and come to a number or to a row that says why not."""

from collections.abc import Iterator

import pytest

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.programs import Programs

LIMITS = Limits(wall_s=0.3, long_wall_s=0.6)


@pytest.fixture(scope="module")
def programs() -> Iterator[Programs]:
    with Programs(LIMITS) as opened:
        yield opened


@pytest.mark.parametrize(
    ("program", "answer"),
    [
        ("a = 4\nans = a * 6", "24"),
        ("answer = 7 / 2", "3.5"),
        ("result = 2 ** 10", "1024"),
        ("answer = 1\nans = 2", "2"),
        ("x = 3\nx * 5", "15"),
        ("print(1)\nprint('Total: $1,250.50')", "1250.5"),
        ("def solution():\n    return 18", "18"),
        ("def solver():\n    a = 2\n    return a + 1", "3"),
        ("def solution():\n    return 18\nprint(solution() + 1)", "19"),
        ("def solution(n=2):\n    print(n * 2)", "4"),
        ("if __name__ == '__main__':\n    print(5)", "5"),
        ("ans = 9\nexit()", "9"),
        ("x = 5; x + 1  # six", "6"),
        ("été = 3\nété * 2", "6"),
        ("ans = '\N{MINUS SIGN}3 degrees'", "-3"),
        ("from sympy import symbols, solve\nx = symbols('x')\nans = solve(2 * x - 3)", "1.5"),
        ("import numpy as np\nans = np.array([1, 2, 6]).mean()", "3"),
    ],
)
def test_every_convention_is_read(programs: Programs, program: str, answer: str) -> None:
    outcome = programs.run(program)
    assert (outcome.answer, outcome.failure) == (Answer(answer), None), outcome


@pytest.mark.parametrize(
    ("program", "failure"),
    [
        ("ans = 1 / 0", "raised"),
        ("ans = undefined", "raised"),
        ("import sys\nsys.exit('wrong')", "raised"),
        ("x = 5", "no_answer"),
        ("ans = None", "no_answer"),
        ("", "no_answer"),
        ("ans = True", "not_a_number"),
        ("ans = 'many'", "not_a_number"),
        ("ans = '1.000.000'", "not_a_number"),
        ("print(12, 13)", "not_a_number"),
        ("ans = float('nan')", "not_a_number"),
        ("ans = float('inf')", "not_a_number"),
        ("ans = [1, 2]", "not_a_number"),
        ("ans = lambda: 1", "not_a_number"),
        ("ans = 3 +", "unparsable"),
        ("print 3", "unparsable"),
        ("ans = 3\x00", "unparsable"),
        ("while True: pass", "timeout"),
        ("ans = [0] * 10 ** 10", "memory"),
        ("while True: print('flood')", "output"),
        ("import os\nos.abort()", "killed"),
    ],
)
def test_every_failure_is_a_row(programs: Programs, program: str, failure: str) -> None:
    outcome = programs.run(program)
    assert (outcome.answer, outcome.failure) == (None, failure), outcome


@pytest.mark.parametrize("limits", [{"long_wall_s": 0.2}, {"long_wall_s": 60.0, "cpu_s": 1.0}])
def test_a_time_out_has_one_wording_whichever_limit_came_first(limits: dict[str, float]) -> None:
    with Programs(Limits(wall_s=0.1, **limits)) as programs:
        assert programs.run("while True: pass").detail == "it did not end in time"


def test_python_2_division_is_not_guessed(programs: Programs) -> None:
    assert programs.run("ans = 7 / 2").answer == Answer("3.5")


def test_running_ahead_changes_no_outcome(programs: Programs) -> None:
    texts = [
        "a = 4\nans = a * 6",
        "ans = 1 / 0",
        "ans = '12 or 13'",
        "ans = 3 +",
        "print(7)",
        "x = 5",
        "ans = [2]",
    ]
    texts += [
        "import fractions\nans = fractions.Fraction(1, 3)",
        "def solution():\n    return 18",
        "ans = True",
    ]
    alone = [programs.run(text) for text in texts]
    programs.ahead(texts)
    assert [programs.run(text) for text in texts] == alone
    programs.ahead([])
    assert programs.run(texts[0]) == alone[0]


def test_a_loop_among_programs_run_ahead_takes_none_of_them_along(programs: Programs) -> None:
    texts = ["ans = 1 + 1", "ans = 1\nwhile True:\n    ans += 1", "ans = 2 + 1"]
    programs.ahead(texts)
    outcomes = [programs.run(text) for text in texts]
    assert [str(outcome.answer or outcome.failure) for outcome in outcomes] == ["2", "timeout", "3"]


@pytest.mark.parametrize(
    "program", ["a = 2\nans = a + b", "for i in range(3):\n    ans = i + b", "ans = len(b)"]
)
def test_an_unknown_name_fails_alike_in_every_fence_and_needs_no_process(program: str) -> None:
    with Programs(Limits()) as first, Programs(Limits(), "process") as last:
        found, sure = first.run(program), last.run(program)
        assert first._zygotes[False]._process is None
    assert (found.failure, found.detail) == ("raised", "NameError: name 'b' is not defined")
    assert (sure.failure, sure.detail) == (found.failure, found.detail)
