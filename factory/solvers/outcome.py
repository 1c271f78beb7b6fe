"""What solving a rationale comes to: the words in which every solver answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One finding about a rationale; a row of `checks`.

    `passed` is None where the check does not apply. `detail` says what was found, on one line.
    """

    check: str
    passed: bool | None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer of a rationale, or why it has none; never both.

    `answer` is canonical exact text (`factory.answers.number.canonical`). `failure` is a name from
    `schemas.fields.FAILURES`, and `detail` that failure in words. `fence` names what held a program.
    """

    answer: str | None
    failure: str | None
    detail: str | None = None
    checks: tuple[Check, ...] = ()
    fence: str | None = None
