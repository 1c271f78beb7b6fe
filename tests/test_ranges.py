"""The growths `ranges_1` to `ranges_6`: test problems with numbers of a magnitude."""

import pytest

from tests.farmer import farmer, made
from thoughtmill.factory.growths import GROWTHS, slots
from thoughtmill.factory.solvers.solvers import Solvers


@pytest.mark.parametrize("level", range(1, 7))
def test_at_least_half_of_the_numbers_have_the_magnitude_and_percentages_stay(
    level: int, solvers: Solvers
) -> None:
    low, high = (2, 100) if level == 1 else (10**level, 10 ** (level + 1))
    for child in made(f"ranges_{level}", farmer(), solvers, 2):
        numbers = [slot.value for slot in slots.find(child.problem or "")]
        assert sum(low <= value < high for value in numbers[:2]) >= 1
        assert numbers[2] == 40
        assert child.answer is not None and child.answer.text.isdigit()


def test_they_grow_test_problems_only() -> None:
    assert {GROWTHS.named(f"ranges_{level}").SPLITS for level in range(1, 7)} == {("test",)}  # type: ignore[attr-defined]  # an optional name of a growth


def test_their_thoughts_agree_on_the_answer(solvers: Solvers) -> None:
    for child in made("ranges_4", farmer(), solvers, 3):
        assert solvers.equations.solve(child.completions["eot"]).answer == child.answer
