"""Problems without a gold answer: the answer that thoughts and samples agree on, and who is for it.

Each thought and each sample with other words is a vote. An answer is agreed on if it has enough votes and no
other answer has as many.

>>> rows = [("cot", "3*4=12", "12"), ("pot", "ans = 3*4", "12"), ("pot", "ans = 3+4", "7")]
>>> records = [
...     {"record_id": f"a/{n}", "thought": thought, "rationale": text, "predicted_answer": answer,
...      "predicted_kind": "number", "failure": None}
...     for n, (thought, text, answer) in enumerate(rows)
... ]
>>> for name, found in verdicts(records, least=2):
...     print(name, found.passed, found.detail)
a/0 True 2 of 3 votes: cot, pot
a/1 True 2 of 3 votes: cot, pot
a/2 False 1 of 3 votes: pot
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from thoughtmill.factory.answers import Answer, equal, predicted_answer

CHECK = "without_gold"
"""The check that marks the records of problems without a gold answer."""


class Agreement(NamedTuple):
    """What a record's answer is worth without a gold answer; the columns of a row of `checks`."""

    passed: bool
    detail: str


@dataclass
class Candidate:
    """An answer, and the thoughts and rationales that came to it."""

    answer: Answer
    votes: set[tuple[str, str | None]] = field(default_factory=set)

    @property
    def thoughts(self) -> list[str]:
        """The thoughts that came to it, by name."""
        return sorted({thought for thought, _ in self.votes})


def candidates(records: Iterable[Mapping[str, Any]]) -> list[Candidate]:
    """Return the different answers of a problem's records, each with its votes, most votes first.

    Records with the same thought and rationale are one vote.
    """
    found: list[Candidate] = []
    for record in records:
        answer = predicted_answer(record)
        if answer is None:
            continue
        mine = next((each for each in found if equal(each.answer, answer)), None)
        if mine is None:
            found.append(mine := Candidate(answer))
        mine.votes.add((record["thought"], record["rationale"]))
    return sorted(found, key=lambda each: -len(each.votes))


def agreed(found: Sequence[Candidate], least: int) -> Candidate | None:
    """Return the answer that has at least `least` votes and more than any other, if there is one."""
    if not found or len(found[0].votes) < least:
        return None
    tied = len(found) > 1 and len(found[1].votes) == len(found[0].votes)
    return None if tied else found[0]


def verdicts(records: Sequence[Mapping[str, Any]], least: int) -> Iterator[tuple[str, Agreement]]:
    """Yield (record_id, agreement) for the records of a problem, rules too; not for those that failed.

    A record passes if its answer is the one that is agreed on, and rules if there is one.
    """
    found = candidates(records)
    winner, total = agreed(found, least), sum(len(each.votes) for each in found)
    for record in records:
        if record["failure"] is not None:
            continue
        answer = predicted_answer(record)
        mine = winner if answer is None else next(each for each in found if equal(each.answer, answer))
        passed = winner is not None and mine is winner
        votes = "no answer is agreed on" if mine is None else _counted(mine, total)
        yield record["record_id"], Agreement(passed, votes)


def _counted(candidate: Candidate, total: int) -> str:
    return f"{len(candidate.votes)} of {total} votes: {', '.join(candidate.thoughts)}"
