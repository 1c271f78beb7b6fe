"""What stories are made of: draws, expressions, patterns, words, compositions."""

from fractions import Fraction
from random import Random

import pytest

from thoughtmill.factory.problems.stories.compositions import compositions, held_out
from thoughtmill.factory.problems.stories.expressions import formula, show
from thoughtmill.factory.problems.stories.parts import (
    Move,
    Step,
    Template,
    below,
    cents,
    divisor,
    numerator,
    of,
    opening,
    percent,
    pick,
    size,
    span,
)
from thoughtmill.factory.problems.stories.patterns import fill
from thoughtmill.factory.problems.stories.telling import (
    answer_of,
    draw_numbers,
    draw_words,
    write_problem,
    write_solution,
)
from thoughtmill.factory.problems.stories.words import article, forms

BOXES = Template(
    "boxes",
    opening(
        "groups",
        "things",
        {"boxes": span(2, 9), "box_size": pick(3, 4)},
        ("{who} has {boxes box} of {box_size thing}.",),
        (Move("things", "boxes * box_size", "That is {= thing}.", "Groups are multiplied."),),
        ("How many {+thing} are there?",),
    ),
    (
        Step(
            "take_away",
            "things",
            "things",
            {"_left": span(2, 2), "gone": of("it - _left")},
            ("{gone thing} are lost.",),
            (Move("left", "it - gone", "Of {it thing}, {=} are left.", "A loss is taken away."),),
            ("How many are left?",),
        ),
        Step(
            "halve",
            "things",
            "half",
            {},
            ("Half of them are red.",),
            (Move("red", "it / 2", "Red are {=}.", "Half is divided by two.", low=1),),
            ("How many are red?",),
        ),
    ),
    {"thing": ("knife|knives",)},
)


def test_compositions_are_the_ordered_choices_of_steps_whose_states_fit() -> None:
    assert [composition.name for composition in compositions(BOXES)] == [
        "groups",
        "groups+halve",
        "groups+take_away",
        "groups+take_away+halve",
    ]
    assert [composition.moves for composition in compositions(BOXES)] == [1, 2, 2, 3]


def test_an_opening_alone_is_never_held_out_and_some_longer_compositions_are() -> None:
    names = {composition.name for composition in compositions(BOXES)}
    assert held_out((BOXES,))
    assert held_out((BOXES,)) < names - {"groups"}


def test_a_story_is_told_from_its_parts() -> None:
    rng = Random(1)
    composition = compositions(BOXES)[-1]
    numbers = draw_numbers(BOXES, composition.steps, rng)
    assert numbers is not None
    words = draw_words(BOXES, rng) | {"who": "Mei"}
    boxes, size_of_one = numbers.givens["boxes"], numbers.givens["box_size"]
    gone = boxes * size_of_one - 2
    assert list(numbers.givens) == ["boxes", "box_size", "gone"]
    assert write_problem(BOXES, composition.steps, words, numbers, rng) == (
        f"Mei has {boxes} boxes of {size_of_one} knives. {gone} knives are lost. Half of them are red."
        " How many are red?"
    )
    assert write_solution(BOXES, composition, words, numbers).splitlines()[-4:] == [
        f"That is <<things=boxes*box_size={gone + 2}>>{gone + 2} knives.",
        f"Of {gone + 2} knives, <<left=things-gone=2>>2 are left.",
        "Red are <<red=left/2=1>>1.",
        "#### 1",
    ]
    assert answer_of(composition.steps, numbers) == "1"


def test_a_step_in_other_words_keeps_its_kind_and_its_calculations() -> None:
    step = BOXES.pool[0]
    other = step.told("{#gone} vanish.", asks=("What remains?",))
    assert other.texts == ("{#gone} vanish.",)
    assert other.asks == ("What remains?",)
    assert (other.kind, other.moves, other.draws) == (step.kind, step.moves, step.draws)
    assert step.told("Some vanish.").asks == step.asks


def test_a_gap_without_a_word_names_it() -> None:
    with pytest.raises(KeyError, match="who"):
        fill("{who} sleeps.", {}, {})


def test_draws_keep_within_their_ranges() -> None:
    rng = Random(0)
    values = {"it": 24, "denominator": 6}
    for _ in range(200):
        assert span(3, 9, 2)(rng, values) in (3, 5, 7, 9)
        assert cents(1, 3)(rng, values) in (1, Fraction(3, 2), 2, Fraction(5, 2), 3)
        assert 2 <= (below()(rng, values) or 0) <= 22
        assert divisor()(rng, values) in (2, 3, 4, 6, 8)
        assert (percent()(rng, values) or 1) * 24 % 100 == 0
        assert numerator()(rng, values) == 5
        assert 3 <= (size(3, 50)(rng, values) or 0) <= 12


def test_a_draw_that_has_nothing_to_draw_says_so() -> None:
    rng = Random(0)
    assert below()(rng, {"it": 3}) is None
    assert divisor()(rng, {"it": 11}) is None
    assert percent()(rng, {"it": Fraction(1, 3)}) is None
    assert size(5, 9)(rng, {"it": 8}) is None


def test_a_story_whose_numbers_do_not_come_out_is_not_told() -> None:
    move = Move("part", "whole / pieces", "{=}", "A rule.")
    start = opening("share", "x", {"whole": span(7, 7), "pieces": span(2, 2)}, ("",), (move,), ("?",))
    assert draw_numbers(Template("uneven", start), (start,), Random(0)) is None


@pytest.mark.parametrize(
    ("number", "text"),
    [(18, "18"), (Fraction(9, 2), "4.5"), (Fraction(1, 3), "1/3"), (Fraction(29, 4), "7.25")],
)
def test_numbers_are_written_exactly(number: int | Fraction, text: str) -> None:
    assert show(number) == text


@pytest.mark.parametrize("expression", ["__import__('os')", "a ** 2", "a.b", "f(a)", "'a'", "a if b else c"])
def test_an_expression_is_names_whole_numbers_and_arithmetic_only(expression: str) -> None:
    with pytest.raises(ValueError, match="not an expression"):
        formula(expression)


@pytest.mark.parametrize(
    ("noun", "plural"),
    [
        ("apple", "apples"),
        ("berry", "berries"),
        ("day", "days"),
        ("bush", "bushes"),
        ("knife|knives", "knives"),
    ],
)
def test_plurals(noun: str, plural: str) -> None:
    assert forms(noun)[1] == plural


@pytest.mark.parametrize(
    "phrase", ["an apple", "a unit", "an hour", "a book", "an old book", "a useful tool"]
)
def test_articles(phrase: str) -> None:
    assert article(phrase.partition(" ")[2]) == phrase


def test_a_number_and_its_noun_agree() -> None:
    words = {"thing": "knife|knives"}
    assert fill("{n thing}, {m thing}", words, {"n": 1, "m": 2}) == "1 knife, 2 knives"
    assert fill("{a thing} {+thing}", words, {}) == "a knife knives"


def test_money_is_written_like_a_price() -> None:
    assert fill("{$a} {$b}", {}, {"a": 5, "b": Fraction(9, 2)}) == "$5 $4.50"
