"""The registry of thoughts: one module per kind of rationale.

To add a thought, write a module with what `Thought` asks for, its instruction in
`factory/thoughts/instructions/` and exemplars in `data/exemplars.jsonl`; then list it in `params.yaml`. No
stage, schema or `dvc.yaml` changes. Instructions lie apart because they are all that a completion depends on:
who edits `parse` or `solve` never asks the teacher again. A thought of another package brings its own
instruction; see `docs/extend.md`.
"""

from typing import Protocol

from thoughtmill.factory.core.registry import Registry, modules_of
from thoughtmill.factory.solvers.outcome import Outcome
from thoughtmill.factory.solvers.solvers import Solvers


class Thought(Protocol):
    """A module that says how a thought is read and how it is solved."""

    KIND: str
    """What its rationales are: `rules`, a `chain` of sentences, a `program`, `equations`, or another word.

    It decides which checks apply; and programs are run many at a time.
    """

    def parse(self, completion: str) -> str | None:
        """Return the rationale in a completion, or None when there is none to be read."""
        ...

    def solve(self, rationale: str, problem: str, solvers: Solvers) -> Outcome:
        """Return the answer of a rationale or its failure, without sight of the gold answer."""
        ...


THOUGHTS: Registry[Thought] = Registry(
    "thought",
    "thoughtmill.thoughts",
    modules_of("thoughtmill.factory.thoughts", but_not=("prompts", "solving")),
)
