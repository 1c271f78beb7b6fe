"""The registry of checks: findings about a rationale that need no gold answer.

A check is a function from a rationale, its problem and its outcome to a `Check`, which is a row of the table
`checks`. It says to which kinds of thought it applies:

    @applies_to("chain", "program")
    def polite(rationale: str, problem: str, outcome: Outcome) -> Check:
        return Check("polite", "please" in rationale)

To add one, write the function and its line in `CHECKS`; another package names its own in an entry point of
the group `thoughtmill.checks`. All checks that apply to a thought's `KIND` run on each of its rationales.
Checks are signals, not verdicts: a right chain may leave a number of its problem out.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Protocol, cast

from thoughtmill.factory.core.registry import Registry
from thoughtmill.factory.solvers.outcome import Check, Outcome

__all__ = ["CHECKS", "Check", "Checker", "Outcome", "applies_to", "checked"]


class Checker(Protocol):
    """A function that checks a rationale, and the kinds of thought that it applies to."""

    kinds: frozenset[str]

    def __call__(self, rationale: str, problem: str, outcome: Outcome) -> Check:
        """Return the finding; its `passed` is None where the check does not apply after all."""
        ...


CHECKS: Registry[Checker] = Registry(
    "check",
    "thoughtmill.checks",
    {
        "general": "thoughtmill.factory.solvers.checks.rules:general",
        "numbers_used": "thoughtmill.factory.solvers.checks.gold_free:numbers_used",
        "numbers_known": "thoughtmill.factory.solvers.checks.gold_free:numbers_known",
        "whole_people": "thoughtmill.factory.solvers.checks.gold_free:whole_people",
        "sign": "thoughtmill.factory.solvers.checks.gold_free:sign",
        "steps": "thoughtmill.factory.solvers.checks.recomputed:no_step_is_wrong",
        "no_error_in_answer": "thoughtmill.factory.solvers.checks.recomputed:no_error_in_answer",
        "steps_reach_answer": "thoughtmill.factory.solvers.checks.recomputed:steps_reach_answer",
        "pure": "thoughtmill.factory.solvers.checks.purity:pure",
        "names": "thoughtmill.factory.solvers.checks.rules:names",
        "program_variables": "thoughtmill.factory.solvers.checks.variables:program_variables",
        "equation_variables": "thoughtmill.factory.solvers.checks.variables:equation_variables",
    },
)


def applies_to(*kinds: str) -> Callable[[Callable[[str, str, Outcome], Check]], Checker]:
    """Return a decorator that says to which kinds of thought a check applies."""

    def marked(function: Callable[[str, str, Outcome], Check]) -> Checker:
        checker = cast(Checker, function)
        checker.kinds = frozenset(kinds)
        return checker

    return marked


def checked(kind: str, rationale: str, problem: str, outcome: Outcome) -> Outcome:
    """Return an outcome with the findings of all checks that apply to a kind of thought.

    >>> from thoughtmill.factory.answers import Answer
    >>> solved = Outcome(Answer("8"), None)
    >>> found = checked("chain", "12 - 5 = 8 are left.", "Ann had 12 and gave 5.", solved).checks
    >>> [check.check for check in found if check.passed is False]
    ['steps', 'no_error_in_answer']
    """
    found = tuple(check(rationale, problem, outcome) for check in _applying(kind))
    return replace(outcome, checks=(*outcome.checks, *found))


@cache
def _applying(kind: str) -> tuple[Checker, ...]:
    every = (CHECKS.named(name) for name in CHECKS.names())
    return tuple(check for check in every if kind in check.kinds)
