"""Ask again until enough records hold: which samples of which problems are asked for next.

>>> def record(sample, rationale, correct):
...     names = {"problem_id": "a", "thought": "cot", "sample": sample, "rationale": rationale}
...     answer = {"predicted_answer": "7", "predicted_kind": "number"}
...     return {**names, **answer, "failure": None, "correct": correct}
>>> again = Again(verified=2, at_most=5, first=1)
>>> again.add([record(0, "3 + 4 = 7", True)])
>>> again.wanted()
{('a', 1)}
>>> again.add([record(1, "3 + 4 = 7", True)])  # the same words hold once
>>> again.wanted()
{('a', 2)}
>>> again.add([record(2, "4 + 3 = 7", True)])
>>> again.wanted()
set()
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from thoughtmill.factory.answers.without_gold import candidates

Row = Mapping[str, Any]


class Again:
    """The problems of a thought with fewer than `verified` records that hold, and what each was asked for.

    The teacher was asked for samples 0 to `first - 1` of each, and is asked for `at_most`. Memory holds the
    records of these problems only.
    """

    def __init__(self, verified: int, at_most: int, first: int) -> None:
        self.verified, self.at_most, self.first = verified, at_most, first
        self.records: dict[str, list[Row]] = {}
        self.asked: dict[str, int] = {}

    def add(self, records: Iterable[Row]) -> None:
        """Take records, in the order of problems; a problem with enough of them is done."""
        for problem_id, group in groupby(records, key=lambda record: str(record["problem_id"])):
            known = [*self.records.pop(problem_id, ()), *group]
            if holding(known) < self.verified and self.asked.get(problem_id, self.first) < self.at_most:
                self.records[problem_id] = known

    def wanted(self) -> set[tuple[str, int]]:
        """Return the problems and samples to ask for next: as many as are missing, within the limit."""
        found = set()
        for problem_id, records in self.records.items():
            begin = self.asked.get(problem_id, self.first)
            end = min(self.at_most, begin + self.verified - holding(records))
            found |= {(problem_id, sample) for sample in range(begin, end)}
            self.asked[problem_id] = end
        return found


def holding(records: Sequence[Row]) -> int:
    """Return how many records of a problem and thought hold, those with the same rationale once.

    They have the gold answer. Without a gold answer, they have the most frequent one; rules have not failed.
    """
    good = [record for record in records if record["failure"] is None]
    if any(record["correct"] is not None for record in good):
        return len({record["rationale"] for record in good if record["correct"]})
    found = candidates(good)
    return len(found[0].votes) if found else len({record["rationale"] for record in good})


def expected(missing: int, limit: int, share: float) -> float:
    """Return how many requests are expected until `missing` records hold, each with probability `share`.

    There are `limit` requests at most.

    >>> expected(1, 99, 0.5), expected(2, 3, 1.0), expected(1, 3, 0.0)
    (2.0, 2.0, 3.0)
    """
    held = [1.0, *[0.0] * (missing - 1)]  # the probability of each number of records that hold, while too few
    total = 0.0
    for _ in range(limit if missing else 0):
        total += sum(held)
        held = [(1 - share) * now + (share * before) for before, now in zip([0.0, *held], held, strict=False)]
    return total
