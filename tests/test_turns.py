"""The growths that write about the parent itself, and `repair`: calculations, turns, mended programs."""

from fractions import Fraction
from typing import Any

import pytest

from tests.farmer import CHAIN, PROGRAM, farmer, made, parent, reason
from thoughtmill.factory import grow
from thoughtmill.factory.growths import Parent
from thoughtmill.factory.growths.repair import rests_on
from thoughtmill.factory.growths.socratic import turn
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.thoughts import THOUGHTS

UNUSABLE = "its chain has no calculations, or wrong ones, or rough ones, or several in a row"


def test_equation_only_keeps_the_calculations_of_the_chain_and_its_answer(solvers: Solvers) -> None:
    (child,) = made("equation_only", farmer(), solvers)
    assert child.problem is None
    assert child.completions["equation_only"].splitlines() == [
        "12 * 30 = 360", "40 / 100 * 360 = 144", "360 - 144 = 216", "#### 216",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("chain", "why"),
    [
        ("It is 216.\n#### 216", UNUSABLE),
        ("12 * 30 = 350 and 350 - 134 = 216.\n#### 216", UNUSABLE),
        ("12 * 30 - 144 = 360 - 144 = 216.\n#### 216", UNUSABLE),
        ("40 / 12 = 3, so 12 * 30 * 60 / 100 = 216.\n#### 216", UNUSABLE),
        ("12 * 30 = 360, less what he sells.\n#### 216", "its last calculation is not its answer"),
        ("8 * 27 = 216.\n#### 216", "its chain has a number from nowhere, or a share for a result"),
    ],
)
def test_a_chain_that_does_not_calculate_its_answer_gives_no_equations(
    chain: str, why: str, solvers: Solvers
) -> None:
    assert reason("equation_only", parent(cot=chain), solvers) == why


def test_socratic_turns_ask_for_what_each_sentence_calculates(solvers: Solvers) -> None:
    grown = parent(cot="There are 12 * 30 = 360 apples.\nHe sells 0.6 * 360 = 216 apples.\n#### 216")
    (child,) = made("socratic", grown, solvers)
    assert child.completions["socratic"].splitlines() == [
        "Teacher: There are how many apples?", "Pupil: There are 12 * 30 = 360 apples.",
        "Teacher: He sells how many apples?", "Pupil: He sells 0.6 * 360 = 216 apples.", "#### 216",
    ]  # fmt: skip


def test_a_turn_does_not_name_twice_what_it_asks_for() -> None:
    found = turn("The number of words in an hour is 50 * 60 = 3000 words.")
    assert found is not None
    assert found[0] == "The number of words in an hour is how many?"


@pytest.mark.parametrize(
    "line",
    [
        "Since 4 * 6 = 24, he has 24.",
        "He has 24 because 4 * 6 = 24.",
        "4 * 6 = 24",
        "She drank 1 / 4 * 4 = 1 liter of water.",
        "He has 2 + 2 = 4 and 3 + 3 = 6 pens.",
        "There are another 2 * 4 = 8 pupils outside.",
        "The rate is 45 / 3 = $15/hr.",
        "We do this by performing 9 - 2 = 7 hours for the day.",
        "He eats .10 * 30 = 3 donuts.",
        "In 2005, 60 / 2 = 30 kids came.",
    ],
)
def test_a_sentence_that_tells_its_result_or_leans_on_it_is_no_turn(line: str) -> None:
    assert turn(line) is None


@pytest.mark.parametrize(("thought", "prose"), [("equation_only", CHAIN), ("socratic", CHAIN)])
def test_their_thoughts_read_back_what_they_wrote_and_nothing_else(
    thought: str, prose: str, solvers: Solvers
) -> None:
    grown = parent(cot="He keeps 12 * 30 * 60 / 100 = 216 apples.\n#### 216")
    (child,) = made(thought, grown, solvers)
    module = THOUGHTS.named(thought)
    rationale = module.parse(child.completions[thought])
    assert rationale == child.completions[thought]
    outcome = module.solve(rationale, "", "number", solvers)
    assert outcome.answer is not None
    assert outcome.answer.text == "216"
    assert module.parse(prose) is None


def test_repair_shows_a_rejected_program_with_its_fault_and_the_verified_one(solvers: Solvers) -> None:
    good = parent(pot=PROGRAM)
    bad = [
        {"thought": "pot", "rationale": "ans = 12 + 30", "failure": None, "predicted_answer": "42"},
        {"thought": "pot", "rationale": "ans = crates", "failure": "raised", "predicted_answer": None},
        {"thought": "pot", "rationale": "ans = (", "failure": "unparsable", "predicted_answer": None},
        {"thought": "cot", "rationale": "It is 7.", "failure": None, "predicted_answer": "7"},
    ]
    first, second, third = made("repair", Parent(good.problem, good.records, bad), solvers)
    assert first.problem is not None and second.problem is not None and third.problem is not None
    assert "wrong: it is not Python." in third.problem
    assert "ans = 12 + 30" in first.problem and "comes to 42, which is wrong" in first.problem
    assert "the program raised an exception" in second.problem
    assert first.completions == {"pot": f"```python\n{PROGRAM}\n```"}
    assert reason("repair", good, solvers) == "it has no rejected program"


def test_a_program_whose_names_may_be_swapped_is_not_shown(solvers: Solvers) -> None:
    swapped = parent(pot="tables = 32\nchairs = 16 * 2\nans = chairs - 21")
    bad = [{"thought": "pot", "rationale": "ans = 5", "failure": None, "predicted_answer": "5"}]
    why = reason("repair", Parent(swapped.problem, swapped.records, bad), solvers)
    assert why == "two quantities of its program have one value"
    chance = parent(pot="ans = 200 + 16")
    why = reason("repair", Parent(chance.problem, chance.records, bad), solvers)
    assert why == "its program lacks numbers of the problem, or has others"


@pytest.mark.parametrize(
    ("problem", "figures", "rests"),
    [
        ("A bus drives for 42 minutes at 50 mph.", (50, 7, 10), False),
        ("Of 34 kids, 22 more are girls.", (22, 12, 2), False),
        ("Ann has 6 oranges and 3 apples.", (6, 3, 6), False),
        ("Ann has half of 60 pens for 2 hours.", (60, 2, 60), True),
        ("Ann has 20% of 90 pens.", (Fraction(4, 5), 90), True),
        ("Ann has 3/4 of 90 pens.", (3, 4, 90), True),
    ],
)
def test_a_program_rests_on_its_problem(problem: str, figures: tuple[Fraction, ...], rests: bool) -> None:
    assert rests_on([Fraction(figure) for figure in figures], problem) is rests


def test_a_thought_that_a_growth_writes_cannot_be_asked_for_too() -> None:
    given: dict[str, Any] = {"thoughts": ["cot", "socratic"], "grow": {"socratic": 1, "equation_only": 1}}
    assert list(grow.faults(given)) == [
        "params.yaml: grow: `socratic` writes `socratic`, which `thoughts` lists: drop one"
    ]
