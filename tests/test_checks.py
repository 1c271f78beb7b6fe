"""The checks of a thought are all those that are registered for its kind."""

import pytest

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.solvers.checks import CHECKS, Outcome, applies_to, checked
from thoughtmill.factory.solvers.outcome import Check
from thoughtmill.factory.thoughts import THOUGHTS

OF_A_PROBLEM = ["numbers_used", "numbers_known", "whole_people", "sign"]


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("rules", ["general", "names"]),
        ("chain", [*OF_A_PROBLEM, "steps", "no_error_in_answer", "steps_reach_answer"]),
        ("program", [*OF_A_PROBLEM, "pure", "variables_used"]),
        ("equations", [*OF_A_PROBLEM, "variables_used"]),
        ("a kind that nobody knows", []),
    ],
)
def test_each_kind_of_thought_has_its_checks(kind: str, names: list[str]) -> None:
    found = checked(kind, "ans = 12 - 3", "Ann had 12 and gave 3.", Outcome(Answer("9"), None))
    assert [check.check for check in found.checks] == names


def test_what_the_solver_found_comes_first_and_the_verdict_stays() -> None:
    solved = Outcome(Answer("9"), None, checks=(Check("eot_kind", True, "linear"),), fence="strict")
    found = checked("equations", "ans = 12 - 3", "12 and 3", solved)
    assert found.checks[0] == solved.checks[0]
    assert (found.answer, found.failure, found.fence) == (Answer("9"), None, "strict")


def test_every_check_applies_to_the_kind_of_some_thought() -> None:
    kinds = {THOUGHTS.named(name).KIND for name in THOUGHTS.names()}
    for name in CHECKS.names():
        assert CHECKS.named(name).kinds & kinds, name


def test_a_function_stays_a_function_when_it_becomes_a_check() -> None:
    @applies_to("chain", "rules")
    def polite(rationale: str, problem: str, outcome: Outcome) -> Check:
        return Check("polite", "please" in rationale)

    assert polite.kinds == {"chain", "rules"}
    assert polite("Add, please.", "", Outcome(None, None)) == Check("polite", True)


def test_a_check_is_a_row_under_the_record_it_is_about() -> None:
    assert Check("sign", False, "-3 is below 0").row("p/cot/0") == {
        "record_id": "p/cot/0", "check": "sign", "passed": False, "detail": "-3 is below 0",
    }  # fmt: skip
