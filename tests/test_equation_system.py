"""From text to a system."""

from fractions import Fraction

import pytest

from thoughtmill.factory.answers.mathematics.tree import Call
from thoughtmill.factory.solvers.equation.system import asked, parse, reassigned, states, system
from thoughtmill.factory.solvers.equation.tree import Unsolvable


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("x = 1\nAnswer = x\ny = 2", "ans"),
        ("x = 1\ny = 2", "y"),
        ("x = 1\n3 = y", "y"),
        ("x = 1\nx = y", "x"),
        ("y = 1\n2x + y = 3", "x"),
        ("x = 1\ny = 2\ny > 0", "y"),
    ],
)
def test_the_name_that_is_asked_for(text: str, name: str) -> None:
    assert asked(parse(text)) == name


@pytest.mark.parametrize("text", ["x + y = 3", "1 + 1 = 2", "x = 1\ny = 2\nx + y = 3"])
def test_a_text_that_asks_for_nothing_has_no_answer(text: str) -> None:
    with pytest.raises(Unsolvable) as refused:
        system(parse(text))

    assert refused.value.failure == "no_answer"


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("x = 1, y = 2; z = 3", 3),
        ("x = 1 and y = 2", 2),
        ("2x = 4 => x = 2", 2),
        ("x = 1,", 1),
        ("x = 5, the number of apples", 1),
        ("where x = 5", 1),
        ("x = 1 if 2 > 1 and 3 > 2 else 4", 1),
        ("x = max(1, 2)", 1),
        ("So x = 1, thus y = 2", 2),
    ],
)
def test_a_line_holds_its_statements(line: str, count: int) -> None:
    assert len(parse(line).statements) == count


def test_chains_become_equations_and_comparisons_conditions() -> None:
    found = system(parse("a = b = 3 ≈ 3.1\n0 < a <= 5\nb is an integer\na is positive\nans = a"))

    assert found.equations == (("a", "b"), ("b", Fraction(3)), ("ans", "a"))
    assert found.conditions == (
        Call("<", (Fraction(0), "a")),
        Call("<=", ("a", Fraction(5))),
        Call(">", ("a", Fraction(0))),
    )
    assert found.whole == {"b"}


def test_only_names_assigned_from_themselves_are_assigned_again() -> None:
    text = parse("d = 1\nd = d + 2\nd = 7\ne = 1\ne = 2\nf = f + 1")

    assert reassigned(text) == {"d": 3}


def test_each_assignment_has_a_name_of_its_own_and_later_lines_mean_the_last() -> None:
    text = parse("d = 1\nd = d + 2\ne = d\nd = d * 2 = 6\nd > 5\nans = d")

    found = system(text, reassigned(text))

    assert [left for left, _ in found.equations] == [
        "d",
        "d#2",
        "e",
        "d#3",
        Call("*", ("d#2", Fraction(2))),
        "ans",
    ]
    assert found.equations[2] == ("e", "d#2")
    assert found.conditions == (Call(">", ("d#3", Fraction(5))),)


@pytest.mark.parametrize(
    "text", ["x = 1\nimport os", "x = 1\n2x + 3", "x = 1\nx", "x > 1", "", "x = 1; ; y = 2 3"]
)
def test_a_line_that_states_nothing_is_unparsable(text: str) -> None:
    with pytest.raises(Unsolvable) as refused:
        parse(text)

    assert refused.value.failure == "unparsable"


def test_a_text_with_too_many_lines_is_unparsable() -> None:
    with pytest.raises(Unsolvable, match="lines"):
        parse("x = 1\n" * 400)


@pytest.mark.parametrize(
    ("line", "truth"), [("x = 3 # three", True), ("x", False), ("He has 3 = x of 4", False)]
)
def test_a_line_states_something_if_it_parses_and_relates(line: str, truth: bool) -> None:
    assert states(line) is truth
