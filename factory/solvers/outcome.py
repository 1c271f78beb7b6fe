"""The result of solving a rationale, in the words that all solvers share."""

from dataclasses import dataclass
from typing import Any

from thoughtmill.factory.answers import Answer


@dataclass(frozen=True, slots=True)
class Check:
    """One finding about a rationale; a row of `checks`.

    `passed` is None where the check does not apply. `detail` says what was found, on one line.
    """

    check: str
    passed: bool | None
    detail: str | None = None

    def row(self, record_id: str) -> dict[str, Any]:
        """Return the finding as a row of `checks`."""
        return {"record_id": record_id, "check": self.check, "passed": self.passed, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer of a rationale, or why it has none; never both.

    `failure` is a name from `schemas.fields.FAILURES`, and `detail` that failure in words. `fence` names
    what held a program.
    """

    answer: Answer | None
    failure: str | None
    detail: str | None = None
    checks: tuple[Check, ...] = ()
    fence: str | None = None
