"""The growths that tell a problem otherwise: `permute`, `irrelevant` and `rename`; its answer stays."""

import pytest

from tests.farmer import made, parent, reason
from thoughtmill.factory.answers import Answer
from thoughtmill.factory.answers.numbers_in_text import find
from thoughtmill.factory.growths import sentences
from thoughtmill.factory.growths.people import BOYS, GIRLS, people
from thoughtmill.factory.growths.rename import PLACES, THINGS, renamed
from thoughtmill.factory.solvers.solvers import Solvers

PENS = "Ann is in a shop. A pen costs $2. A pad costs $3. What do 4 pens and 5 pads cost?"
PROGRAM = "pens = 4\nann_pens = pens * 2\nans = ann_pens + 5 * 3"


def test_two_sentences_that_stand_alone_change_places(solvers: Solvers) -> None:
    (child,) = made("permute", parent(PENS, "23", pot=PROGRAM), solvers)
    assert (
        child.problem == "Ann is in a shop. A pad costs $3. A pen costs $2. What do 4 pens and 5 pads cost?"
    )
    assert child.answer == Answer("23")
    assert child.completions == {"pot": PROGRAM}


@pytest.mark.parametrize(
    "problem",
    [
        "Ann has 5 pens. She buys 3 pads. What has she?",
        "A pen costs $2. Then it costs $3. What now?",
        "Ann has 5 pens. Ann gives 3 pens away. How many are left?",
        "A shop has 20 pens. The pens cost $3. What do all cost?",
        "On Monday Ben ran 3 km. On Tuesday Ben ran 5 km. How far did Ben run?",
        "A pen costs $2. What do 5 pens cost?",
        "Tea is made. Twenty gallons fill 80 jars. Ann drank 3 jars. How much is that?",
        "Pat plays with Jo. Pat has 75 squares. Jo has 60. How many have they?",
    ],
)
def test_sentences_that_lean_on_each_other_stay(problem: str, solvers: Solvers) -> None:
    assert reason("permute", parent(problem), solvers) == "no two sentences stand alone"


def test_an_unneeded_fact_about_another_person_and_a_new_number_comes_before_the_question(
    solvers: Solvers,
) -> None:
    problem = "Ann buys 4 pens for $2 each. What do they cost Ann?"
    for child in made(
        "irrelevant", parent(problem.replace("they", "4 pens"), "8", pot="ans = 4 * 2"), solvers
    ):
        assert child.problem is not None
        begin, *middle, end = sentences.split(child.problem)
        assert (begin, end) == ("Ann buys 4 pens for $2 each.", "What do 4 pens cost Ann?")
        assert middle[0].startswith("Ann's ")
        assert not {number.value for number in find(middle[0])} & {4, 2, 8}


@pytest.mark.parametrize("story", ["Ann is 92 years old and", "Ann retired, and"])
def test_old_people_have_no_aunts(story: str, solvers: Solvers) -> None:
    for child in made("irrelevant", parent(f"{story} buys 4 pens. What does she have?", "4"), solvers):
        assert (child.problem or "").startswith("Ann's neighbor ")


def test_where_the_question_has_a_pronoun_the_fact_comes_first(solvers: Solvers) -> None:
    for child in made("irrelevant", parent("Ann buys 4 pens for $2 each. What does she pay?", "8"), solvers):
        assert sentences.split(child.problem or "")[1:] == [
            "Ann buys 4 pens for $2 each.",
            "What does she pay?",
        ]


def test_no_fact_is_put_in_that_the_question_might_count(solvers: Solvers) -> None:
    grown = parent("Ann has 4 pens and 2 pads. How many things has Ann?")
    assert reason("irrelevant", grown, solvers) == "its question might count the new fact"


def test_names_and_things_change_everywhere_and_numbers_nowhere(solvers: Solvers) -> None:
    problem = "Ann has 4 apples and Ben has an apple more. How many apples has Ben?"
    grown = parent(
        problem, "5", pot="ann_apples = 4\nans = ann_apples + 1", cot="Ben has 4 + 1 = 5 apples.\n#### 5"
    )
    for child in made("rename", grown, solvers):
        text = "\n".join([child.problem or "", *child.completions.values()])
        assert not any(word in text for word in ("Ann", "ann_", "Ben", "apple"))
        assert [number.value for number in find(child.problem or "")] == [4]
        first, second = people(child.problem or "")
        assert first in GIRLS
        assert second in BOYS
        assert child.answer == Answer("5")


def test_the_pronouns_of_one_person_decide_about_the_name(solvers: Solvers) -> None:
    for child in made("rename", parent("Alex has 4 pins. Toby loses her 2 pins. What has she?"), solvers):
        assert set(people(child.problem or "")) <= GIRLS


def test_fuller_names_titles_and_names_of_firms_stay(solvers: Solvers) -> None:
    grown = parent("Harry Potter saw Mr. Thomas buy an Apple watch from his pen pal.")
    assert reason("rename", grown, solvers) == "it names no person, thing or place that is on a list"


@pytest.mark.parametrize(
    "problem",
    [
        "The Chicago Bulls won 70 games. How many are that?",
        "The Oscar bags hold 4 rods. How many are in 2?",
        "Julia has 4 pins. How many has Julie?",
    ],
)
def test_teams_prizes_and_misspelt_names_stay(problem: str, solvers: Solvers) -> None:
    assert (
        reason("rename", parent(problem), solvers) == "it names no person, thing or place that is on a list"
    )


@pytest.mark.parametrize(
    "problem",
    [
        "The apple sauce takes 4 apples a jar. What do 2 take?",
        "She shares 2 sheets of 50 stickers. How many are that?",
        "He laid a marble floor of 20 slabs. What do 2 floors take?",
        "A dog gets 2 bone muffins a day. How many are that in a week?",
        "There are 81 sheep in 3 pens. How many are in each of the pens?",
    ],
)
def test_things_that_a_story_does_more_with_than_count_stay(problem: str, solvers: Solvers) -> None:
    assert (
        reason("rename", parent(problem), solvers) == "it names no person, thing or place that is on a list"
    )


def test_a_place_whose_coast_is_spoken_of_stays(solvers: Solvers) -> None:
    grown = parent("A storm nears the coast of Texas with 40 knots. How many knots are that?")
    assert reason("rename", grown, solvers) == "it names no person, thing or place that is on a list"


def test_articles_follow_the_new_word() -> None:
    assert renamed("a pear and an apple", {"apple": "pear", "pear": "apple"}) == "an apple and a pear"


def test_no_word_of_the_lists_is_in_two_of_them() -> None:
    listed = [word for group in (*THINGS, *PLACES) for word in group.split()]
    assert len(listed) == len(set(listed))
    assert not GIRLS & BOYS
    assert not (GIRLS | BOYS) & set(listed)


def test_sentences_end_at_points_that_end_sentences() -> None:
    text = 'Mr. Lee pays $1.50 at 9 a.m. daily. "Why?" asks Dr. No. It costs 3 ft. of rope!'
    assert sentences.split(text)[0] == "Mr. Lee pays $1.50 at 9 a.m. daily."
