"""Answer kinds: each is one module, and whoever compares answers goes through the registry."""

import re

import pytest

from thoughtmill.factory.answers import ANY, KINDS, Answer, Comparison, answer_of, compared, equal
from thoughtmill.factory.core.errors import ThoughtmillError

TEXTS = [
    *(
        "1,250",
        "0.50",
        "2/6",
        "-3",
        "$18.00",
        "2 1/2",
        "1e-3",
        "ten",
        "",
        "x",
        "(C)",
        "9 a.m.",
        "2:3",
        "1011_2",
    ),
    *("[0, 1)", r"(-\infty, 2) \cup (3, \infty)", "(1, 2)", r"\{1, 2\}", "1, 2", r"x = \pm 2", "12 cm"),
    *(r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", r"12\text{ m}^2", "x >= 5", r"\text{Tuesday}", "June 20"),
]


@pytest.mark.parametrize("kind", KINDS.names())
def test_what_is_canonical_stays_as_it_is_matches_the_pattern_and_equals_itself(kind: str) -> None:
    found = [answer for answer in (answer_of(text, [kind]) for text in TEXTS) if answer is not None]
    assert found
    for answer in found:
        assert answer_of(answer.text, [kind]) == answer
        assert re.fullmatch(KINDS.named(kind).PATTERN, answer.text)
        assert compared(answer, answer) == Comparison(True, "text")


def test_numbers_are_the_default() -> None:
    assert (answer_of("1,250.0"), answer_of("many")) == (Answer("1250", "number"), None)
    assert equal(Answer("0.3333"), Answer("1/3"))


def test_a_comparison_names_the_rule_that_decided() -> None:
    assert compared(Answer("1/3"), Answer("1/3")) == Comparison(True, "text")
    assert compared(Answer("0.3333"), Answer("1/3")) == Comparison(True, "number")
    assert compared(Answer("0.333"), Answer("1/3")) == Comparison(False, "number")


def test_an_unknown_kind_is_named_with_those_there_are() -> None:
    with pytest.raises(ThoughtmillError, match="unknown answer kind `colour`; there are: number, choice"):
        answer_of("red", ["colour"])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (r"(B)\ 12", "B", True),
        ("25 km/h", "25", True),
        ("AB = 5", "5", True),
        (r"P(A) = \frac13", "1/3", True),
        ("AB = 5", "6", False),
        ("AB = 5", "BC = 5", False),
        ("xy = 5", "5", False),
    ],
)
def test_the_name_or_unit_of_a_value_and_the_value_of_a_choice_may_be_left_out(
    one: str, other: str, same: bool
) -> None:
    left, right = answer_of(one, ANY), answer_of(other, ANY)
    assert left is not None
    assert right is not None
    assert compared(left, right).equal is compared(right, left).equal is same
