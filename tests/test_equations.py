"""The solver of equations, end to end: text in, answer or failure out."""

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thoughtmill.factory.answers import ANY, Answer, answer_of, compared
from thoughtmill.factory.answers.number import exact_text
from thoughtmill.factory.solvers.equation.tokens import MAX_CHARS
from thoughtmill.factory.solvers.equations import Equations, equations_of
from thoughtmill.schemas.fields import FAILURES


@pytest.fixture(scope="module")
def equations() -> Iterator[Equations]:
    with Equations(timeout_s=10.0) as solver:
        yield solver


ANSWERS = [
    ("a = 48/2; b = 48 + a; ans = b", "72"),
    ("2x = 10", "5"),
    ("x = 5 apples\ny = 3 apples + 2x\nans = y", "13"),
    ("apples = 5 apples\ntotal = apples + 3\nans = total", "8"),
    ("number of apples = 5\nprice = $1,000\nans = number of apples * price", "5000"),
    ("Tom's age = 5\nans = 2 * Tom's age", "10"),
    ("ans = total cost (in dollars)\ntotal cost = 3", "3"),
    ("ans = 20% of 50", "10"),
    ("price = 80\nans = price - 25% * price", "60"),
    ("ans = 50 (1 + 10%)", "55"),
    ("p = 30\nans = p%", "0.3"),
    ("ans = 17 % 5", "2"),
    ("x = 17\nans = x%5", "2"),
    ("ans = 12 // 5", "2"),
    ("ans = 12 // twelve red apples", "12"),
    ("ans = 7  # (since ans = 8 is wrong)", "7"),
    ("a = b = 5\nans = a + b", "10"),
    ("x == 4\nans := x + 1", "5"),
    ("x = 1/3\nans = x", "1/3"),
    ("ans = 9/2", "4.5"),
    ("ans = 3 - 5", "-2"),
    ("ans = 10 - −3", "13"),
    ("ans = -3^2", "-9"),
    ("ans = 2^3^2", "512"),
    ("ans = 2**-1", "0.5"),
    ("ans = 1.5e3", "1500"),
    ("ans = √16 + 2² × 3 ÷ 4", "7"),
    ("ans = 2 1/2 + 3½", "6"),
    ("ans = 3 x 4", "12"),
    ("ans = |3|", "3"),
    ("x = 3\nans = (x)(x + 1)", "12"),
    ("x = 3\nans = 2x(x + 1)", "24"),
    ("y = 4\nx = 1/2y\nans = x", "2"),
    ("S + N = 10\nS - N = 2\nans = S", "6"),
    ("lambda = 5\nE = 1\nI = 2\nQ = 3\nbeta = 4\npi = 6\nans = lambda + E + I + Q + beta + pi", "21"),
    ("ans = 5 if 3 > 2 else 1/0", "5"),
    ("x = 7\nans = 2x if x > 5 and x < 10 else 0", "14"),
    ("x = 7\nans = 1 if x == 6 or x != 7 else 2 if x >= 7 else 3", "2"),
    ("ans = max(1,200) - min(3,4)", "197"),
    ("ans = max(1,000, 3)", "1000"),
    ("ans = ceil(17/3) + floor(17/3) + round(17/3) + abs(-1) + int(-1.5) + sum(1, 2, 3)", "23"),
    ("ans = round(3.14159, 2)", "3.14"),
    ("x = 60 miles / hour\nans = x * 2 hours", "120"),
    ("Let x be the number of apples.\n3(x + 2) = 21\nanswer = x", "5"),
    ("Let x = the number of apples\n3(x + 2) = 21\nFinal answer = x", "5"),
    ("eq1 = Eq(2*x, 10)\nans = x", "5"),
    ("x = 10/3 ≈ 3.33\nans = 3x", "10"),
    ("2x + 1 = 7 => x = 3", "3"),
    ("y = 3\n2x + y = 13", "5"),
    ("48 / 2 = x", "24"),
    ("money = price * count\nprice = 5\nmoney = 35\nans = count", "7"),
    ("x + y = 10\nx - y = 4\nx*y = 21\nans = x", "7"),
    ("x + y = 5\nx + y = 5\ny = 2\nz + w = 3\nans = x", "3"),
    ("r = 3\nans = 2πr", "18.8495559215"),
    ("r = 3\narea = pi * r^2\nans = area / pi", "9"),
    ("C = 2 pi r\nC = 10 pi\nans = r", "5"),
    ("pi = 3.14\nans = 2 * pi", "6.28"),
    ("x = 12 %convert bags\nans = x / 4", "3"),
    ("n = 5\nans = 17 % n", "2"),
    ("ans = 20 % of 50", "10"),
    ("ans = factorial(4) + 3!", "30"),
    ("n = 6\nk = 2\nans = n! / (k! * (n - k)!)", "15"),
    ("ans = ⌈7/2⌉ + ⌊7/2⌋", "7"),
    ("a : b = 2 : 3\na + b = 10\nans = b", "6"),
    ("boys:girls:adults = 2:3:5\nboys + girls + adults = 20\nans = adults", "10"),
    ("2 : 3 = a : b\na = 4\nans = b", "6"),
    ("ans ≈ 3", "3"),
    ("x = 10/3\nans ≈ 3", "3"),
    ("x = 10/3\nans ≈ x", "10/3"),
    ("x = 10/3\nx ≈ 3.33\nans = x", "10/3"),
]


