"""The policy `first@K/ROLE`: the first of K samples that has an answer decides."""

from thoughtmill.train.policies import Asked, PolicyEntry, by_problem
from thoughtmill.train.policies.plans import Decision, Plan, SampleRequest


def first(problem_id: str, asked: Asked) -> Plan[Decision]:
    """Ask for one sample after the other until there is an answer."""
    for round_ in range(1, asked.k + 1):
        (sample,) = yield [SampleRequest(problem_id, asked.role, round_)]
        if sample.predicted_answer is not None:
            return Decision((sample.predicted_answer,), resolved=True, rounds=round_)
    return Decision((), resolved=False, rounds=asked.k)


FIRST = PolicyEntry(by_problem(first), form="@K/ROLE")
