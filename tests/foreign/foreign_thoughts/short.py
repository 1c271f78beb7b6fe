"""The check `short`: whether a rationale is one line of at most 40 characters."""

from thoughtmill.factory.solvers.checks import Check, Outcome, applies_to


@applies_to("expression", "program")
def short(rationale: str, problem: str, outcome: Outcome) -> Check:
    """Say whether a rationale is short, and how long it is when it is not."""
    length = len(rationale)
    return Check("short", length <= 40, None if length <= 40 else f"{length} characters")
