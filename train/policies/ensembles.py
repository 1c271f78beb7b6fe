"""Ensembles: combine the thoughts of a problem (EoTD/ETD, arXiv 2401.11864, section 3.3).

`order` names the roles; the paper trusts equations before programs before chains. All but `thoughts` ask at
temperature 0.
"""

from collections.abc import Callable, Sequence

from thoughtmill.train.policies import PolicyEntry, by_problem
from thoughtmill.train.policies.plans import Decision, Plan, SampleRequest
from thoughtmill.train.policies.votes import agree, tally, voted


def etd(problem_id: str, order: Sequence[str]) -> Plan[Decision]:
    """Take the first answer in the order: the equations' if they solve, else the program's, else the chain's.

    A role is asked only if no role before it has an answer.
    """
    for number, role in enumerate(order, start=1):
        (sample,) = yield [SampleRequest(problem_id, role, 0)]
        if sample.predicted_answer is not None:
            return voted([sample.predicted_answer], True, number)
    return voted([], False, len(order))


def etd_vote(problem_id: str, order: Sequence[str]) -> Plan[Decision]:
    """Vote among all roles; ties go to the earlier role. Two equal answers resolve the problem."""
    samples = yield [SampleRequest(problem_id, role, 0) for role in order]
    answers = [sample.predicted_answer for sample in samples]
    return voted(answers, any(votes > 1 for _, votes in tally(answers)), 1)


def etd_two_agree(problem_id: str, order: Sequence[str]) -> Plan[Decision]:
    """Ask two roles, then more until two agree; else take the first answer in the order."""
    samples = yield [SampleRequest(problem_id, role, 0) for role in order[:2]]
    answers = [sample.predicted_answer for sample in samples]
    if agree(*answers):
        return voted(answers, True, 1)
    for number, role in enumerate(order[2:], start=2):
        (sample,) = yield [SampleRequest(problem_id, role, 0)]
        if any(agree(sample.predicted_answer, other) for other in answers):
            return voted([sample.predicted_answer], True, number)
        answers.append(sample.predicted_answer)
    return voted(answers, False, len(order) - 1)


def thoughts(problem_id: str, order: Sequence[str], k: int) -> Plan[Decision]:
    """Vote among k sampled rounds of all roles; ties go to the earlier round, then to the earlier role.

    Two equal answers resolve the problem.
    """
    samples = yield [SampleRequest(problem_id, role, round_) for round_ in range(1, k + 1) for role in order]
    answers = [sample.predicted_answer for sample in samples]
    return voted(answers, any(votes > 1 for _, votes in tally(answers)), k)


def _entry(plan: Callable[[str, Sequence[str]], Plan[Decision]]) -> PolicyEntry:
    return PolicyEntry(
        by_problem(lambda problem_id, asked: plan(problem_id, asked.settings.order)),
        roles=lambda asked: asked.settings.order,
    )


ETD = _entry(etd)
ETD_VOTE = _entry(etd_vote)
ETD_TWO_AGREE = _entry(etd_two_agree)
THOUGHTS = PolicyEntry(
    by_problem(lambda problem_id, asked: thoughts(problem_id, asked.settings.order, asked.k)),
    "@K",
    roles=lambda asked: asked.settings.order,
)
