"""A program and equations that agree by chance part when the numbers of the problem are drawn anew."""

from fractions import Fraction

from thoughtmill.factory.answers.number import exact_text
from thoughtmill.factory.solvers.arithmetic import evaluate
from thoughtmill.factory.solvers.checks.redrawn import DRAWS, redrawn_agreement
from thoughtmill.factory.solvers.outcome import Check, Outcome

seen: list[str] = []


def last_line(text: str) -> Outcome:
    """Solve texts whose last line is `ans = <arithmetic>`."""
    seen.append(text)
    number = evaluate(text.strip().splitlines()[-1].partition("= ")[2])
    return Outcome(None, "raised") if number is None else Outcome(exact_text(number), None)


def asked(program: str, equations: str, *numbers: str, seed: str = "7") -> Check:
    seen.clear()
    return redrawn_agreement(
        program, equations, [Fraction(number) for number in numbers], last_line, last_line, seed
    )


def test_thoughts_that_mean_the_same_agree_on_every_draw() -> None:
    check = asked("ans = 12 * 3 - 1250", "ans = 3 * 12 - 1,250", "12", "3", "1250")
    assert (check.check, check.passed, check.detail) == ("redrawn_agreement", True, "3 of 3 draws agree")
    assert len(seen) == 2 * DRAWS


def test_thoughts_that_agree_by_chance_are_told_apart_with_the_numbers_that_do_it() -> None:
    check = asked("ans = 6 * 3", "ans = 6 + 3 + 9", "6", "3")
    assert check.passed is False
    assert check.detail is not None
    assert check.detail.startswith("with 6 as ")


def test_numbers_are_redrawn_alike_in_both_texts_and_constants_stay() -> None:
    asked("ans = 40 / 100 * 2.50", "ans = 2.5 * 40 / 100", "40", "2.5")
    program, equations = seen[0].split("= ")[1].split(), seen[1].split("= ")[1].split()
    assert (program[0], program[4]) == (equations[2], equations[0])
    assert program[0] != "40"
    assert program[4] != "2.50"
    assert program[2] == equations[4] == "100"


def test_numbers_that_do_not_bind_one_to_one_leave_it_open() -> None:
    for program, equations, numbers in (
        ("ans = 4 + 4", "ans = 4 * 2", ["4"]),  # twice in the program
        ("ans = 4 * 0.25", "ans = 4 * 25 / 100", ["4", "25"]),  # one writes the share
        ("ans = 4 + 5", "ans = 4 + 5", ["4", "5", "4"]),  # twice in the problem
        ("ans = 9", "ans = 9", ["4"]),  # no number of the problem
    ):
        check = asked(program, equations, *numbers)
        assert (check.passed, check.detail) == (None, "the numbers do not bind one-to-one")
        assert seen == []


def test_figures_in_names_and_comments_are_no_numbers_of_the_problem() -> None:
    assert asked("x4 = 1  # 4 apples\nans = 4 * 3", "ans = 3 * 4  # 4 a bag", "4", "3").passed is True


def test_texts_that_have_no_answer_on_other_numbers_leave_it_open() -> None:
    assert asked("ans = 4 / 0", "ans = 4", "4").passed is None


def test_a_seed_draws_the_same_numbers_whatever_else_is_drawn() -> None:
    asked("ans = 12 * 3", "ans = 3 * 12", "12", "3")
    first = list(seen)
    asked("ans = 12 * 3", "ans = 3 * 12", "12", "3")
    assert seen == first
    asked("ans = 12 * 3", "ans = 3 * 12", "12", "3", seed="8")
    assert seen != first
