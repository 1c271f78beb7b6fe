"""Measuring: accuracies, intervals and costs by hand."""

import pytest

from tests.tabled import table
from thoughtmill.factory.answers import Answer
from thoughtmill.train.measuring.scores import difference, figures, interval, scored
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


def test_the_interval_of_a_share_is_that_of_the_binomial() -> None:
    low, high = interval([1.0] * 300 + [0.0] * 100)
    assert low == pytest.approx(0.75 - 1.96 * (0.75 * 0.25 / 400) ** 0.5, abs=0.006)
    assert high == pytest.approx(0.75 + 1.96 * (0.75 * 0.25 / 400) ** 0.5, abs=0.006)


def test_an_interval_is_the_same_for_the_same_seed_only() -> None:
    values = [0.0, 1.0, 1.0, 0.0, 1.0, 0.5, 0.25] * 9
    assert interval(values, 1) == interval(values, 1) != interval(values, 2)


def test_the_gain_of_one_policy_over_another_is_paired_by_problem() -> None:
    one = {f"p{n}": True for n in range(10)}
    other = one | {"p0": False, "p1": False}
    assert difference(one, other)["gain"] == 0.2
    assert difference(other, one)["gain"] == -0.2
    assert difference(one, one) == {"gain": 0.0, "low": 0.0, "high": 0.0}
    assert difference(one, other)["low"] >= 0


def test_a_gain_of_nothing_has_no_sign() -> None:
    thirds = {"a": 1 / 3, "b": 1 / 3, "c": 2 / 3}
    others = {"a": 2 / 3 - 1 / 3, "b": 1 / 3 + 1e-12, "c": 2 / 3}
    assert str(difference(thirds, others)["gain"]) == "0.0"
