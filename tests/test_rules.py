"""Rules are general: they hold no number, name or thing of their problem, and never its answer."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.solvers.checks import Check
from thoughtmill.factory.solvers.checks import rules as module
from thoughtmill.factory.solvers.outcome import Outcome

PROBLEM = (
    "Tom has 12 apples in three bags at $1,250 each, 25% of them red. One is bad. How many boys can share?"
)
TRIP = (
    "Ida and Mr. Okafor drive from Lagos to Abuja on Monday. They carry 23 melons and 8 children for 9 hours."
)


def general(problem: str, rules: str) -> Check:
    return module.general(rules, problem, Outcome(None, None))


def names(problem: str, rules: str) -> Check:
    return module.names(rules, problem, Outcome(None, None))


@pytest.mark.parametrize(
    "rules",
    [
        "The total of equal groups is the number of groups times the size of one group.",
        "Divide the difference between the two amounts by one hundred percent.",
        "An hour has 60 minutes.",
        "Half of a whole is the whole divided by 2.",
    ],
)
def test_general_rules_hold_no_number_of_their_problem(rules: str) -> None:
    assert general(PROBLEM, rules).passed is True


@pytest.mark.parametrize(
    ("rules", "detail"),
    [
        ("Divide by 12.", "numbers of the problem: 12"),
        ("Divide by twelve.", "numbers of the problem: 12"),
        ("Take 25% of 1250.", "numbers of the problem: 25, 1250"),
        ("A dozen is 12.", "numbers of the problem: 12"),
    ],
)
def test_rules_that_name_a_number_of_the_problem_are_not_general(rules: str, detail: str) -> None:
    check = general(PROBLEM, rules)
    assert (check.passed, check.detail) == (False, detail)


def test_a_universal_number_is_free_when_the_problem_writes_it_in_words_alone() -> None:
    assert general("He bought a dozen eggs.", "A dozen is 12.").passed is True
    assert general("He bought 12 eggs.", "A dozen is 12.").passed is False
    assert general("He bought seventeen eggs.", "Add 17.").passed is False


def test_a_rule_may_say_one_hundred_in_words_though_the_problem_has_the_number() -> None:
    assert general("He pays with $100.", "A percentage is divided by one hundred.").passed is True
    assert general("He pays with $100.", "A percentage is divided by 100.").passed is False


@pytest.mark.parametrize(
    "rules",
    ["Divide by １２.", "Divide by ⑫.", "Divide by XII.", "Divide by 1 2.", "Divide by 10+2.", "Take १२."],
)
def test_a_number_in_disguise_is_the_number(rules: str) -> None:
    assert general(PROBLEM, rules).passed is False


@pytest.mark.parametrize(
    "rules",
    [
        "A MIX is a sum.",
        "In steps 1 2 3 add.",
        "1 + 1 is two.",
        "I divide.",
        "XIII is no number of it.",
        "3.1 2.5",
    ],
)
def test_what_only_looks_like_a_number_in_disguise_is_none(rules: str) -> None:
    assert general(PROBLEM, rules).passed is True


@pytest.mark.parametrize(
    ("rules", "detail"),
    [
        ("Double what Ida carries.", "of the problem: Ida"),
        ("Okafor's share is the rest.", "of the problem: Okafor"),
        ("The way to Abuja is speed times time.", "of the problem: Abuja"),
        ("Subtract the melons that are lost; a melon weighs more.", "of the problem: melons, melon"),
        ("Each child gets its share of the children's food.", "of the problem: children"),
    ],
)
def test_rules_that_name_who_where_or_what_are_told(rules: str, detail: str) -> None:
    check = names(TRIP, rules)
    assert (check.passed, check.detail) == (False, detail)


@pytest.mark.parametrize(
    "rules",
    [
        "The distance is the speed times the hours.",
        "They drive on a Monday, so add a day.",
        "Mr. is a title, and from is a word.",
        "The total is the sum of its parts.",
    ],
)
def test_measures_days_and_the_words_of_rules_name_nothing(rules: str) -> None:
    assert names(TRIP, rules).passed is True


def test_a_name_is_no_name_where_a_sentence_begins_or_the_word_is_common() -> None:
    assert names("A Rose is a rose.", "A Rose.").passed is True
    assert names("Divide it. May is a month.", "Divide by May.").passed is True


@pytest.mark.parametrize(
    ("rules", "gold"),
    [
        ("Add the two parts, which gives 23 marbles.", "23"),
        ("The sum is twenty-three.", "23"),
        ("Add 20 + 3.", "23"),
        ("It is ２３.", "23"),
        ("The answer is 12.", "12"),
        ("Halve it, which leaves 5 of them.", "5"),
        ("It is 7.5 in all.", "7.5"),
        ("So it is XXIII.", "23"),
    ],
)
def test_rules_that_state_the_answer_leak_it(rules: str, gold: str) -> None:
    check = module.leaks_answer(rules, PROBLEM, Answer(gold))
    assert (check.passed, check.detail) == (False, f"states {gold}")


@pytest.mark.parametrize(
    ("rules", "gold"),
    [
        ("An hour has 60 minutes.", "60"),
        ("Divide by 2.", "2"),
        ("A dozen is 12.", "12"),
        ("Add the two parts.", "2"),
        ("Divide by 24.", "23"),
        ("Add.", "23"),
    ],
)
def test_everyday_numbers_leak_nothing_unless_they_are_said_to_be_a_result(rules: str, gold: str) -> None:
    assert module.leaks_answer(rules, PROBLEM, Answer(gold)).passed is True


def test_an_answer_that_is_no_number_leaks_where_it_is_written() -> None:
    assert module.leaks_answer("So it is 2x + 3.", "", Answer("2x+3", "expression")).passed is False
    assert module.leaks_answer("So it is x.", "", Answer("x", "expression")).passed is True


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.text("XIVM 0123456789+-*/.,⑫ABab", max_size=60), st.text(max_size=60))
def test_no_text_raises(rules: str, problem: str) -> None:
    assert general(problem, rules).check == "general"
    assert names(problem, rules).check == "names"
    assert module.leaks_answer(rules, problem, Answer("23")).check == "leaks_answer"


@pytest.mark.parametrize("piece", ["1 ", "1+", "XI", "= 1 ", "answer ", "Ab. ", "1 cats "])
def test_repetition_takes_linear_time(piece: str) -> None:
    text = piece * 5_000
    general(text, text)
    names(text, text)
    module.leaks_answer(text, text, Answer("1"))


def test_the_rules_of_lorids_sample_name_nobody(shared_data: Path) -> None:
    for name in ("gsm8k_train", "math_train"):
        for line in (shared_data / "lorid" / f"{name}.jsonl").open():
            row = json.loads(line)
            assert names(row["question"], "\n".join(row["knowledge"])).passed is True


def test_a_thing_is_a_thing_however_long_the_number_that_counts_it() -> None:
    assert not names(f"There are 1,951{',951' * 20_000} melons in a shop.", "Weigh the melons first.").passed
