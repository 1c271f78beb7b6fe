"""Measuring: accuracies, intervals and costs by hand."""

from math import comb
from random import Random

import pytest

from tests.tabled import table
from thoughtmill.factory.answers import Answer
from thoughtmill.train.measuring.scores import difference, figures, holm, scored, smallest_gain, wilson
from thoughtmill.train.policies import PolicySettings, policy
from thoughtmill.train.policies.plans import Sample, SampleKey, replay

HOW = PolicySettings()


def four_problems() -> dict[SampleKey, Sample]:
    """Two right at once, one wrong for ever, one without an answer; the gold answer is 7."""
    stored: dict[SampleKey, Sample] = {}
    for name, answer in (("a", "7"), ("b", "7"), ("c", "9"), ("d", None)):
        stored |= table({"ir": [answer], "kg": [None], "dr": [answer]}, name)
    return stored


def test_the_figures_of_a_policy() -> None:
    chosen = policy("lorid", PolicySettings(max_rounds=1))
    found = figures(
        [scored(chosen, replay(chosen, list("abcd"), four_problems()), dict.fromkeys("abcd", Answer("7")))]
    )
    low, high = found.pop("low"), found.pop("high")
    assert found == {
        "problems": 4, "accuracy": 0.5, "resolved": 0.75, "accuracy_resolved": 0.6667, "mean_rounds": 1.0,
        "mean_new_tokens": 25.0,
    }  # fmt: skip
    assert 0 <= low < 0.5 < high <= 1


def test_nothing_resolved_has_no_accuracy_when_resolved() -> None:
    chosen = policy("majority@1/ir", HOW)
    decided = replay(chosen, ["d"], four_problems())
    assert figures([scored(chosen, decided, {"d": Answer("7")})])["accuracy_resolved"] is None


def test_the_ceiling_is_right_when_any_answer_is() -> None:
    chosen = policy("pass@2/ir", HOW)
    decided = replay(chosen, ["p"], table({"ir": ["9", "7"]}))
    assert scored(chosen, decided, {"p": Answer("7")}).right == {"p": True}
    assert scored(chosen, decided, {"p": Answer("8")}).right == {"p": False}


def covered(share: float, problems: int) -> float:
    """Return how often the interval of a share holds the share, over all outcomes."""
    chances = (
        comb(problems, right) * share**right * (1 - share) ** (problems - right)
        for right in range(problems + 1)
        if wilson(right / problems, problems)[0] <= share <= wilson(right / problems, problems)[1]
    )
    return sum(chances)


@pytest.mark.parametrize("share", [0.02, 0.05, 0.3, 0.5, 0.86, 0.98])
@pytest.mark.parametrize("problems", [40, 300])
def test_the_interval_of_a_share_holds_it_near_0_and_1_too(share: float, problems: int) -> None:
    assert 0.92 < covered(share, problems) < 0.99


def test_the_interval_of_all_right_is_not_a_point() -> None:
    assert wilson(1.0, 40) == (0.9124, 1.0)
    assert wilson(0.0, 40) == (0.0, 0.0876)
    assert wilson(0.75, 400) == pytest.approx((0.7054, 0.79), abs=1e-3)


@pytest.mark.parametrize(("gain", "loss"), [(0.0, 0.0), (0.1, 0.0), (0.15, 0.1), (0.5, 0.05)])
def test_the_interval_of_a_gain_holds_it(gain: float, loss: float) -> None:
    drawn, held = Random("gains"), 0
    for _ in range(600):
        points = [drawn.random() for _ in range(40)]
        one = {str(at): float(point < gain) for at, point in enumerate(points)}
        other = {str(at): float(point > 1 - loss) for at, point in enumerate(points)}
        found = difference(one, other)
        held += found["low"] <= gain - loss <= found["high"]
    assert held / 600 > 0.9


def test_comparisons_are_corrected_for_their_number() -> None:
    assert holm([]) == []
    assert holm([0.04]) == [0.04]
    assert holm([0.001, 0.5, 0.02, 0.02]) == [0.004, 0.5, 0.06, 0.06]


def test_the_smallest_gain_that_shows_grows_with_comparisons_and_error() -> None:
    assert smallest_gain(0.05, 1) == pytest.approx(0.05 * 2.8, abs=1e-3)
    assert smallest_gain(0.05, 21) > smallest_gain(0.05, 1) > smallest_gain(0.01, 1)


def test_the_gain_of_one_policy_over_another_is_paired_by_problem() -> None:
    one = {f"p{n}": True for n in range(10)}
    other = one | {"p0": False, "p1": False}
    assert difference(one, other)["gain"] == 0.2
    assert difference(other, one)["gain"] == -0.2
    alike = difference(one, one)
    assert (alike["gain"], alike["p"]) == (0.0, 1.0)
    assert alike["low"] == -alike["high"] < 0
    assert difference(one, other)["p"] == difference(other, one)["p"] < 1


def test_a_gain_of_nothing_has_no_sign() -> None:
    thirds = {"a": 1 / 3, "b": 1 / 3, "c": 2 / 3}
    others = {"a": 2 / 3 - 1 / 3, "b": 1 / 3 + 1e-12, "c": 2 / 3}
    assert str(difference(thirds, others)["gain"]) == "0.0"