@pytest.mark.parametrize(("text", "answer"), ANSWERS)
def test_what_teachers_write_has_its_answer(equations: Equations, text: str, answer: str) -> None:
    outcome = equations.solve(text)

    assert (outcome.answer, outcome.failure) == (Answer(answer), None), outcome.detail


NONLINEAR = [
    ("x^2 = 9\nx > 0\nans = x", "3"),
    ("x^2 = 9\nx is positive\nans = x", "3"),
    ("x is an integer\n2x^2 - 5x + 2 = 0\nans = x", "2"),
    ("x*y = 12\nx + y = 7\nx < y\nans = y", "4"),
    ("x^2 = 9\nans = x^2 + 1", "10"),
    ("15/x = 3\nans = x", "5"),
    ("x^2 = 2\nx > 0\nans = x", "1.41421356237"),
    ("ans = sqrt(2) * 300", "424.264068712"),
    ("ans = 2^0.5 * 2^0.5", "2"),
    ("ans = ceil(sqrt(2))", "2"),
    ("abs(x - 3) = 2\nx > 3\nans = x", "5"),
    ("x^3 - 3x + 1 = 0\nx > 1.5\nans = x", "1.53208888624"),
    ("100*(1 + r)^10 = 200; r > 0\nans = 100r", "7.17734625363"),
    ("x^5 - x - 1 = 0", "1.16730397826"),
    ("x^7 = 128\nans = x", "2"),
    ("a = 3b\nc = 2b\nans = a/c", "1.5"),
    ("a*b = 12\nans = 3*a*b", "36"),
    ("x^2 = 4; x > 0\ny = z*x\nans = x", "2"),
    ("b*(ans - 3) = 0\nb > 0", "3"),
]


@pytest.mark.parametrize(("text", "answer"), NONLINEAR)
def test_what_is_not_linear_is_solved_and_told_apart_by_its_conditions(
    equations: Equations, text: str, answer: str
) -> None:
    outcome = equations.solve(text)

    assert (outcome.answer, outcome.failure) == (Answer(answer), None), outcome.detail
    assert outcome.checks[0].detail == "nonlinear"


def test_a_root_without_a_closed_form_comes_with_the_interval_that_proves_it(equations: Equations) -> None:
    checks = {check.check: check.detail for check in equations.solve("x^5 - x - 1 = 0").checks}
    said = checks["root_interval"] or ""
    low, high = (Fraction(end) for end in said.partition("[")[2].rstrip("]").split(", "))

    assert said.startswith("x is the only root in [1.167303978")
    assert low**5 - low - 1 < 0 < high**5 - high - 1


