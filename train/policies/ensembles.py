"""Ensembles: thoughts of one problem put together (EoTD/ETD, arXiv 2401.11864, section 3.3).

All ask at temperature 0. `order` names the roles; the paper trusts equations before programs before chains.
"""

from collections.abc import Sequence

from thoughtmill.train.policies.plans import Decision, Plan, SampleRequest
from thoughtmill.train.policies.votes import agree, tally, voted


def etd(problem_id: str, order: Sequence[str]) -> Plan[Decision]:
    """Take the first answer in the order: the equations' if they solve, else the program's, else the chain's.

    A later role is only asked when all before it have no answer.
    """
    for number, role in enumerate(order, start=1):
        (one,) = yield [SampleRequest(problem_id, role, 0)]
        if one.predicted_answer is not None:
            return voted([one.predicted_answer], True, number)
    return voted([], False, len(order))


def etd_vote(problem_id: str, order: Sequence[str]) -> Plan[Decision]:
    """Vote among all roles; a tie goes to the answer of the role that comes first. Two alike resolve."""
    samples = yield [SampleRequest(problem_id, role, 0) for role in order]
    answers = [one.predicted_answer for one in samples]
    return voted(answers, any(votes > 1 for _, votes in tally(answers)), 1)


def etd_two_agree(problem_id: str, order: Sequence[str]) -> Plan[Decision]:
    """Ask two roles, and the next only while no two agree; else take the first answer in the order."""
    samples = yield [SampleRequest(problem_id, role, 0) for role in order[:2]]
    answers = [one.predicted_answer for one in samples]
    if agree(*answers):
        return voted(answers, True, 1)
    for number, role in enumerate(order[2:], start=2):
        (one,) = yield [SampleRequest(problem_id, role, 0)]
        if any(agree(one.predicted_answer, other) for other in answers):
            return voted([one.predicted_answer], True, number)
        answers.append(one.predicted_answer)
    return voted(answers, False, len(order) - 1)
