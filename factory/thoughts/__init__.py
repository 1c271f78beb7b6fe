"""The registry of thoughts: one module per kind of rationale.

To add a thought, write a module like `Thought`, its instruction in `factory/thoughts/instructions/` and
exemplars in `data/exemplars.jsonl`; then list it in `params.yaml`. No stage, schema or `dvc.yaml` changes.
Instructions have their own folder because completions depend only on them: a change of `parse` or `solve`
never asks the teacher again. A thought of another package has its instruction in its module; see
`docs/extend.md`.
"""

from typing import Protocol

from thoughtmill.factory.core.registry import Registry, modules_of
from thoughtmill.factory.solvers.outcome import Outcome
from thoughtmill.factory.solvers.solvers import Solvers


class Thought(Protocol):
    """A module that says how a thought is read and how it is solved."""

    KIND: str
    """The kind of its rationales: `rules`, a `chain` of sentences, a `program`, `equations`, or another word.

    It decides which checks apply, and whether rationales run as programs, many at a time.
    """

    def parse(self, completion: str) -> str | None:
        """Return the rationale in a completion, or None.

        A completion comes without the thinking of its model. A module with `READS_REASONING = True` gets
        both, as `reasoning.join` puts them together. One with `READS_CUT = True` also gets completions that
        the length limit cut, and returns what is whole in them.
        """
        ...

    def solve(self, rationale: str, problem: str, answer_kind: str, solvers: Solvers) -> Outcome:
        """Return the answer of a rationale or its failure, without the gold answer.

        `answer_kind` is the kind of answer that the problem asks for; the answer may be of another kind.
        """
        ...


THOUGHTS: Registry[Thought] = Registry(
    "thought",
    "thoughtmill.thoughts",
    modules_of("thoughtmill.factory.thoughts", but_not=("prompts", "reasoning", "solving")),
)
