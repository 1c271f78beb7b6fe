"""The registry of growths: each makes problems, or completions, from a problem and its verified records.

To add a growth, write a module like `Growth`, or like `Rewriting` if a teacher writes its problems: here with
its line in `GROWTHS`, or in your package under an entry point `thoughtmill.growths`. Then give it a budget in
the section `grow` of `params.yaml`. A growth is the teacher of its completions, unless it asks for them. They
are parsed, solved and compared like any other, and nothing is right by construction.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple, Protocol

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.core.registry import Registry
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.thoughts import THOUGHTS

Row = Mapping[str, Any]


def kind_of(thought: str) -> str:
    """Return the kind of a thought's rationales: `program`, `equations`, ..."""
    return THOUGHTS.named(thought).KIND


@dataclass(frozen=True, slots=True)
class Parent:
    """A problem, the first verified record of each of its thoughts, and its rejected ones; all are rows."""

    problem: Row
    records: Mapping[str, Row]
    rejected: Sequence[Row] = ()

    def first(self, kind: str) -> Row | None:
        """Return the first verified record of a kind of thought: of a `program`, of `equations`, ..."""
        of_kind = (row for name, row in self.records.items() if kind_of(name) == kind)
        return next(of_kind, None)


@dataclass(frozen=True, slots=True)
class Child:
    """What a growth made: a problem with its answer, and completions by their thought.

    Without a `problem` and its `answer`, the completions are about the parent itself. If it `asks`, the
    teachers of the corpus write the completions: about the parent one more of each thought, and about a new
    problem as many as of any problem; two of its thoughts must then agree on its answer. Without an `answer`,
    the new problem has no gold answer.
    """

    completions: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None
    answer: Answer | None = None
    asks: bool = False


class Barren(NamedTuple):
    """Why a growth made nothing, in words that are counted: without numbers or names of the problem."""

    reason: str


def first_children(tried: Iterable[Child | Barren], count: int, reason: str) -> Iterator[Child | Barren]:
    """Yield the first `count` children of those that are tried, or why there are none.

    That is the reason of the last one that failed, and `reason` where none was tried.
    """
    made = 0
    for child in tried:
        if isinstance(child, Barren):
            reason = child.reason
            continue
        yield child
        made += 1
        if made == count:
            return
    if not made:
        yield Barren(reason)


def unchanged(parent: Parent, problem: str) -> Child:
    """Return a child with other words: the parent's answer and completions are right for it too."""
    completions = {
        thought: str(record["rationale"])
        for thought, record in parent.records.items()
        if record["predicted_answer"] is not None
    }
    return Child(completions, problem, Answer(parent.problem["answer"], parent.problem["answer_kind"]))


class Growth(Protocol):
    """A module that makes new problems from old ones.

    It may have `SPLITS`, the splits whose problems it grows; without it, these are `train`. If it writes
    completions about the parent itself, it has `WRITES`, their thoughts; if teachers write them, it has
    `ASKS = True`, so that `thoughtmill estimate` foresees them.
    """

    def grow(self, parent: Parent, count: int, random: Random, solvers: Solvers) -> Iterator[Child | Barren]:
        """Yield at most `count` children of a parent, or why there are none."""
        ...


class Rewriting(Protocol):
    """A module whose problems a teacher writes; `growths.rewriting` has what such modules share.

    It may have `EXEMPLARS` and `SAMPLING`, the parameters of its requests, and `WITHOUT_GOLD = True` if the
    answers of its problems are unknown.
    """

    INSTRUCTION: str
    """What the teacher is asked, in the form of a thought's instruction: its first line names the columns."""

    def read(self, parent: Row, completion: str, earlier: Sequence[str], random: Random) -> Child | Barren:
        """Make a child of what the teacher wrote, or say why not; `earlier` are the texts of its siblings."""
        ...


GROWTHS: Registry[Any] = Registry(
    "growth",
    "thoughtmill.growths",
    {
        "redraw": "thoughtmill.factory.growths.redraw",
        "fobar": "thoughtmill.factory.growths.fobar",
        "repair": "thoughtmill.factory.growths.repair",
        "equation_only": "thoughtmill.factory.growths.equation_only",
        "socratic": "thoughtmill.factory.growths.socratic",
        "rename": "thoughtmill.factory.growths.rename",
        "permute": "thoughtmill.factory.growths.permute",
        "irrelevant": "thoughtmill.factory.growths.irrelevant",
        "rephrase": "thoughtmill.factory.growths.rephrase",
        "self_verification": "thoughtmill.factory.growths.self_verification",
        "answer_augmentation": "thoughtmill.factory.growths.answer_augmentation",
        "evolve": "thoughtmill.factory.growths.evolve",
        "ranges_1": "thoughtmill.factory.growths.ranges:RANGES_1",
        "ranges_2": "thoughtmill.factory.growths.ranges:RANGES_2",
        "ranges_3": "thoughtmill.factory.growths.ranges:RANGES_3",
        "ranges_4": "thoughtmill.factory.growths.ranges:RANGES_4",
        "ranges_5": "thoughtmill.factory.growths.ranges:RANGES_5",
        "ranges_6": "thoughtmill.factory.growths.ranges:RANGES_6",
    },
)
