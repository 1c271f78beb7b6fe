"""The registry of thoughts: one module per kind of rationale.

To add a thought, write a module with what `Thought` asks for, its line in `THOUGHTS`, its instruction in
`factory/thoughts/` and exemplars in `data/exemplars.jsonl`; then list it in `params.yaml`. No stage,
schema or `dvc.yaml` changes. Instructions lie apart because they are all that a completion depends on: who
edits `parse` or `solve` never asks the teacher again.
"""

from typing import Protocol

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.solvers.outcome import Outcome
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.thoughts import cot, eot, knowledge, pot


class Thought(Protocol):
    """A module of this package: how to read a thought and how to solve it."""

    def parse(self, completion: str) -> str | None:
        """Return the rationale in a completion, or None when there is none to be read."""
        ...

    def solve(self, rationale: str, problem: str, solvers: Solvers) -> Outcome:
        """Return what a rationale comes to, without sight of the gold answer."""
        ...


THOUGHTS: dict[str, Thought] = {
    "knowledge": knowledge,
    "cot": cot,
    "pot": pot,
    "eot": eot,
}

PROGRAMS = frozenset({"pot"})
"""The thoughts whose rationales are programs: many of them are run together (`Programs.ahead`)."""


def named(thought: str) -> Thought:
    """Return the module of a thought, or raise a `ThoughtmillError` that lists those there are."""
    if thought not in THOUGHTS:
        raise ThoughtmillError(f"unknown thought `{thought}`; there are: {', '.join(THOUGHTS)}")
    return THOUGHTS[thought]