def test_powers_and_bars_are_solved_numerically_and_each_root_is_proved(equations: Equations) -> None:
    for text, answer in {
        "2^x + 3^x = 100\nans = x": "4.02951288536",
        "x^x = 30\nx > 0\nans = x": "3.05000734242",
        "y = 2^x + 3^x\ny = 50\nans = 2x + 1": "7.70564724643",
    }.items():
        outcome = equations.solve(text)
        assert outcome.answer is not None, text
        assert outcome.answer.text == answer
        assert any(check.check == "root_interval" for check in outcome.checks)


def test_no_root_is_lost_where_there_is_a_closed_form_for_one_alone(equations: Equations) -> None:
    assert str(equations.solve("2^x = x + 2\nx > 0\nans = x").answer) == "2"
    assert equations.solve("2^x = x + 2\nans = x").failure == "ambiguous"
    assert str(equations.solve("y = 2^x\ny + x = 11\nans = x").answer) == "3"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("|x - 3| = 5\nx > 0\nans = x", "8"),
        ("|2x - 1| = |x + 4|\nx > 0\nans = x", "5"),
        ("ans = 2|3 - |x||\nx = -8", "10"),
        (r"\left| x \right| = 4" "\nx < 0\nans = x", "-4"),
    ],
)
def test_bars_are_absolute_values(equations: Equations, text: str, answer: str) -> None:
    lines = equations_of(text)
    assert lines is not None
    assert str(equations.solve(lines).answer) == answer


def test_a_root_with_a_closed_form_needs_no_interval(equations: Equations) -> None:
    assert "root_interval" not in {check.check for check in equations.solve("x^5 = 32\nans = x").checks}


def test_a_system_that_takes_too_long_is_tried_once() -> None:
    long = "\n".join(
        f"x{n}^7 + x{(n + 1) % 6}^5 * x{(n + 3) % 6} - {n + 2} x{(n + 2) % 6} = {n + 11}" for n in range(6)
    )
    long += "\nans = x0"
    with Equations(timeout_s=0.5) as equations:
        first = equations.solve(long)
        equations.close()
        assert first.failure == "timeout"
        assert equations.solve(long) == first
        assert equations._nonlinear.process is None


def test_too_few_equations_are_counted_before_sympy_is_asked() -> None:
    with Equations() as equations:
        assert equations.solve("price * (1 - cut) = 80\nans = price * cut").failure == "underdetermined"
        assert equations._nonlinear.process is None


WIDER = [
    ("ans = (x + 5)/6", "expression", r"\frac{x+5}{6}"),
    ("y = 2x\nans = y^2 + 1", "expression", "4x^2+1"),
    ("x^2 = 20\nx > 0\nans = x", "expression", r"2\sqrt{5}"),
    ("x^2 = 9\nans = x", "set", "-3, 3"),
    ("x^2 = 2\nans = x", "set", r"-\sqrt{2}, \sqrt{2}"),
    ("ans = 3 * 4", "expression", "12"),
    ("x + y = 3\nx - y = 1\nans = (x, y)", "tuple", "(2, 1)"),
    ("x + y = 3\nx - y = 1\nans = {y, x^2}", "set", r"\{1, 4\}"),
    ("x^2 = 5\nx > 0\ny = x + 1\nanswer: x, y", "set", r"\sqrt{5}, 1 + \sqrt{5}"),
]


@pytest.mark.parametrize(("text", "kind", "answer"), WIDER)
def test_where_more_than_a_number_is_asked_for_it_is_returned_exactly(
    equations: Equations, text: str, kind: str, answer: str
) -> None:
    outcome = equations.solve(text, kind)
    expected = answer_of(answer, ANY)
    assert outcome.failure is None
    assert outcome.answer is not None and expected is not None
    assert compared(outcome.answer, expected).equal


