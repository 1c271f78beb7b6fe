"""Whatever type a number has, its text says it exactly; what is no number says so."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

from thoughtmill.factory.solvers.program.values import ProgramValue, read_text, read_value


class LyingInt(int):
    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __str__(self) -> str:
        return "99"

    __repr__ = __str__


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (18, "18"),
        (-3, "-3"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e16, "1e+16"),
        (Fraction(1, 3), "1/3"),
        (Decimal("1.50"), "1.50"),
        (complex(3, 0), "3.0"),
        ([7], "7"),
        ((7,), "7"),
        ({7}, "7"),
        ({"x": 7}, "7"),
        ([[7]], "7"),
        (LyingInt(7), "7"),
        (np.int64(5), "5"),
        (np.float64(2.5), "2.5"),
        (np.float32(2.5), "2.5"),
        (np.array([4]), "4"),
        (np.array(4.5), "4.5"),
        (sympy.Integer(5), "5"),
        (sympy.Rational(1, 3), "1/3"),
        (sympy.sqrt(4), "2"),
        (sympy.Float("2.5"), "2.5"),
        (sympy.FiniteSet(3), "3"),
        ({sympy.Symbol("x"): sympy.Integer(3)}, "3"),
    ],
)
def test_a_number_of_any_type_is_read(value: Any, text: str) -> None:
    assert read_value(value) == ProgramValue("number", text)


@pytest.mark.parametrize(
    "value",
    [True, [], {}, object(), len, b"5", range(3), pytest.param(10**5000, id="huge"),
     np.bool_(True), sympy.true, [[[[[1]]]]]],
)  # fmt: skip
def test_what_is_no_number_is_read_as_none(value: Any) -> None:
    assert read_value(value).kind == "other"


def test_none_and_text_are_told_apart_from_both() -> None:
    assert read_value(None).kind == "none"
    assert read_value("18 dollars") == ProgramValue("text", "18 dollars")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("18", "18"),
        ("$18.00", "18.00"),
        ("-$5", "-5"),
        ("$-5", "-5"),
        ("18 dollars", "18"),
        ("Total: 1,250,000 people.", "1250000"),
        ("50%", "50"),
        ("3/4 of a cup", "3/4"),
        ("1e3", "1e3"),
        (".5", ".5"),
        ("first 1\nthen 2", "2"),
        ("12 or 13", None),
        ("12_000", None),
        ("7 - 3", None),
        ("1,2", None),
        ("many", None),
        ("", None),
        ("<function f at 0x7f>", None),
    ],
)
def test_one_number_in_the_last_line_is_read_and_several_are_refused(text: str, number: str | None) -> None:
    assert read_text(text) == number


def test_of_a_very_long_line_no_part_is_taken_for_its_number() -> None:
    assert read_text("9" * 1000) == "9" * 1000
    assert read_text("9" * 1001) is None
    assert read_text("12 or " + " " * 1000 + "13") is None
    assert read_text("x" * 5000 + "\n18\n\n") == "18"


def test_what_sympy_returns_beyond_a_number_is_written_in_latex() -> None:
    x, y = sympy.symbols("x y")
    for value, text in (
        (x**2 + 1, "x^{2} + 1"),
        (sympy.Interval(0, 1, left_open=True), r"\left(0, 1\right]"),
        (sympy.solve(x**2 - 2), r"- \sqrt{2}, \sqrt{2}"),
        (sympy.solve([x + y - 3, x - y - 1]), "(2, 1)"),
        (sympy.Tuple(1, 2), "(1, 2)"),
        (sympy.Eq(x, 2), "x = 2"),
        (sympy.solve(x**2 < 4), r"\left(-2, 2\right)"),
        (sympy.Poly(x**2 + 1), "x^{2} + 1"),
        (np.array([[1, 2], [3, 4]]), r"\left[\begin{matrix}1 & 2\\3 & 4\end{matrix}\right]"),
        ([[1, 2], [3, 4]], "(1, 2), (3, 4)"),
    ):
        assert read_value(value) == ("mathematics", text)


def test_a_closed_form_crosses_as_a_decimal_and_exactly() -> None:
    assert read_value(2 * sympy.sqrt(5)) == ("closed", "4.47213595499958 2 \\sqrt{5}")


def test_containers_are_written_part_by_part_and_with_their_own_brackets() -> None:
    assert read_value((1, 2.5, Fraction(1, 3))) == ("mathematics", "(1, 2.5, 1/3)")
    assert read_value([(1, 2), (3, 4)]) == ("mathematics", "(1, 2), (3, 4)")
    assert read_value({3, 1}) == ("mathematics", r"\{1, 3\}")
    assert read_value(3 - 4j) == ("mathematics", "3 - 4i")


def test_what_is_no_mathematics_or_too_long_is_named_by_its_type() -> None:
    for value in ([True, 1], [1] * 100, ["1" * 900] * 2, [object(), 1], [[[[[1, 2], 1], 1], 1], 1]):
        assert read_value(value) == ("other", "list")
