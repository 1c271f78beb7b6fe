"""Lines of words that introduce names."""

import pytest

from thoughtmill.factory.solvers.equation.declarations import Declaration, declaration


@pytest.mark.parametrize(
    "line",
    [
        "unknowns: x, y",
        "Unknown: total_cost",
        "Let x be the number of apples.",
        "Let x = the number of apples",
        "where p is the price in $",
        "x is the number of positive votes",
        "Variables: a and b",
        "c: cost of one pen",
        "Find the total.",
        "x denotes Tom's age",
        "",
    ],
)
def test_words_that_introduce_names_state_nothing(line: str) -> None:
    assert declaration(line) == Declaration()


@pytest.mark.parametrize(
    ("line", "stated"),
    [
        ("x is positive", Declaration(("x",), ">")),
        ("x is a positive integer.", Declaration(("x",), ">", True)),
        ("x, y are whole numbers", Declaration(("x", "y"), None, True)),
        ("where x and y are both non-negative integers", Declaration(("x", "y"), ">=", True)),
        ("Let n be a natural number", Declaration(("n",), ">=", True)),
        ("number of apples is an integer", Declaration(("number_of_apples",), None, True)),
    ],
)
def test_a_kind_of_number_is_stated_of_its_names(line: str, stated: Declaration) -> None:
    assert declaration(line) == stated


@pytest.mark.parametrize(
    "line",
    [
        "x = 5",
        "2x + 3",
        "x > 0",
        "x",
        "Let y = 2 x + 1",
        "let z = w",
        "import os",
        "a(b) is c",
        "Eq(x, 3)",
    ],
)
def test_a_statement_is_no_declaration(line: str) -> None:
    assert declaration(line) is None


def test_white_space_takes_linear_time() -> None:
    assert declaration("x" + " " * 15_000 + "is" + " " * 4_000 + "positive") == Declaration(("x",), ">")