def test_where_a_number_is_asked_for_a_formula_and_several_solutions_are_failures(
    equations: Equations,
) -> None:
    failures = [equations.solve(text).failure for text in ("ans = (x + 5)/6", "x^2 = 9\nans = x")]
    assert failures == ["underdetermined", "ambiguous"]
    assert equations.solve("x^2 = 9\nans = x", "expression").failure == "ambiguous"


def test_a_pair_has_the_failure_of_a_part_without_an_answer(equations: Equations) -> None:
    assert equations.solve("x = 2\ny = y + 1\nans = (x, y)", "tuple").failure == "inconsistent"
    assert equations.solve("x = 2\ny = 3\nans = (x, y)").failure == "unparsable"


FAILED = [
    ("x + y = 10\nans = x", "underdetermined"),
    ("ans = price * 3", "underdetermined"),
    ("x*y = 12\nans = x", "underdetermined"),
    ("x + y = 10\nx - y = 4\nx*y = 20\nans = x", "inconsistent"),
    ("x = 48/2 = 25\nans = x", "inconsistent"),
    ("ans = 5\nz = 1\nz = 2", "inconsistent"),
    ("total = 10\ntotal = 12\nans = total", "inconsistent"),
    ("x = 5/0\nans = x", "inconsistent"),
    ("x/0 = 3\nans = x", "inconsistent"),
    ("x / (y - y) = 3\nans = x", "inconsistent"),
    ("x mod 0 = 1\nans = x", "inconsistent"),
    ("x = 5\nx < 3\nans = x", "inconsistent"),
    ("2x = 5\nx is an integer\nans = x", "inconsistent"),
    ("x^2 = 9\nx > 5\nans = x", "inconsistent"),
    ("x^2 = 9\nans = x", "ambiguous"),
    ("ans = round(2.5)", "ambiguous"),
    ("x^2 = -9\nans = x", "nonreal"),
    ("x^6 = -9\nans = x", "nonreal"),
    ("x^6 = 64\nans = x", "ambiguous"),
    ("Total: x = 5\nans = x", "unparsable"),
    ("a : b = 2 : 3 : 4\nans = a", "unparsable"),
    ("ans = sqrt(-4)", "nonreal"),
    ("x + y = 3\n2x - y = 1 + z", "no_answer"),
    ("x = y if z > 3 else 2y\ny = 3\nans = x", "no_answer"),
    ("", "unparsable"),
    ("The answer is 5", "unparsable"),
    ("x > 3", "unparsable"),
    ("ans = 5 !", "unparsable"),
    ("ans = f(3)", "unparsable"),
    ("ans = factorial(300)", "unparsable"),
    ("ans = factorial(-3)", "inconsistent"),
    ("ans = (1/2)!", "inconsistent"),
    ("a = 3\nx/2a = 4\nans = x", "unparsable"),
    ("ans = 5 6", "unparsable"),
    ("ans = (5", "unparsable"),
    ("ans = 1,5", "unparsable"),
    ("ans = max()", "unparsable"),
    ("ans = abs(1, 2)", "unparsable"),
    ("ans = 3 if 2", "unparsable"),
]


@pytest.mark.parametrize(("text", "failure"), FAILED)
def test_what_has_no_answer_says_why(equations: Equations, text: str, failure: str) -> None:
    outcome = equations.solve(text)

    assert (outcome.answer, outcome.failure) == (None, failure), outcome.detail
    assert outcome.detail


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("ans = 3 dozen eggs", "36"),
        ("ans = 2.5 million", "2500000"),
        ("ans = 20 percent of 50", "10"),
        ("ans = 5 times 4", "20"),
        ("ans = 5 plus 4 apples", "9"),
        ("ans = 12 more_apples\nmore_apples = 2", "24"),
    ],
)
def test_words_after_a_number_that_calculate_do_so(equations: Equations, text: str, answer: str) -> None:
    assert equations.solve(text).answer == Answer(answer)


