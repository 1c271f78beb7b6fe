"""Numbers have one canonical text, and equal answers are equal for a reason."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thoughtmill.factory.answers.number import (
    MAX_LENGTH,
    canonical,
    decimal_places,
    equal,
    exact_text,
    figures,
    fits,
    lorid_grader,
    value,
)

CANONICAL = {
    "24": "24",
    "24.0": "24",
    "24.": "24",
    "+3": "3",
    "-3": "-3",
    "-0": "0",
    "007": "7",
    "1,250": "1250",
    "12,345,678.90": "12345678.9",
    "$18.00": "18",
    "18 €": "18",
    "-$5": "-5",
    "$-5": "-5",
    "1e3": "1000",
    "1.5E-2": "0.015",
    "1/3": "1/3",
    "2 / 6": "1/3",
    "3/4": "0.75",
    "-1/8": "-0.125",
    "0.5/2": "0.25",
    "2 1/2": "2.5",
    "-2 1/2": "-2.5",
    "2½": "2.5",
    "¾": "0.75",
    ".5": "0.5",
    "0.30000000000000004": "0.30000000000000004",
    "\N{MINUS SIGN} 3": "-3",
    "\N{EN DASH}3": "-3",
    "  42\n": "42",
    "1\N{FRACTION SLASH}2": "0.5",
}

NO_NUMBER = [
    *(
        "",
        " ",
        "-",
        ".",
        "$",
        "e3",
        "abc",
        "x = 3",
        "3 apples",
        "25%",
        "nan",
        "inf",
        "-Infinity",
        "None",
        "True",
    ),
    *(
        "12 or 13",
        "12 13",
        "3-5",
        "3,5",
        "1,25",
        "1,2500",
        "12,34,567",
        "1 000",
        "1_000",
        "1.2.3",
        "--3",
        "-$-3",
    ),
    *("1/0", "0/0", "1/2/3", "2 5/2", "1/-3", "0x10", "3+4", "1e", "1e+", "2**3", "[3]", "(3)", "3j"),
]

MARKED = {
    "3 apples": "3",
    "25%": "25",
    "1 000": "1000",
    "1'250": "1250",
    "1/-3": "-1/3",
    "٣": "3",
    "１２": "12",
    "[3]": "3",
    "(3)": "3",
    "#### 7": "7",
    r"\boxed{9}": "9",
    "$9$": "9",
    r"\frac{3}{4}": "0.75",
    r"6\frac15": "6.2",
    r"64,\!328": "64328",
    r"\$32.50": "32.5",
    r"45\%": "45",
    r"10^\circ": "10",
    r"118 \text{ dollars}": "118",
    r"0.\overline{27}": "3/11",
}
"""What `figures` refuses and a gold answer may be."""

SAME = [
    *(("24.0", "24"), ("$1,250", "1250"), ("1/3", "2/6"), ("0.30000000000000004", "0.3"), ("2 1/2", "2.5")),
    *(
        ("23.999999999999996", "24"),
        ("0.3333", "1/3"),
        ("66.67", "200/3"),
        ("66.666666", "200/3"),
        ("24.001", "24"),
    ),
    *(("5.551115123125783e-17", "0"), ("-0.0", "0"), ("33.33", "33.3333333"), ("114200.0001", "114200")),
]

DIFFERENT = [
    *(("2400", "24"), ("0.24", "24"), ("24", "2400"), ("0.5", "50"), ("25", "0.25")),  # x100 and /100
    *(("-24", "24"), ("24", "-24"), ("-1/3", "1/3"), ("-0.001", "0.001")),  # the sign
    *(("1250", "12"), ("12", "1250"), ("1", "1,000"), ("12.50", "1250"), ("3", "3.5")),  # a prefix
    *(
        ("0.333", "1/3"),
        ("0.33", "1/3"),
        ("0.667", "2/3"),
        ("3.14", "22/7"),
        ("16.7", "50/3"),
    ),  # rounded too far
    *(("114201", "114200"), ("114200", "114201"), ("1000000", "1000001"), ("10000", "9999")),  # neighbours
    *(("114204.5", "114200"), ("114205.5", "114200"), ("1234567.1", "1234569")),  # near another whole number
    *(("10001/30000", "1/3"), ("100000/300001", "1/3")),  # fractions that no rounding makes
    *(
        ("0.001", "0"),
        ("1", "0"),
        ("0", "1"),
        ("0", "0.0001"),
        ("1e-9", "0"),
        ("2e-13", "1e-13"),
    ),  # next to nothing
    *(("12 or 13", "12"), ("12 or 13", "13"), ("3-5", "3"), ("12, 13", "12"), ("1,2", "12")),  # two answers
]

NO_ANSWERS = ["", "nan", "inf", "x", "None", "True", "24 apples", "12 or 13", "25%"]


@pytest.mark.parametrize(("text", "expected"), CANONICAL.items())
def test_a_plain_number_has_one_canonical_text(text: str, expected: str) -> None:
    assert canonical(text) == expected


@pytest.mark.parametrize("text", NO_NUMBER)
def test_what_is_not_one_finite_number_has_no_canonical_text(text: str) -> None:
    assert figures(text) is None
    assert text in MARKED or canonical(text) is None


@pytest.mark.parametrize(("text", "number"), MARKED.items())
def test_a_gold_number_may_be_marked_up_and_carry_words_that_count(text: str, number: str) -> None:
    assert canonical(text) == number


@pytest.mark.parametrize(
    "text", ["1e1000000000", "1e-1000000000", "9" * 5000, "1e999/1e-999", "1e" + "9" * 900]
)
def test_a_number_too_long_to_keep_is_refused_before_it_is_built(text: str) -> None:
    assert canonical(text) is None


def test_a_number_too_long_to_write_is_an_error_and_does_not_fit() -> None:
    for huge in (Fraction(10) ** 2000, Fraction(1, 10**MAX_LENGTH), Fraction(2) ** 100_000):
        assert not fits(huge)
        with pytest.raises(ValueError):
            exact_text(huge)
    assert fits(Fraction(10) ** 308)


@pytest.mark.parametrize(
    ("number", "places"), [("7", 0), ("0.1", 1), ("1/8", 3), ("1/25", 2), ("1/12", None)]
)
def test_decimal_places_are_those_of_the_exact_decimal(number: str, places: int | None) -> None:
    assert decimal_places(Fraction(number)) == places


@pytest.mark.parametrize(("one", "other"), SAME)
def test_right_answers_in_other_dress_are_equal(one: str, other: str) -> None:
    assert equal(one, other)
    assert equal(other, one)


@pytest.mark.parametrize(("predicted", "gold"), DIFFERENT)
def test_wrong_answers_that_naive_graders_accept_are_refused(predicted: str, gold: str) -> None:
    assert not equal(predicted, gold)


@pytest.mark.parametrize("text", NO_ANSWERS)
def test_a_text_that_is_no_plain_number_equals_nothing(text: str) -> None:
    assert not any(equal(text, other) or equal(other, text) for other in (text, "0", "1", "24", "12", "25"))


@pytest.mark.parametrize(
    ("predicted", "gold", "verdict"),
    [
        *(("0.24", "24", True), ("2400", "24", True), ("24", "24", True), ("25", "24", False)),
        *(("114201", "114200", True), ("0", "0", True), ("-24", "24", False), ("x", "24", False)),
    ],
)
def test_the_grader_of_lorid_is_as_loose_as_it_is(predicted: str, gold: str, verdict: bool) -> None:
    assert lorid_grader(predicted, gold) is verdict


numbers = st.fractions(max_denominator=10**6) | st.decimals(allow_nan=False, allow_infinity=False).map(
    Fraction
)


@settings(max_examples=200, deadline=None)
@given(numbers.filter(fits))
def test_canonical_text_is_exact_and_its_own_canonical_text(number: Fraction) -> None:
    text = exact_text(number)
    assert value(text) == number
    assert canonical(text) == text


@settings(max_examples=200, deadline=None)
@given(st.text("0123456789.,/eE+-$ ½\N{MINUS SIGN}", max_size=30) | st.text(max_size=30))
def test_no_text_raises_and_what_is_read_is_canonical(text: str) -> None:
    read, marked = figures(text), canonical(text)
    assert read is None or figures(read) == read == marked
    assert marked is None or figures(marked) == marked
    assert equal(text, text) is (read is not None)


@settings(max_examples=200, deadline=None)
@given(st.integers(), st.integers())
def test_two_integers_are_equal_only_when_they_are_the_same(one: int, other: int) -> None:
    assert equal(str(one), str(other)) is (one == other)


@settings(max_examples=200, deadline=None)
@given(numbers.filter(fits), st.fractions(-1, 1, max_denominator=10**5))
def test_equality_does_not_depend_on_the_order(number: Fraction, nudge: Fraction) -> None:
    one, other = exact_text(number), canonical(str(number + nudge)) or "0"
    assert equal(one, other) is equal(other, one)


@pytest.mark.parametrize(
    ("floating", "exact"),
    [("8.333333333333314", "25/3"), ("-3.0833333333333335", "-37/12"), ("17.733333333333338", "266/15")],
)
def test_the_noise_of_floats_is_no_difference(floating: str, exact: str) -> None:
    assert equal(floating, exact)
    assert equal(exact, floating)
    assert not equal(floating + "1", "8.34")
