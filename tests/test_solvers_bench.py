"""The benchmark of the solvers runs: what it compares comes to the same answers."""

import pytest

from bench import solvers_equations


def test_all_solve_the_systems_that_they_are_timed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solvers_equations, "SYSTEMS", 100)
    monkeypatch.setattr(solvers_equations, "BASELINE_SYSTEMS", 2)
    measured = solvers_equations.measure()
    assert [(each.name, each.right) for each in measured] == [
        ("thoughtmill", 1.0), ("sympify", 1.0), ("as XoT", 1.0),
    ]  # fmt: skip
    assert all(each.per_s > 0 for each in measured)
