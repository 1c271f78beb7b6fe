"""Names come from the words around a number, and are always legal, free and meant for nothing else."""

import keyword

import pytest

from thoughtmill.factory.solutions.names import RESERVED, of_given, of_result, unique
from thoughtmill.factory.solutions.quantities import quantities


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ("She sold clips to ", " of her friends in April", "friends"),
        ("He earns $", " an hour", "dollars_per_hour"),
        ("It lost ", "% of its contents before", "percent_of_contents"),
        ("They have ", " duck eggs a day", "duck_eggs_per_day"),
        ("a hat for $", " and", "hat_dollars"),
    ],
)
def test_a_given_is_named_by_what_it_counts(before: str, after: str, name: str) -> None:
    assert of_given(before, after)[0] == name


def test_a_factor_gets_no_name() -> None:
    assert of_given("and ", " times as many") == []


@pytest.mark.parametrize(
    ("before", "expression", "after", "name"),
    [
        ("Natalia sold 48/2 = ", "48 / 2", " clips in May.", "clips"),
        ("In total they have 2+3 = ", "2 + 3", " clips.", "total_clips"),
        ("In total 5-3 = ", "5 - 3", " clips were sold", "clips"),
        ("He has 9-4 = ", "9 - 4", " stickers left.", "stickers_left"),
        ("The final price comes to 67 - 4 = $", "67 - 4", ".", "final_price"),
        ("He will earn 2*7 = $", "2 * 7", "", "earned"),
    ],
)
def test_a_result_is_named_by_its_sentence(before: str, expression: str, after: str, name: str) -> None:
    assert of_result(before, expression, after)[0] == name


def test_a_result_without_words_has_no_name_of_its_own() -> None:
    assert of_result("", "28 + 36", "") == []
    assert unique([], {"step_1"}) == "step_2"


def test_a_taken_name_gives_way_to_the_longer_one_and_then_to_a_number() -> None:
    assert unique(["legs", "goats_legs"], {"legs"}) == "goats_legs"
    assert unique(["legs", "goats_legs"], {"legs", "goats_legs"}) == "legs_2"


@pytest.mark.parametrize("word", ["class", "sum", "ans", "answer", "lambda", "match", "unknowns"])
def test_a_word_that_means_something_else_is_never_a_name(word: str) -> None:
    assert word in RESERVED
    name = unique([word], ())
    assert name not in RESERVED
    assert name.isidentifier()
    assert not keyword.iskeyword(name)


def test_words_in_other_scripts_give_a_legal_name_or_none() -> None:
    for text in (" çay bardağı", " 杯", " naïve cafés"):
        assert all(name.isascii() and name.isidentifier() for name in of_given("He drinks ", text))


def test_numbers_of_a_problem_are_read_as_digits_words_and_implied_factors() -> None:
    found = [str(one.value) for one in quantities("Two cats, 1,250 dogs, half a pie, .5 kg and $3.50.")]
    assert found == ["2", "1250", "2", "1/2", "7/2"]


def test_a_percentage_is_also_its_hundredth() -> None:
    found = [(str(one.value), one.names[0]) for one in quantities("She saves 20% of her income.")]
    assert found == [("20", "percent_of_income"), ("1/5", "share_of_income")]


def test_an_implied_factor_has_a_value_and_no_name() -> None:
    (found,) = quantities("twice as many")
    assert (found.value, found.names) == (2, ())


def test_a_number_is_not_named_after_what_an_earlier_number_counts() -> None:
    assert of_given("a console that costs $600 and he spent $", " on a car")[0] == "dollars"
    assert of_given("a console that costs $", " and he spent $340")[0] == "console_dollars"
    assert of_given("28 cats and some dogs before she gave ", " of the cats away") == ["cats"]


def test_a_difference_is_not_named_after_who_has_it() -> None:
    assert of_given("Richmond has ", " more people than Victoria") == ["more_people"]
    assert of_given("Johanna has ", " fewer turtles than Owen") == ["fewer_turtles"]
    assert of_given("The pot costs $", " more than the flower") == ["more_dollars"]
    assert of_given("He has ", " more than twice as many") == []
    assert of_given("Dewei picked up ", " pounds less than Daliah") == ["less_pounds"]


def test_a_result_is_not_named_after_a_noun_behind_a_preposition() -> None:
    assert of_result("The price before the deduction is 8+5 = $", "8 + 5", ".")[0] == "price"
    assert of_result("After the trip was over he paid 8+5 = $", "8 + 5", ".")[0] == "paid"
    assert of_result("She earns before tax 8+5 = $", "8 + 5", ".")[0] == "earned"


def test_a_result_is_not_named_after_another_clause_or_what_it_differs_by() -> None:
    assert "desk" not in of_result("The desk costs $120, so she needs 120-20 = $", "120-20", " more.")
    assert of_result("It costs 9-4 = $", "9-4", " more.") == []
    assert of_result("The school will spend 8*2 = $", "8*2", ".")[0] == "spent"
    assert of_result("It is 9 feet tall because 45/5 = ", "45/5", "") == []
    assert of_result("Her pay before taxes and fees is 12*4 = $", "12*4", ".") == []


@pytest.mark.parametrize(
    "before",
    [
        "Together, Ann and Bo have 8+3 = ",
        "Ann is 3 years older than Bo, so she is 8+3 = ",
        "She gave 5 to her sister, so 8+3 = ",
    ],
)
def test_a_result_is_not_named_after_somebody_else(before: str) -> None:
    assert of_result(before, "8+3", " pens.") == ["pens"]


def test_a_part_in_words_has_no_name() -> None:
    found = [
        (str(each.value), each.names[:1])
        for each in quantities("It has one-fourth of 8 pens, three eighths.")
    ]
    assert found == [("1", ()), ("8", ("pens",)), ("3", ())]
