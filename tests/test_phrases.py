"""Phrases are undressed as little as it takes to read an answer of the kind that is asked for."""

import pytest

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.answers.phrases import answer_in, kinds_for, last_maths


@pytest.mark.parametrize(
    "phrase", ["$3/4$ of it", "3/4.", " **0.75** ", "x = 3/4, because it is", "$$x$$ = 3/4; so"]
)
def test_a_phrase_is_undressed_until_it_is_an_answer(phrase: str) -> None:
    assert answer_in([phrase], ("number",)) == Answer("0.75")


def test_the_first_phrase_that_can_be_read_is_the_answer() -> None:
    assert answer_in(["nothing", "4", "5"], ("number",)) == Answer("4")


def test_the_kind_that_is_asked_for_comes_first_and_words_only_where_they_are_asked_for() -> None:
    assert kinds_for("number")[0] == "number"
    assert kinds_for("text") == ("text",)
    assert {"text", "choice"}.isdisjoint(kinds_for("number"))
    assert kinds_for("expression")[-1] == "expression"


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("so $x$ is\n\\[ y = 3x \\]", ["3x", "y = 3x"]),
        (r"so \(a+b\) and $$c$$.", ["c", "c"]),
        ("no mathematics\nat all.", ["at all"]),
        ("a <= b", ["a <= b"]),
        (r"Thus the inverse is \frac{x+5}{6}.", [r"\frac{x+5}{6}", r"Thus the inverse is \frac{x+5}{6}"]),
        ("So the correct option is C.", ["C", "So the correct option is C"]),
    ],
)
def test_a_text_ends_with_its_last_mathematics(text: str, last: list[str]) -> None:
    assert list(last_maths(text)) == last
