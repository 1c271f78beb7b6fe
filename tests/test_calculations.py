"""The calculations of a line are found wherever they stand, in one spelling."""

from fractions import Fraction

import pytest

from thoughtmill.factory.solutions.calculations import (
    UnusableSolution,
    calculations,
    is_calculation,
    shows,
    spelled,
    tokens,
)


def spellings(line: str) -> list[str]:
    return [found.expression for found in calculations(line)]


def test_marks_and_equalities_come_in_the_order_of_the_line() -> None:
    assert spellings("First 2 + 3 = 5, then 5*2=<<5*2=10>>10 and 10 - 1 = 9.") == ["2 + 3", "5 * 2", "10 - 1"]


def test_an_equality_that_runs_on_is_several_calculations() -> None:
    assert spellings("So 4 * 2 = 8 / 4 = 2 pies") == ["4 * 2", "8 / 4"]


def test_the_sentence_before_a_mark_is_not_counted_twice() -> None:
    assert spellings("He sold 48/2 = <<48/2=24>>24 clips") == ["48 / 2"]


def test_a_definition_in_words_is_no_calculation() -> None:
    assert spellings("Let x = 5 and box = 7, so y=9") == []


def test_text_after_a_result_begins_behind_its_number() -> None:
    (found,) = calculations("It cost 65*2 = $<<65*2=130>>130.00 in all")
    assert found.after == " in all"
    assert found.value == 130


def test_a_named_mark_keeps_its_name_and_its_names() -> None:
    (found,) = calculations("There are <<marbles=bags*bag_size=24>>24 marbles")
    assert (found.name, found.expression, found.value) == ("marbles", "bags * bag_size", 24)


def test_repeated_marks_are_each_a_calculation() -> None:
    assert spellings("<<2+3=5>>5<<2+3=5>>5") == ["2 + 3", "2 + 3"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,000*2", "1000 * 2"),
        ("(2+3)(4)", "(2 + 3) * (4)"),
        ("2(3)", "2 * (3)"),
        ("-5+3", "-5 + 3"),
        ("7 × 8 ÷ 2", "7 * 8 / 2"),
        ("30 x 4", "30 * 4"),
        ("7%4", "7 % 4"),
        ("8*25%", "8 * (25 / 100)"),
        ("12.50-.5", "12.5 - 0.5"),
        ("9//2", "9 // 2"),
    ],
)
def test_an_expression_has_one_spelling(text: str, expected: str) -> None:
    assert spelled(tokens(text)) == expected


def test_a_character_that_is_no_arithmetic_is_refused() -> None:
    with pytest.raises(UnusableSolution, match="is not a calculation"):
        tokens("2 & 3")


def test_a_number_alone_is_no_calculation() -> None:
    assert is_calculation("2 + 3")
    assert not is_calculation("27")
    assert not is_calculation("-27")


def test_a_value_may_be_shown_rounded_to_decimals_but_not_to_a_whole_number() -> None:
    assert shows(Fraction("6.67"), Fraction(20, 3))
    assert not shows(Fraction("6.66"), Fraction(20, 3))
    assert not shows(Fraction(7), Fraction(20, 3))