TWO_READINGS = [
    "y = 9\nans = 5 less than y",
    "y = 9\nans = y less discount\ndiscount = 2",
    "ans = 5 more",
    "ans = 3 hours 20 minutes",
    "ans = 5 apples (2 + 1)",
    "ans = 10/2(3)",
    "ans = 3 feet 1/2 inch",
    "ans = 1/2 dozen",
    "ans = 10 / 2 dozen",
    "ans = 12 or 13",
    "ans = 12, 13",
    "ans = 12, 13 apples",
    "ans = 5 to 6",
    "ans = 1.000,5",
    "ans = max(1,200, 300)",
    "if x = 5 then y = 6\nans = y",
    "x, y = 3, 4\nans = x",
    "ans = 3:30",
    "ans = 0.333...",
    "x = 4\nans = 12/3x(2)",
    "ans = 5'",
    "x = 5 or x = 6\nans = x",
    "ans = ±3",
    "ans = 10 ± 2",
]


@pytest.mark.parametrize("text", TWO_READINGS)
def test_what_may_be_read_two_ways_is_never_picked_silently(equations: Equations, text: str) -> None:
    outcome = equations.solve(text)

    assert outcome.answer is None
    assert outcome.failure in ("unparsable", "underdetermined", "inconsistent", "ambiguous")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("b = 2a\na = 3\nans = b", "straight"),
        ("2a = 6\nans = a", "linear"),
        ("x + y = 3\nx - y = 1\nans = x", "linear"),
        ("x*x = 4\nx > 0\nans = x", "nonlinear"),
    ],
)
def test_the_kind_of_a_system_is_a_check(equations: Equations, text: str, kind: str) -> None:
    [check] = [check for check in equations.solve(text).checks if check.check == "eot_kind"]

    assert (check.passed, check.detail) == (True, kind)


def test_a_name_assigned_again_is_solved_as_a_program_at_lower_trust(equations: Equations) -> None:
    again = equations.solve("d = 10\ne = d\nd = d + 15\nd *= 2\nans = d + e")
    once = equations.solve("d = 10\nans = d")

    assert again.answer == Answer("60")
    assert [(c.passed, c.detail) for c in again.checks if c.check == "single_assignment"] == [(False, "d")]
    assert [(c.passed, c.detail) for c in once.checks if c.check == "single_assignment"] == [(True, None)]


def test_the_answer_assigned_again_is_its_last_value(equations: Equations) -> None:
    assert equations.solve("ans = 10\nans = ans * 3").answer == Answer("30")


def test_a_program_that_still_contradicts_itself_is_inconsistent(equations: Equations) -> None:
    assert equations.solve("d = 10\nd = d + 15\nd = 3\ne = 1\ne = 2\nans = d").failure == "inconsistent"


INJECTIONS = [
    "__import__('os').system('touch {marker}')",
    "exec('open({marker!r}, \"w\")')",
    "open('{marker}','w').close()",
    "(lambda: open('{marker}', 'w'))()",
    "().__class__.__bases__[0].__subclasses__()",
    "os.system('touch {marker}')",
    "eval(compile('open({marker!r}, \"w\")', '', 'exec'))",
    "f\"{{open('{marker}', 'w')}}\"",
    "`touch {marker}`",
    "x\\nopen('{marker}', 'w')",
]
POSITIONS = [
    "{code}",
    "x = {code}\nans = x",
    "{code} = x\nans = 3",
    "ans = 3\n{code}",
    "ans = 3; {code}",
    "ans = 3 + {code}",
    "ans = 3{code}",
    "ans = max(3, {code})",
    "ans = ({code})",
    "ans = 3^{code}",
    "ans = 1 if {code} > 1 else 2",
    "x = {code} = 3\nans = x",
    "x > {code}\nx = 3\nans = x",
    "unknowns: {code}\nans = 3",
    "Let x be {code}\nans = 3",
    "{code} is an integer\nans = 3",
    "Eq({code}, 3)",
    "x {code} y = 3",
    "ans = 0x{code}",
]


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("code", INJECTIONS)
def test_code_in_a_text_never_runs(equations: Equations, tmp_path: Path, position: str, code: str) -> None:
    marker = tmp_path / "marker"

    outcome = equations.solve(position.replace("{code}", code.format(marker=marker)))

    assert outcome.failure == "unparsable"
    assert not marker.exists()


