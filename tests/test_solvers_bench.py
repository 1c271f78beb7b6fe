"""The benchmark of the solvers runs: what it compares comes to the same answers."""

import pytest

from bench import solvers_equations, solvers_math, solvers_problems


def test_all_solve_the_systems_that_they_are_timed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solvers_equations, "SYSTEMS", 100)
    monkeypatch.setattr(solvers_equations, "BASELINE_SYSTEMS", 2)
    measured = solvers_equations.measure()
    assert [(each.name, each.right) for each in measured] == [
        ("thoughtmill", 1.0), ("sympify", 1.0), ("as XoT", 1.0),
    ]  # fmt: skip
    assert all(each.per_s > 0 for each in measured)


def test_golds_are_counted_by_kind_and_both_judges_say_what_they_think_of_each_pair(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(solvers_math, "MATH_VERIFY_PAIRS", 2)
    pairs = [
        solvers_math.AnswerPair(r"\frac12", "0.5", True, "number"),
        solvers_math.AnswerPair("1/2^{80}", "1/2^{81}", False, "number"),
    ]
    text = "\n".join(solvers_math.sections(["12", r"2\sqrt{5}", "x+1", "(1,2)", r"\frac{"], pairs))
    assert "5 gold answers" in text
    assert "| refused    |       1 |" in text
    assert "| number |       2 |            2 |                   1 |" in text
    assert "| number | `1/2^{80}` | `1/2^{81}` | different | equal" in text


def test_whole_problems_are_solved_by_both_and_come_to_the_same_answers() -> None:
    equations = "bags = 4\nans = bags * 6"
    whole = solvers_problems.Whole("4 bags of 6?", "24", ("4 * 6 = 24\n#### 24", equations, equations))
    wrong = solvers_problems.Whole("4 bags of 6?", "24", ("So 4 + 6 = 10.", "ans = 4 + 6", "ans = 4 + 6"))
    assert (solvers_problems.verify([whole, wrong]), solvers_problems.as_xot([whole, wrong])) == (3, 3)
