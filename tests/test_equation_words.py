"""Words between the mathematics."""

import random

import pytest

from thoughtmill.factory.solvers.equation.tokens import tokens
from thoughtmill.factory.solvers.equation.tree import Unsolvable
from thoughtmill.factory.solvers.equation.words import (
    free_names,
    joined,
    left_sides,
    plain,
    single_names,
)


def _plain(*lines: str) -> list[str]:
    """The last of several lines after everything that this module does."""
    cut = [tokens(line) for line in lines]
    named = [joined(line, left_sides(cut)) for line in cut]
    return [token.text for token in plain(named[-1], free_names(named))]


def test_words_in_a_row_are_one_name_in_small_letters() -> None:
    assert _plain("Number of red apples = Tom's share") == ["number_of_red_apples", "=", "tom_s_share"]


def test_capitals_tell_only_single_letters_apart() -> None:
    assert _plain("Total = N + n") == ["total", "=", "N", "+", "n"]


def test_single_letters_in_a_row_are_factors() -> None:
    assert _plain("2 x y = 3") == ["2", "x", "y", "=", "3"]


@pytest.mark.parametrize("name", ["ans", "Ans", "ANSWER", "final answer", "The answer"])
def test_the_answer_has_one_name(name: str) -> None:
    assert _plain(f"{name} = 3")[0] == "ans"


@pytest.mark.parametrize(
    ("lines", "last"),
    [
        (["x = 5 apples"], ["x", "=", "5"]),
        (["x = 5 red apples + 3 green ones"], ["x", "=", "5", "+", "3"]),
        (["apples = 5 apples"], ["apples", "=", "5"]),
        (["apples = 4", "x = 5 apples"], ["x", "=", "5", "apples"]),
        (["x = 2y"], ["x", "=", "2", "y"]),
        (["v = 60 miles / hour"], ["v", "=", "60"]),
        (["hour = 3", "v = 60 miles / hour"], ["v", "=", "60", "/", "hour"]),
        (["total = 3", "ans = total dollars"], ["ans", "=", "total"]),
        (["total = 3", "total dollars = 4", "ans = total dollars"], ["ans", "=", "total_dollars"]),
        (["ans = x apples"], ["ans", "=", "x"]),
        (["ans = a pair"], ["ans", "=", "a_pair"]),
        (["ans = 5kg apples"], ["ans", "=", "5"]),
        (["x = 3", "y = 4", "ans = 2xy"], ["ans", "=", "2", "x", "y"]),
        (["X = 3", "y = 4", "ans = 2Xy"], ["ans", "=", "2", "X", "y"]),
        (["xy = 3", "x = 2", "ans = 2xy"], ["ans", "=", "2", "xy"]),
        (["x1 = 3", "ans = 2x1"], ["ans", "=", "2", "x1"]),
        (["ans = 5x3"], ["ans", "=", "5", "*", "3"]),
    ],
)
def test_a_unit_is_told_from_a_factor_by_the_rest_of_the_text(lines: list[str], last: list[str]) -> None:
    assert _plain(*lines) == last


@pytest.mark.parametrize(
    ("lines", "last"),
    [
        (["x = 5 (five red apples)"], ["x", "=", "5"]),
        (["x = a + b (sum of a and b)"], ["x", "=", "a", "+", "b"]),
        (["x = y (given)"], ["x", "=", "y"]),
        (["red apples = 2", "x = 5 (red apples)"], ["x", "=", "5", "(", "red_apples", ")"]),
        (["x = 5 (3 + 4)"], ["x", "=", "5", "(", "3", "+", "4", ")"]),
        (["x = 5(y)"], ["x", "=", "5", "(", "y", ")"]),
    ],
)
def test_a_remark_in_brackets_is_left_out(lines: list[str], last: list[str]) -> None:
    assert _plain(*lines) == last


def test_of_after_a_share_is_a_product_and_in_a_name_a_word() -> None:
    assert _plain("ans = 20% of number of eggs") == ["ans", "=", "20", "%", "*", "number_of_eggs"]


def test_x_between_numbers_is_a_sign_unless_it_is_a_name() -> None:
    assert _plain("ans = 3 x 4") == ["ans", "=", "3", "*", "4"]
    assert _plain("x = 2", "ans = 3 x (4)") == ["ans", "=", "3", "x", "(", "4", ")"]


@pytest.mark.parametrize("line", ["ans = 1_000", "ans = 3a2", "ans = 0x1f"])
def test_what_a_word_right_after_a_number_may_hide_is_refused(line: str) -> None:
    with pytest.raises(Unsolvable, match="two ways"):
        _plain(line)


def test_functions_need_their_bracket() -> None:
    found = joined(tokens("max(1) + Max(2) + max"))

    assert [(token.kind, token.text) for token in found if token.kind in "fw"] == [
        ("f", "max"),
        ("f", "max"),
        ("w", "max"),
    ]


def test_a_name_that_only_stands_before_a_bracket_is_no_quantity() -> None:
    assert "f" not in free_names([joined(tokens("ans = f(3)"))])
    assert "f" in free_names([joined(tokens("ans = f(3) + f"))])


def test_where_every_word_is_a_name_nothing_else_has_to_be_known() -> None:
    chance = random.Random("1/single names")
    parts = (
        "x y Total the_answer ans 5 2.5 + - * / ^ ( ) = == <= of percent dozen and apples % sqrt pi".split()
    )
    found = 0
    for _ in range(20_000):
        line = tokens(" ".join(chance.choice(parts) for _ in range(chance.randint(1, 7))))
        alone = single_names(line)
        if alone is not None:
            others = [tokens(other) for other in ("apples = 5 apples", "Total = 3 x", "x of y = 2 ans")]
            named = joined(line, left_sides([line, *others]))
            free = free_names([named, *(joined(other) for other in others)])
            assert plain(named, free) == plain(named, frozenset()) == alone
            found += 1
    assert found > 300
