"""Equalities are found in sentences, and what may hold an unknown is left alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thoughtmill.factory.solvers.equalities import find

FOUND = {
    "48/2=24": "48/2=24",
    "So 48 / 2 = 24 clips": "48/2=24",
    "$1.50 + $4.35 = $5.85": "1.50+4.35=5.85",
    "7 votes * 3 = 21 votes": "7*3=21",
    "15 winning numbers * $20 per winning number = $300": "15*20=300",
    "$256 fine / $16 for each mile = 16": "256/16=16",
    "4 feet / 12 inches/foot = 0.333": "4/12=0.333",
    "3 x 4 = 12 and 2X5=10": "3*4=12 2*5=10",
    "3 × 4 ÷ 2 = 6": "3*4/2=6",
    "18 \N{MINUS SIGN} 6 = 12": "18-6=12",
    r"$3 \times 4 = 12$": "3*4=12",
    "50% of 30 = 15": "50%*30=15",
    "20 percent of $30 = $6": "20%*30=6",
    "1/2 of 30 = 15": "1/2*30=15",
    "2 1/2 * 4 = 10": "(2+1/2)*4=10",
    "2(3 + 4) = 14": "2(3+4)=14",
    "the total (5 + 3 = 8)": "5+3=8",
    "5 apples (3 + 2 = 5)": "3+2=5",
    "3 + 4 = 7 * 2 = 14": "3+4=7*2 7*2=14",
    "- 5 + 3 = 8": "5+3=8",
    "1. 5 + 3 = 8": "5+3=8",
    "**5 + 3 = 8**": "5+3=8",
    "Total: 5 + 3 = 8.": "5+3=8",
    "her 3-point shots come to 3 x 2 = 6": "3*2=6",
    "12 hours - 2 hours ≈ 10 hours": "12-2=10",
    "-5 + 3 = -2": "-5+3=-2",
}

NOT_FOUND = [
    *(
        "",
        "=",
        "x = 5",
        "5 = 5",
        "no equality 3 + 4",
        "5 * y = 10",
        "y * 5 + 3 = 13",
        "2x + 9 = 15",
        "3U + 9 = 411",
    ),
    *(
        "Kelsey + 5 - 3 = 134",
        "twice 5 = 10",
        "three * 4 = 12",
        "11 - x = 0",
        "6:00 + 18 = 24",
        "2:38-2:15=23",
    ),
    *(
        "July19-December31=92",
        "$80 000 x 20 = 1",
        "500-half=250",
        "3 + 4 =",
        "= 3 + 4",
        "3 = 4",
        "400-250=x",
    ),
]


@pytest.mark.parametrize(("line", "expected"), FOUND.items())
def test_a_calculation_in_a_sentence_is_found_without_its_units(line: str, expected: str) -> None:
    assert " ".join(f"{found.left}={found.right}" for found in find(line)) == expected


@pytest.mark.parametrize("line", NOT_FOUND)
def test_what_is_no_calculation_of_numbers_is_not_found(line: str) -> None:
    assert list(find(line)) == []


def test_a_chained_equality_opens_with_what_the_calculation_before_it_comes_to() -> None:
    first, second = find("7 + 2 = 9 * 3 = 27")
    assert (first.right, first.opening) == ("9*3", "9")
    assert (second.left, second.right, second.opening) == ("9*3", "27", "27")


@settings(max_examples=300, deadline=None)
@given(st.text("0123456789.,+-*/x=()% \nabof$^:_|?", max_size=60) | st.text(max_size=60))
def test_no_text_raises_and_both_sides_hold_nothing_but_arithmetic(text: str) -> None:
    for found in find(text):
        assert not set(found.left + found.right) & set("|?_=ab ")


def test_a_long_row_of_units_is_read_in_linear_time() -> None:
    # so long that a way of reading it that is not linear would take hours
    assert list(find("2 = 1" + "/halfdoze" * 400_000 + " 3")) == []
