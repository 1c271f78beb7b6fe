"""Read what a student wrote as the thought of its role, and solve it."""

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.thoughts import THOUGHTS
from thoughtmill.train.roles import ROLES


def solve(
    role: str, text: str, problem: str, answer_kind: str, solvers: Solvers
) -> tuple[Answer | None, str | None]:
    """Return a text's answer, read as the thought of its role, or its failure; knowledge has neither.

    Texts of students are solved in the same fences as those of teachers.
    """
    entry = ROLES.named(role)
    if entry.parts:
        raise ThoughtmillError(f"role `{role}` writes {', '.join(entry.parts)}: name one of them")
    if not entry.answers:
        return (None, None) if text.strip() else (None, "empty")
    rationale = THOUGHTS.named(entry.thought).parse(text)
    if rationale is None:
        return None, "unparsable" if text.strip() else "empty"
    outcome = THOUGHTS.named(entry.thought).solve(rationale, problem, answer_kind, solvers)
    return outcome.answer, outcome.failure
