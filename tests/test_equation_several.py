"""A system may ask for several answers in its last line."""

import pytest

from thoughtmill.factory.solvers.equation.several import MOST_PARTS, asked_for


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("ans = (x, y)", ("x", "y")),
        ("Final answer: {x, 2*(y + 1)}", ("x", "2*(y + 1)")),
        ("ans = x, y, z", ("x", "y", "z")),
        ("ans = (a + b), (a - b)", ("(a + b)", "(a - b)")),
    ],
)
def test_the_parts_of_the_last_line_are_asked_for_each(line: str, parts: tuple[str, ...]) -> None:
    found = asked_for(f"x = 1\n{line}\n")
    assert found is not None
    assert found.parts == parts
    assert found.texts()[0] == f"x = 1\nans = {parts[0]}"


@pytest.mark.parametrize(
    "text",
    [
        "ans = max(x, y)",
        "ans = (x, y\n",
        "ans = (x, )",
        "ans = x",
        "x, y = 1, 2",
        "ans = (x, y)\nx = 1",
        "ans = 1,250",
        "ans = ),(,",
        "ans = " + ", ".join("x" * (MOST_PARTS + 1)),
        "",
    ],
)
def test_one_answer_is_not_several(text: str) -> None:
    assert asked_for(text) is None


def test_answers_are_written_in_the_brackets_of_the_whole() -> None:
    pair, bare = asked_for("ans = (x, y)"), asked_for("ans = x, y")
    assert pair is not None
    assert bare is not None
    assert (pair.written(["1", "2"]), bare.written(["1", "2"])) == ("(1, 2)", "1, 2")
