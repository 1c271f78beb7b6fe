"""A problem and a rationale are held against each other without the gold answer."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.answers.reading import read
from thoughtmill.factory.solvers.checks import Check, Outcome, checked
from thoughtmill.factory.solvers.checks import gold_free as module

PROBLEM = (
    "Tom has 12 apples in three bags at $1,250 each, 25% of them red. One is bad. How many boys can share?"
)


def numbers_used(problem: str, rationale: str) -> Check:
    return module.numbers_used(rationale, problem, Outcome(Answer("1"), None))


def numbers_known(problem: str, rationale: str) -> Check:
    return module.numbers_known(rationale, problem, Outcome(Answer("1"), None))


def whole_people(problem: str, answer: str | None) -> Check:
    return module.whole_people("", problem, Outcome(answer and Answer(answer), None))


def sign(problem: str, answer: str | None) -> Check:
    return module.sign("", problem, Outcome(answer and Answer(answer), None))


def checks(problem: str, rationale: str, answer: str | None) -> tuple[Check, ...]:
    """Return the checks of a program that hold it against its problem."""
    return checked("equations", rationale, problem, Outcome(answer and Answer(answer), None)).checks[:4]


@pytest.mark.parametrize(
    "rationale",
    [
        "12 / 3 = 4, then 1,250 * 0.25",
        "twelve in 3, 1250, and 75% are green",
        "a = 12\nb = 3\nc = 1250\nd = 1 - 25/100",
        "12-3 leaves 9; 1250*1.25",
    ],
)
def test_every_number_of_the_problem_is_used_in_some_form(rationale: str) -> None:
    assert numbers_used(PROBLEM, rationale).passed is True


def test_numbers_of_the_problem_that_are_left_out_are_named() -> None:
    check = numbers_used(PROBLEM, "12 / 3 = 4")
    assert (check.check, check.passed, check.detail) == ("numbers_used", False, "not used: 1250, 25")


def test_one_and_half_are_words_and_not_numbers_to_use() -> None:
    assert numbers_used("One of them lost half. Is it so?", "yes").passed is None


def test_results_of_steps_and_universal_numbers_are_known() -> None:
    assert (
        numbers_known(PROBLEM, "12 * 3 = 36, 36 + 1250 = 1286, in 60 minutes, 100 - 25 = 75").passed is True
    )


def test_a_number_in_a_calculators_mark_alone_is_not_asked_about() -> None:
    assert numbers_known(PROBLEM, "12 * 3 = <<12*3=36>>36").passed is True


def test_a_number_from_nowhere_is_named() -> None:
    check = numbers_known(PROBLEM, "12 * 17 = 204")
    assert (check.passed, check.detail) == (False, "from nowhere: 17")


def test_a_rationale_without_numbers_has_none_to_know() -> None:
    assert numbers_known(PROBLEM, "It is clear.").passed is None


@pytest.mark.parametrize(
    ("problem", "answer", "passed"),
    [
        ("How many children come?", "3", True),
        ("How many children come?", "7/2", False),
        ("How many of her best friends came?", "2.5", False),
        ("How many miles do the children run?", "2.5", None),
        ("How much does it cost?", "2.5", None),
        ("How many people came?", None, None),
    ],
)
def test_people_are_whole(problem: str, answer: str | None, passed: bool | None) -> None:
    assert whole_people(problem, answer).passed is passed


@pytest.mark.parametrize(
    ("problem", "answer", "passed"),
    [
        ("How many apples are left?", "3", True),
        ("How many apples are left?", "-3", False),
        ("What is the temperature now?", "-3", True),
        ("It was -5 then. And now?", "-3", True),
        ("What is the change in weight?", "-3", True),
        ("How many apples are left?", None, None),
    ],
)
def test_an_answer_below_zero_surprises_unless_the_problem_speaks_of_such(
    problem: str, answer: str | None, passed: bool | None
) -> None:
    assert sign(problem, answer).passed is passed


def test_numbers_from_nowhere_and_broken_people_tell_wrong_chains_from_right_ones(shared_data: Path) -> None:
    rows = [json.loads(line) for line in (shared_data / "replay" / "cot.jsonl").open()]
    flagged = {"numbers_known": [0, 0], "whole_people": [0, 0], "sign": [0, 0]}
    for row in rows:
        found = read(row["completion"])
        for check in checks(row["problem"], row["completion"], found.answer if found else None):
            if check.check in flagged and check.passed is False:
                flagged[check.check][row["published_correct"]] += 1
    assert flagged["numbers_known"][0] > 10 * flagged["numbers_known"][1]
    assert flagged["whole_people"][0] >= 6
    assert flagged["whole_people"][1] == 0
    assert flagged["sign"][0] >= 20
    assert flagged["sign"][1] == 0


@settings(max_examples=200, deadline=None)
@given(st.text("0123456789.,-/%$ aeno*=", max_size=60), st.text("0123456789.,-/%$ aeno*=", max_size=60))
def test_no_text_raises(problem: str, rationale: str) -> None:
    assert len(checks(problem, rationale, "1/2")) == 4