BOMBS = [
    "ans = 9**9**9",
    "ans = 10**10**10",
    "ans = 2^-99999999",
    "ans = 0.5**10000000",
    "ans = " + "(" * 5000 + "1" + ")" * 5000,
    "ans = " + "-" * 280 + "1",
    "ans = " + "2^" * 140 + "2",
    "ans = " + "1+" * 50_000 + "1",
    "ans = " + "9" * 19_000,
    "ans = 1e999999999",
    "x0 = 7\n" + "\n".join(f"x{n + 1} = x{n} * x{n}" for n in range(250)) + "\nans = x250",
    "x = 1\n" * 1_000,
    "a" * 100_000 + " = 5",
    "ans = 3 " + " " * (MAX_CHARS - 50) + "(",
    "ans = 3 // " + "a" * (MAX_CHARS - 50),
    "ans = " + ",".join(["100"] * 4_000),
    "round(" * 30 + "1" + ", 9999999)" * 30 + " = ans",
]


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_a_bomb_is_refused(equations: Equations, text: str) -> None:
    assert equations.solve(text).failure == "unparsable"


def test_a_long_honest_system_in_reverse_order_is_solved(equations: Equations) -> None:
    lines = [f"x{n + 1} = x{n} + 1" for n in range(250)]

    assert equations.solve("ans = x250\n" + "\n".join(reversed(lines)) + "\nx0 = 1").answer == Answer("251")


ALPHABET = "xyS2 9+-*/^()=<>%,.;\n$½π#if else max(and isans√²'\\[]{}_!~e:"


@settings(max_examples=300, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=ALPHABET, max_size=80) | st.text(max_size=40))
def test_no_text_makes_the_solver_raise_or_hang(text: str) -> None:
    with Equations(timeout_s=0.5) as solver:
        outcome = solver.solve("ans = 1\n" + text)

    assert (outcome.answer is None) == (outcome.failure in FAILURES)


@st.composite
def systems(draw: st.DrawFn) -> tuple[list[str], dict[str, int]]:
    """A square linear system with a known solution in whole numbers, one equation a line."""
    size = draw(st.integers(1, 4))
    values = {f"v{n}": draw(st.integers(-50, 50)) for n in range(size)}
    matrix = [[draw(st.integers(-4, 4)) for _ in values] for _ in values]
    if sympy.Matrix(matrix).det() == 0:
        matrix = [[int(row == column) for column in range(size)] for row in range(size)]
    lines = []
    for row in matrix:
        left = " + ".join(f"{c}*{name}" for c, name in zip(row, values, strict=True))
        lines.append(f"{left} = {sum(c * v for c, v in zip(row, values.values(), strict=True))}")
    return lines, values


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(systems(), st.randoms(use_true_random=False))
def test_linear_systems_have_their_solution_whatever_the_order_and_the_names(
    equations: Equations, drawn: tuple[list[str], dict[str, int]], chance: random.Random
) -> None:
    lines, values = drawn
    wanted = chance.choice(sorted(values))
    lines = [*lines, f"ans = {wanted}"]
    shuffled = chance.sample(lines, len(lines))
    renamed = [re.sub(r"v(\d)", lambda found: "SNEI"[int(found[1])], line) for line in shuffled]

    answers = {equations.solve("\n".join(each)).answer for each in (lines, shuffled, renamed)}

    assert answers == {Answer(str(values[wanted]))}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.integers(-3, 3), min_size=4, max_size=4), min_size=2, max_size=3))
