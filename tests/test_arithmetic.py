"""Arithmetic is exact, bounded, and runs nothing."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thoughtmill.factory.solvers.arithmetic import evaluate

VALUES = {
    "24": "24",
    "48/2": "24",
    "1/3 + 1/6": "1/2",
    "2 + 3 * 4": "14",
    "(2 + 3) * 4": "20",
    "[2 + 3] × 4 ÷ 5": "4",
    "10 - 4 - 3": "3",
    "100 / 10 / 2": "5",
    "17 // 5": "3",
    "17 % 5": "2",
    "-17 // 5": "-4",
    "17 % (2 + 3)": "2",
    "20%": "1/5",
    "50% * 30": "15",
    "30 * 50%": "15",
    "100 - 20% ": "499/5",
    "(20 + 5)% * 8": "2",
    "2^3^2": "512",
    "-2^2": "-4",
    "(-2)**2": "4",
    "2^-1": "1/2",
    "10^2 * 3": "300",
    "2(3 + 4)": "14",
    "(2)(3)": "6",
    "--3": "3",
    "5 - -3": "8",
    "5 \N{MINUS SIGN} 3": "2",
    "$1,250.50 * 2": "2501",
    ".5*4": "2",
    "1e3 + 1": "1001",
    "0.1 + 0.2": "3/10",
}

NO_VALUE = [
    *(
        "",
        " ",
        "+",
        "3 +",
        "* 3",
        "3 4",
        "3 apples",
        "(3",
        "3)",
        "()",
        "3 + * 4",
        "x",
        "2x",
        "1/0",
        "5 % 0",
        "5 // 0",
    ),
    *(
        "0^-1",
        "2^0.5",
        "1.2.3",
        "3,45",
        "a+b",
        "3 == 3",
        "3 = 3",
        "1 < 2",
        "3;4",
        "'3'",
        "2**",
        "%",
        "5%%",
        "# 3",
    ),
    *(
        "__import__('os').system('true')",
        "().__class__",
        "lambda: 3",
        "factorial(5)",
        "print(3)",
        "nan",
        "inf",
        "1_000",
    ),
]


@pytest.mark.parametrize(("expression", "expected"), VALUES.items())
def test_an_expression_has_its_exact_value(expression: str, expected: str) -> None:
    assert evaluate(expression) == Fraction(expected)


@pytest.mark.parametrize("expression", NO_VALUE)
def test_anything_else_has_no_value(expression: str) -> None:
    assert evaluate(expression) is None


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "9**9**9",
            "9^9^9^9",
            "(9^400)^400",
            "2^(10^9)",
            "1e1000000000",
            "10^400 * 10^400 * 10^400",
            "2^401",
        ),
        *(
            "(" * 100_000,
            "-" * 100_000 + "1",
            "1+" * 100_000 + "1",
            "(" * 60 + "1" + ")" * 60,
            "2^" * 100 + "1",
        ),
    ],
)
def test_an_expression_that_asks_for_too_much_is_refused_at_once(expression: str) -> None:
    assert evaluate(expression) is None


fractions = st.fractions(-1000, 1000, max_denominator=100)


@pytest.mark.parametrize(
    "simple", ["7", "(7)", "0 / 5", "5/0", "(3)-(5)", "3 - 5", "007*2", "9 +(1)", "(8)/ (6)"]
)
def test_a_short_expression_has_the_value_that_the_grammar_gives(simple: str) -> None:
    assert evaluate(simple) == evaluate(f"0 + ({simple})")


@settings(max_examples=200, deadline=None)
@given(fractions, fractions, st.sampled_from("+-*/"))
def test_two_fractions_are_put_together_as_python_does(one: Fraction, other: Fraction, operator: str) -> None:
    expected = {
        "+": lambda: one + other,
        "-": lambda: one - other,
        "*": lambda: one * other,
        "/": lambda: one / other if other else None,
    }[operator]()
    assert evaluate(f"({one}) {operator} ({other})") == expected


@settings(max_examples=300, deadline=None)
@given(st.text("0123456789.+-*/%^() ,$e", max_size=40) | st.text(max_size=40))
def test_no_text_raises(expression: str) -> None:
    assert isinstance(evaluate(expression), Fraction | None)
