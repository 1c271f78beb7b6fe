"""Difficulty-adaptive voting: more samples for harder problems (Wang et al., arXiv 2408.13457, section 3)."""

from collections.abc import Sequence

from train.draws import Decision, Draw, Plan, together
from train.votes import sure, tally, voted

BLOCK = 16
"""Problems that are looked at together, of about the same difficulty."""


def difficulty(
    problem_ids: Sequence[str], role: str, k: int, window: int, confidence: float
) -> Plan[dict[str, Decision]]:
    """Vote with samples allotted by difficulty, k at most for each problem.

    The paper's three steps: *order* the problems, hardest first; walk down from there until a whole block is
    unanimous, and give all easier problems one sample (*partition*); give each harder one at once as many
    samples as the block before it needed, and more until its leading answer is `sure` (*pre-allocation*).
    The paper has a model rank the problems, at a cost; here the longer first sample is the harder problem,
    at none. An easy problem counts as resolved when its one sample has an answer.
    """
    firsts = yield [Draw(one, role, 1) for one in problem_ids]
    length = {one: first.new_tokens for one, first in zip(problem_ids, firsts, strict=True)}
    answer = {one: first.predicted_answer for one, first in zip(problem_ids, firsts, strict=True)}
    order = sorted(problem_ids, key=lambda one: (-length[one], one))
    decisions: dict[str, Decision] = {}
    allotted = window
    for start in range(0, len(order), BLOCK):
        block = order[start : start + BLOCK]
        settled = yield from together([_settle(one, role, k, allotted, confidence) for one in block])
        decisions |= {one: decision for one, (decision, _) in zip(block, settled, strict=True)}
        if all(unanimous for _, unanimous in settled):
            easy = order[start + BLOCK :]
            return decisions | {one: voted([answer[one]], answer[one] is not None, 1) for one in easy}
        allotted = max(window, round(sum(decision.rounds for decision, _ in settled) / len(block)))
    return decisions


def _settle(
    problem_id: str, role: str, k: int, allotted: int, confidence: float
) -> Plan[tuple[Decision, bool]]:
    """Draw what is allotted, then one by one until the lead is sure; tell also whether all samples agree."""
    answers: list[str | None] = []
    while True:
        last = min(max(allotted, len(answers) + 1), k)
        samples = yield [Draw(problem_id, role, round_) for round_ in range(len(answers) + 1, last + 1)]
        answers += [one.predicted_answer for one in samples]
        votes = tally(answers)
        if sure(votes, confidence) or last == k:
            unanimous = len(votes) == 1 and votes[0][1] == last
            return voted(answers, sure(votes, confidence), last), unanimous
