"""Mistakes: a wrong plan, a wrong sum in a right plan, or no form at all."""

from fractions import Fraction

import pytest

from thoughtmill.factory.answers import Answer
from thoughtmill.train.measuring.mistakes import MISTAKES, corrected, mistake

GOLD = Answer("10")


@pytest.mark.parametrize(
    ("text", "answer", "failure", "found"),
    [
        ("3 * 4 = 12 nuts.\n12 - 2 = 10 are left.\n#### 10", "10", None, None),
        ("3 * 4 = 13 nuts.\n13 - 2 = 11 are left.\n#### 11", "11", None, "arithmetic"),
        ("3 + 4 = 7 nuts.\n7 - 2 = 5 are left.\n#### 5", "5", None, "logical"),
        ("3 + 4 = 8 nuts.\n8 - 2 = 6 are left.\n#### 6", "6", None, "logical"),
        ("I think it is 11.", "11", None, "logical"),
        ("3 * 4 = 12 nuts.", None, "truncated", "format"),
        ("", None, "empty", "format"),
        ("bags = 3\nans = bags + 4", "7", None, "logical"),
        ("ans = 1 / 0", None, "raised", "logical"),
        ("ans = (", None, "unparsable", "format"),
        ("unknowns: ans, x\nans = x", None, "underdetermined", "logical"),
    ],
)
def test_what_is_wrong_with_a_text(
    text: str, answer: str | None, failure: str | None, found: str | None
) -> None:
    assert mistake(text, answer and Answer(answer), failure, GOLD) == found
    assert found is None or found in MISTAKES


def test_a_right_answer_is_right_however_it_was_come_to() -> None:
    assert mistake("3 * 4 = 13 nuts, so 10.", Answer("10"), None, GOLD) is None


def test_a_wrong_sum_is_mended_wherever_it_is_used_later() -> None:
    chain = "2 * 3 = 7 nuts.\n7 + 7 = 15 nuts.\n15 - 1 = 14 nuts."
    assert corrected(chain) == 11


def test_a_mended_value_keeps_its_sign_and_its_exactness() -> None:
    assert corrected("5 - 8 = 3 nuts.\n10 - 3 = 7 nuts.") == 13
    assert corrected("7 / 3 = 2.5 nuts.\n2.5 * 3 = 7.5 nuts.") == 7


def test_a_number_that_only_looks_alike_is_left_as_it_stands() -> None:
    assert corrected("3 * 4 = 13 nuts.\n130 - 2 = 128 nuts.") == 128


def test_a_chain_without_steps_has_no_plan() -> None:
    assert corrected("They have ten nuts.\n#### 10") is None
    assert corrected("8 / 2 = 4 nuts.") == Fraction(4)