def test_sympy_agrees_on_any_linear_system(equations: Equations, rows: list[list[int]]) -> None:
    x = sympy.symbols("x:3")
    found = sympy.linsolve([sum(c * v for c, v in zip(row, x, strict=False)) - row[3] for row in rows], *x)
    text = "\n".join(f"{a}*x + {b}*y + {c}*ans = {total}" for a, b, c, total in rows)

    outcome = equations.solve(text)

    if not found:
        assert outcome.failure == "inconsistent"
    elif (value := next(iter(found))[2]).free_symbols:
        assert outcome.failure == "underdetermined"
    else:
        assert outcome.answer == Answer(exact_text(Fraction(int(value.p), int(value.q))))


def _systems_of(solution: str, chance: random.Random) -> tuple[str, str, str] | None:
    """The calculator marks of a solution as a program, turned and shuffled, and as equations to solve."""
    marks = re.findall(r"<<([^=<>]+)=([^<>]+)>>", solution)
    if not marks or not all(re.fullmatch(r"[0-9.+*/() -]+", expression) for expression, _ in marks):
        return None
    lines = [f"step_{n} = {expression}" for n, (expression, _) in enumerate(marks, 1)]
    ans = f"ans = step_{len(marks)}"
    turned = [f"{expression} = step_{n}" for n, (expression, _) in enumerate(marks, 1)]
    doubled = [f"2(step_{n}) - 1 = 2({marks[n - 1][0]}) - 1" for n in range(1, len(marks) + 1)]
    one, other, third = [*lines, ans], [*turned, ans], [*doubled, ans]
    chance.shuffle(other)
    return "\n".join(one), "\n".join(other), "\n".join(third)


def test_the_steps_of_real_solutions_come_to_their_last_value(
    equations: Equations, shared_data: Path
) -> None:
    rows = (shared_data / "gsm8k" / "train.jsonl").read_text().splitlines()[:1500]
    tried = 0
    for row in rows:
        solution = json.loads(row)["answer"]
        texts = _systems_of(solution, random.Random(solution))
        if texts is None:
            continue
        tried += 1
        answers = {equations.solve(text).answer for text in texts}
        last = re.findall(r"=([^<>=]+)>>", solution)[-1]
        assert len(answers) == 1
        assert float(Fraction(str(answers.pop()))) == pytest.approx(float(Fraction(last)), rel=1e-2), solution
    assert tried > 1200


def test_outcomes_do_not_depend_on_the_order_of_sets(tmp_path: Path) -> None:
    texts = [text for text, _ in ANSWERS[-12:] + NONLINEAR[:4] + FAILED[:14]]
    (tmp_path / "texts.json").write_text(json.dumps(texts))
    code = (
        "import json, sys; from thoughtmill.factory.solvers.equations import Equations\n"
        "with Equations() as e: print([e.solve(t) for t in json.load(open(sys.argv[1]))])"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "texts.json")],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(told) == 1
    assert told.pop().count(b"Outcome(") == len(texts)


SMALL = st.sampled_from(["x", "y", "z", "2", "3", "0.5", "7"])
TERMS = st.recursive(
    SMALL,
    lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(
        lambda p: f"({''.join(p)})"
    ),
    max_leaves=4,
)
SYSTEMS = st.lists(st.tuples(TERMS, TERMS).map("=".join), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SYSTEMS, st.randoms(use_true_random=False))
def test_an_answer_satisfies_every_equation_and_stands_in_any_order(
    equations: Equations, lines: list[str], chance: random.Random
) -> None:
    lines = [*lines, "ans = x"]
    outcome = equations.solve("\n".join(lines))
    if outcome.answer is None or outcome.checks[0].detail == "nonlinear":
        return

    assert equations.solve("\n".join(chance.sample(lines, len(lines)))).answer == outcome.answer
    assert equations.solve("\n".join([*lines, f"x = {outcome.answer}"])).answer == outcome.answer
    assert equations.solve("\n".join([*lines, f"x = {outcome.answer} + 1"])).failure == "inconsistent"
