"""Numbers are found in running text, in figures and in words."""

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thoughtmill.factory.answers import numbers_in_text
from thoughtmill.factory.answers.numbers_in_text import find

FOUND = {
    "12 red and 3.5 blue": "12 7/2",
    "3-5": "3 5",
    "-5 (-7) $-8 -$9": "-5 -7 -8 -9",
    "$1,250.50, then 12.": "2501/2 12",
    "3/4 cup, 2 1/2 cups, 2½ cups, ½ cup": "3/4 5/2 5/2 1/2",
    "1.5 × 10^3 and 2\\times 10^{-1}": "1500 1/5",
    "1e3 and 2 million": "1000 2000000",
    "x2 B12 v1.2.3": "",
    "60% off": "60",
    "twenty-four": "24",
    "five and three": "5 3",
    "two hundred and six thousand and five": "206005",
    "fifteen hundred": "1500",
    "a dozen, two dozen, half a dozen": "12 24 6",
    "a hundred": "100",
    "half": "1/2",
    "two thirds, a quarter, one third": "2/3 1/4 1/3",
    "3 and a half, three and a half, two and a quarter": "7/2 7/2 9/4",
    "the third quarter of the fifth game": "",
    "hundreds of dozens": "",
    "one hundred dozen": "1200",
    "someone, often, height, sixpence": "",
}


@pytest.mark.parametrize(("text", "expected"), FOUND.items())
def test_numbers_of_a_text_are_found_in_their_order(text: str, expected: str) -> None:
    assert " ".join(str(number.value) for number in find(text)) == expected


def test_a_number_says_where_it_stands_and_how_it_is_written() -> None:
    text = "She has \N{MINUS SIGN}3 degrees and twenty-one coats"
    figure, words = find(text)
    assert (text[figure.start : figure.end], figure.in_words) == ("\N{MINUS SIGN}3", False)
    assert (text[words.start : words.end], words.in_words) == ("twenty-one", True)


def test_a_number_that_is_too_long_is_passed_over() -> None:
    assert [number.value for number in find("1e5000 and 7 and 1×10^9999")] == [7]
    assert find("9" * 5000) == ()


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**12))
def test_every_whole_number_is_found_with_and_without_separators(number: int) -> None:
    assert [found.value for found in find(f"so {number:,} or {number} things")] == [number, number]


WORDS = st.sampled_from(
    "a an and half third thirds one two twenty hundred thousand dozen - 5 1/2 $ . , x".split()
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(WORDS).map(" ".join) | st.text("0123456789.,/eE+-$ ½x^{}", max_size=60) | st.text(max_size=60)
)
def test_no_text_raises_and_numbers_stand_apart_inside_it(text: str) -> None:
    end = 0
    for number in find(text):
        assert end <= number.start < number.end <= len(text)
        assert isinstance(number.value, Fraction)
        end = number.end


def test_a_number_is_found_wherever_the_pattern_finds_one() -> None:
    chance = random.Random("1/places")
    parts = (
        "half a an and two dozen third thirds ½ ¾ 3 10 . , - $ x × ^ 3/4 / e5 million é HALF 1,200 %".split()
    )
    for _ in range(20_000):
        text = "".join(chance.choice((*parts, " ", " ", "_")) for _ in range(chance.randint(1, 12))).lower()
        matches = numbers_in_text._NUMBER.finditer(text)
        figures = [match.start() for match in matches if match["figure"]]
        kept = [number.start for number in find(text) if not number.in_words]
        assert kept == [at for at in figures if at in kept]
        assert len(figures) - len(kept) <= text.count("/")  # only a division by zero has no value
