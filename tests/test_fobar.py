"""The growth `fobar`: one number hidden, equations that find it, and the program run backwards."""

import pytest

from tests.farmer import EQUATIONS, farmer, made, parent, reason
from thoughtmill.factory.growths.backwards import inverted
from thoughtmill.factory.growths.straight_lines import read
from thoughtmill.factory.solvers.solvers import Solvers


def test_the_gold_answer_is_the_hidden_number_and_the_question_tells_the_parents_answer(
    solvers: Solvers,
) -> None:
    found = made("fobar", farmer(), solvers, 9)
    assert {child.answer and child.answer.text for child in found} == {"12", "30", "40"}
    for child in found:
        assert child.problem is not None and child.answer is not None
        assert f" {child.answer.text} " not in child.problem.replace("%", " ")
        assert child.problem.endswith(
            "If we know the answer to the above question is 216, what is the value of the unknown variable x?"
        )


def test_equations_and_the_program_run_backwards_find_it(solvers: Solvers) -> None:
    for child in made("fobar", farmer(), solvers, 9):
        assert solvers.equations.solve(child.completions["eot"]).answer == child.answer
        if "pot" in child.completions:
            program = child.completions["pot"].removeprefix("```python\n").removesuffix("\n```")
            assert solvers.programs.run(program).answer == child.answer
            assert "216" in program


def test_a_percentage_is_hidden_in_the_form_that_the_equations_give_it(solvers: Solvers) -> None:
    grown = parent(
        pot="ans = 360 * 0.6", eot="ans = 360 * 0.6", problem="Of 360 nuts 40% are bad. How many are good?"
    )
    (percent,) = [child for child in made("fobar", grown, solvers) if "x%" in (child.problem or "")]
    assert "360 * (1 - x / 100)" in percent.completions["eot"]


def test_what_the_answer_does_not_determine_is_not_asked(solvers: Solvers) -> None:
    grown = parent("He has 7 nuts. How many thirds?", "2", pot="ans = 7 // 3", eot="ans = 7 // 3")
    assert reason("fobar", grown, solvers) in (
        "the answer does not determine the number", "no number of the problem is bound to the program"
    )  # fmt: skip


def test_a_number_that_may_be_a_result_is_not_hidden(solvers: Solvers) -> None:
    text = "25 pupils pay $50 each, but 4 pay half. What do they pay?"
    program = "half = 50 / 2\nfew = 4 * 25\nmany = half - 4\nans = few + many * 50"
    why = "a result of its program has the value of another or of a number"
    assert reason("fobar", parent(text, "1150", pot=program, eot=program), solvers) == why


def test_equations_that_use_x_themselves_are_left_out(solvers: Solvers) -> None:
    grown = parent(pot="ans = 12 * 30", eot=EQUATIONS.replace("apples", "x"), answer="360")
    assert all("eot" not in child.completions for child in made("fobar", grown, solvers))


@pytest.mark.parametrize(
    "program",
    [
        "a = 7\nb = 20 - a\nans = b * 3",
        "ans = 60 / (7 + 3)",
        "rate = 7 * 4\nfee = 2 + 3\nans = -(rate - fee)",
        "ans = 7",
    ],
)
def test_a_program_run_backwards_comes_to_the_number_it_began_with(program: str) -> None:
    forwards = read(program)
    assert forwards is not None
    place = forwards.figures.index(7)
    values = forwards.values(forwards.figures)
    assert values is not None
    found = inverted(program, place, str(values[-1]))
    backwards = read(found or "")
    assert backwards is not None, found
    shown = backwards.values(backwards.figures)
    assert shown is not None
    assert shown[-1] == 7


@pytest.mark.parametrize(
    "program",
    ["a = 7\nans = a + a * 2", "ans = 7 // 2", "ans = 2 ** 7", "a = 7\nans = 5", "a = 7\na = a + 1\nans = a"],
)
def test_a_program_that_uses_the_number_twice_or_without_an_inverse_is_not_run_backwards(
    program: str,
) -> None:
    straight = read(program)
    assert straight is not None
    assert inverted(program, straight.figures.index(7), "14") is None


def test_no_number_is_hidden_where_the_answer_may_be_rounded(solvers: Solvers) -> None:
    text = "A clerk does 25 forms an hour. How many clerks must you hire for 300 forms an hour?"
    program = "ans = 300 / 25"
    assert (
        reason("fobar", parent(text, "12", pot=program, eot=program), solvers) == "its answer may be rounded"
    )
