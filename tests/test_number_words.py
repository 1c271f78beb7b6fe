"""Numbers are read in words where a whole text is one."""

from fractions import Fraction

import pytest

from thoughtmill.factory.answers.number import canonical
from thoughtmill.factory.answers.number_words import in_words


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("five", 5),
        ("Twenty-One", 21),
        ("one hundred and five", 105),
        ("half a dozen", 6),
        ("two and a half", Fraction(5, 2)),
        ("minus two thirds", Fraction(-2, 3)),
    ],
)
def test_a_number_in_words_has_its_value(text: str, number: Fraction) -> None:
    assert in_words(text) == number
    assert canonical(rf"$\text{{{text}}}$.") == canonical(str(number))


@pytest.mark.parametrize(
    "text", ["", "a", "no", "five or six", "five apples", "the third", "one" * 9, "ten " * 99]
)
def test_other_words_are_no_number(text: str) -> None:
    assert in_words(text) is None
