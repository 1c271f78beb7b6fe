"""The benchmark of the solvers runs: what it compares comes to the same answers."""

import pytest

from bench import solvers_equations, solvers_math


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
        solvers_math.Pair(r"\frac12", "0.5", True, "number"),
        solvers_math.Pair("1/2^{80}", "1/2^{81}", False, "number"),
    ]
    text = "\n".join(solvers_math.sections(["12", r"2\sqrt{5}", "x+1", "(1,2)", r"\frac{"], pairs))
    assert "5 gold answers" in text
    assert "| refused    |       1 |" in text
    assert "| number |       2 |            2 |                   1 |" in text
    assert "| number | `1/2^{80}` | `1/2^{81}` | different | equal" in text
