"""LoRID's policies (arXiv 2508.13037): the intuitive and the deep reasoner answer until they agree.

In round t the intuitive reasoner IR answers, KG writes knowledge, and the deep reasoner DR answers with it.
"""

from collections.abc import Sequence

from thoughtmill.train.policies.plans import Decision, Plan, SampleRequest
from thoughtmill.train.policies.votes import agree, voted


def lorid(problem_id: str, max_rounds: int) -> Plan[Decision]:
    """Answer at the first agreement of an IR answer with a DR answer, over all rounds so far.

    IR's answer of a round is compared first, with DR's of the rounds before; only where it agrees with none
    are KG and DR asked in that round. So exactly one answer comes out. After `max_rounds` without one it is
    the vote of all answers, in the order of rounds and IR before DR, and the problem is unresolved.
    """
    intuitive: list[str | None] = []
    deep: list[str | None] = []
    for round_ in range(1, max_rounds + 1):
        asked, rules = SampleRequest(problem_id, "ir", round_), SampleRequest(problem_id, "kg", round_)
        # In the first round DR is asked whatever IR says, so KG need not wait.
        samples = yield [asked, rules] if round_ == 1 else [asked]
        intuitive.append(samples[0].predicted_answer)
        if any(agree(intuitive[-1], one) for one in deep):
            return voted(intuitive[-1:], True, round_)
        if round_ > 1:
            yield [rules]
        (sample,) = yield [SampleRequest(problem_id, "dr", round_, given=rules)]
        deep.append(sample.predicted_answer)
        if any(agree(deep[-1], one) for one in intuitive):
            return voted(deep[-1:], True, round_)
    return voted([one for pair in zip(intuitive, deep, strict=True) for one in pair], False, max_rounds)


def _round(problem_id: str, round_: int) -> Plan[list[str | None]]:
    """Draw a whole round and return IR's answer and DR's."""
    rules = SampleRequest(problem_id, "kg", round_)
    intuitive, _ = yield [SampleRequest(problem_id, "ir", round_), rules]
    (deep,) = yield [SampleRequest(problem_id, "dr", round_, given=rules)]
    return [intuitive.predicted_answer, deep.predicted_answer]


def same_round(problem_id: str, max_rounds: int) -> Plan[Decision]:
    """Answer at the first round whose own IR and DR answers agree; else as `lorid` does."""
    answers: list[str | None] = []
    for round_ in range(1, max_rounds + 1):
        answers += yield from _round(problem_id, round_)
        if agree(*answers[-2:]):
            return voted(answers[-1:], True, round_)
    return voted(answers, False, max_rounds)


def lorid_released(problem_id: str, max_rounds: int) -> Plan[Decision]:
    """Do what the authors' released scorer does, for reproducing their tables only.

    Two sets of answers as strings grow, IR's and DR's; at the first round after which they share any, all
    shared ones are the answer, right if *any* of them is; after `max_rounds` there is none, which is wrong.
    It is scored with `factory.answers.number.lorid_grader`.
    """
    intuitive: set[str | None] = set()
    deep: set[str | None] = set()
    for round_ in range(1, max_rounds + 1):
        one, other = yield from _round(problem_id, round_)
        intuitive.add(one)
        deep.add(other)
        if shared := sorted(answer for answer in intuitive & deep if answer is not None):
            return Decision(tuple(shared), True, round_)
    return Decision((), False, max_rounds)


def greedy_deep(problem_ids: Sequence[str], role: str) -> dict[str, SampleRequest | None]:
    """Return the knowledge that `role` is given for each problem, at temperature 0.

    `dr` has its own problem's; `dr_other` that of the problem half-way round the list of all; `dr_bare` none.
    What DR gains from the first over the other two is what knowledge is worth.
    """
    if role == "dr_bare":
        return dict.fromkeys(problem_ids)
    away = len(problem_ids) // 2 if role == "dr_other" else 0
    others = [*problem_ids[away:], *problem_ids[:away]]
    return {one: SampleRequest(other, "kg", 0) for one, other in zip(problem_ids, others, strict=True)}


def deep_alone(problem_ids: Sequence[str], role: str) -> list[Plan[dict[str, Decision]]]:
    """Take what DR writes at temperature 0, with the knowledge of `greedy_deep`; a plan per problem."""

    def alone(problem_id: str, given: SampleRequest | None) -> Plan[dict[str, Decision]]:
        if given is not None:
            yield [given]
        (one,) = yield [SampleRequest(problem_id, role, 0, given=given)]
        return {problem_id: voted([one.predicted_answer], one.predicted_answer is not None, 1)}

    return [alone(one, given) for one, given in greedy_deep(problem_ids, role).items()]
