"""A phrase states one number, or it states none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thoughtmill.factory.answers.number import canonical
from thoughtmill.factory.answers.statements import leads, mentions, plain, stated

STATED = {
    "24": "24",
    "24.": "24",
    "24 apples": "24",
    "$18,000. She is rich": "18000",
    "114,200 dollars per year": "114200",
    r"\$18.00": "18",
    r"114{,}200": "114200",
    r"114\,200": "114200",
    "**24**": "24",
    "`24`": "24",
    r"\frac{1}{2}": "0.5",
    r"-\dfrac{3}{4}": "-0.75",
    r"2\frac12": "2.5",
    r"\frac{1}{3} \text{ cup}": "1/3",
    r"x = 5": "5",
    r"\( 7 \)": "7",
    r"1.5 \times 10^{3}": "1500",
    r"25\%": "25",
    "25%": "25",
    "25% = 0.25": "0.25",
    "about 33.33": "33.33",
    "≈ 12": "12",
    "3 + 4 = 7": "7",
    "4 * 6 = 24 marbles, since 4 bags": "24",
    "18 dollars per day for 3 days": "18",
    "18, which is 3 times 6": "18",
    "0.5 (50%)": "0.5",
    "24 cm^2": "24",
    "twenty-four": "24",
    "a dozen eggs": "12",
    "two dozen": "24",
    "5 dozen": "5",
    "2 million dollars": "2000000",
    "In 3 weeks she saves 45 dollars": "45",
    "3 hours and 30 minutes": "3.5",
    "3 hours 20 minutes": "10/3",
    "6 feet 3 inches": "6.25",
    "5 dollars and 25 cents": "5.25",
    "\N{MINUS SIGN}3 degrees": "-3",
    "5 one way": "5",
    "negative 5": "-5",
    "minus $5.50": "-5.5",
    "the loss is negative twelve dollars": "-12",
    "negative-sounding, 5": "5",
    "- 2": "-2",
    "- 2 dollars": "-2",
    "1 250": "1250",
    "1 250 apples": "1250",
    "$118 000 in all": "118000",
    "in all 118 000": "118000",
    "1'250": "1250",
    "12\N{NO-BREAK SPACE}500 km": "12500",
    "10,00,000": "1000000",
    "3,5": "3.5",
    "12,50 €": "12.5",
    "0,125": "0.125",
    "1.250,50": "1250.5",
    "14/3 or 4.67": "14/3",
    "4.67 or 14/3 hours": "14/3",
    "3.5 or 7/2": "3.5",
    "15 hours to read 3 books": "15",
    "56 6-inch pencils": "56",
}

REFUSED = [
    *(
        "12 or 13",
        "12 or 12.4",
        "14/3 or 4.5",
        "(3,5)",
        "12 to 13",
        "3-5 apples",
        "3 - 5",
        "between 3 and 5",
        "12, 13",
        "12 apples or maybe 13",
        "3 and 4",
        "1.000.000",
        "1/3 of 12",
        "20% of $50",
    ),
    *(
        "12 but not 13",
        "5 out of 8",
        "3:30",
        "3:2",
        "12 ± 1",
        "12/13/14",
        "5 apples, 3 oranges",
        "1_250",
        "0x10",
        "5x3",
        "5²",
        "5 squared",
        "4 by 6",
    ),
    *(
        "5 * 1",
        "10 - 3",
        "10 +",
        "2x",
        "3n",
        "5 + y",
        "2 * (",
        "10 - John's age",
        "x = 5, y = 3",
        "x = 5 or x = 6",
    ),
    *(r"2\sqrt{3}", r"3\pi", r"5 \pm 1", "1,234,5678", "5k", "3M", "2^10", "3 hours 30 minutes 20 seconds"),
    *("", "none", "x", r"\text{B}", "inf", "nan"),
]


@pytest.mark.parametrize(("span", "expected"), STATED.items())
def test_a_right_answer_in_unusual_dress_is_read(span: str, expected: str) -> None:
    assert stated(span) == expected


@pytest.mark.parametrize("span", REFUSED)
def test_what_is_no_single_number_is_refused(span: str) -> None:
    assert stated(span) is None


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ("6 and 8 together make 14", "14"),
        ("3 + 4 = 7 and 7 * 2 = 14 apples", "14"),
        ("from 12 to 13", None),
        ("she pays 5 * 1", None),
        ("he sold 15, which is 30% of 50", None),
        ("x = 5 or x = 6", None),
    ],
)
def test_the_last_number_of_a_sentence_is_read_when_asked_for(span: str, expected: str | None) -> None:
    assert stated(span, last=True) == expected


def test_a_phrase_leads_with_a_number_but_for_small_words() -> None:
    assert leads("about $24 a day")
    assert not leads("Step 2")
    assert not leads("none")


def test_a_phrase_mentions_a_number_in_figures_or_words() -> None:
    assert mentions("Step 2")
    assert mentions("two steps")
    assert not mentions("no steps")


def test_dress_is_taken_off_and_words_stay() -> None:
    assert plain(r"**\$5** \text{each}") == " $5   {each}"


@settings(max_examples=300, deadline=None)
@given(
    st.text(r"0123456789.,/-+*=$%\{}() abdefimnorstuwxyz½:", max_size=60) | st.text(max_size=60),
    st.booleans(),
)
def test_no_phrase_raises_and_what_is_stated_is_canonical(span: str, last: bool) -> None:
    answer = stated(span, last)
    assert answer is None or canonical(answer) == answer
