"""Votes: policies that ask a role repeatedly, some only until the vote is clear.

The i-th vote of a role is its answer in round i, so votes and LoRID's rounds share samples. Equal answers
(`factory.answers.equal`) count together: an answer joins the first answer that it equals. In a tie the
earlier answer wins. A rationale without an answer has
no vote, but its tokens count.
"""

from collections.abc import Callable, Iterable, Sequence
from math import comb

from thoughtmill.factory.answers import Answer, equal
from thoughtmill.train.policies import Asked, PolicyEntry, Sizes, by_problem, halves
from thoughtmill.train.policies.plans import Decision, Plan, SampleRequest, together

BLOCK = 16
"""Problems of similar difficulty that are treated together."""


def agree(one: Answer | None, other: Answer | None) -> bool:
    """Return whether both are answers, and the same answer."""
    return one is not None and other is not None and equal(one, other)


def tally(answers: Iterable[Answer | None]) -> list[tuple[Answer, int]]:
    """Return the different answers with their votes, most votes first; ties in order of appearance.

    >>> seven, half = Answer("7"), Answer("1/2")
    >>> [(str(answer), votes) for answer, votes in tally([seven, None, Answer("0.5"), half, seven, half])]
    [('0.5', 3), ('7', 2)]
    """
    votes: dict[Answer, int] = {}
    for answer in answers:
        if answer is not None:
            known = next((other for other in votes if agree(answer, other)), answer)
            votes[known] = votes.get(known, 0) + 1
    return sorted(votes.items(), key=lambda item: -item[1])


def voted(answers: Iterable[Answer | None], resolved: bool, rounds: int) -> Decision:
    """Decide for the answer with the most votes, if there is any answer."""
    return Decision(tuple(answer for answer, _ in tally(answers)[:1]), resolved, rounds)


def greedy(problem_id: str, role: str, given: SampleRequest | None = None) -> Plan[Decision]:
    """Take a role's answer at temperature 0, given another sample or nothing."""
    if given is not None:
        yield [given]
    (sample,) = yield [SampleRequest(problem_id, role, 0, given=given)]
    return voted([sample.predicted_answer], sample.predicted_answer is not None, 1)


def _drawn(problem_id: str, role: str, first: int, last: int) -> Plan[list[Answer | None]]:
    """Draw a role in the rounds from `first` to `last` at once."""
    samples = yield [SampleRequest(problem_id, role, round_) for round_ in range(first, last + 1)]
    return [sample.predicted_answer for sample in samples]


def majority(problem_id: str, role: str, k: int) -> Plan[Decision]:
    """Vote among k samples: self-consistency (Wang et al., arXiv 2203.11171, section 2).

    Resolved when any sample has an answer.
    """
    answers = yield from _drawn(problem_id, role, 1, k)
    return voted(answers, any(answers), k)


def passed(problem_id: str, role: str, k: int) -> Plan[Decision]:
    """Keep the answers of all k samples, right if any is right: an upper bound for every policy."""
    answers = yield from _drawn(problem_id, role, 1, k)
    return Decision(tuple(answer for answer, _ in tally(answers)), any(answers), k)


def early_stop(problem_id: str, role: str, k: int, window: int) -> Plan[Decision]:
    """Draw windows until one is unanimous, k samples at most (ESC, Li et al., arXiv 2401.10480, section 3).

    All drawn samples vote; a sample without an answer makes its window not unanimous.
    """
    answers: list[Answer | None] = []
    while len(answers) < k:
        drawn = yield from _drawn(problem_id, role, len(answers) + 1, min(len(answers) + window, k))
        answers += drawn
        if len(drawn) == window and all(agree(drawn[0], answer) for answer in drawn):
            return voted(answers, True, len(answers))
    return voted(answers, False, k)


def sure(votes: Sequence[tuple[Answer, int]], confidence: float) -> bool:
    """Return whether the leading answer will stay ahead of the second with a probability of `confidence`.

    With a uniform prior, the first answer's share among the first two has the posterior Beta(v1 + 1, v2 + 1);
    its mass above 1/2 is a sum of binomials (Adaptive-Consistency, Aggarwal et al., arXiv 2305.11860,
    section 3).

    >>> one, other = Answer("18"), Answer("9")
    >>> sure([(one, 3)], 0.95), sure([(one, 4)], 0.95), sure([(one, 6), (other, 2)], 0.95)
    (False, True, False)
    """
    first, second = ([count for _, count in votes] + [0, 0])[:2]
    trials = first + second + 1
    above = sum(comb(trials, heads) for heads in range(first + 1)) / 2**trials
    return bool(above >= confidence)


def adaptive(problem_id: str, role: str, k: int, confidence: float) -> Plan[Decision]:
    """Draw one sample after the other until the leading answer is `sure` to lead, k at most."""
    decision, _ = yield from _settle(problem_id, role, k, 1, confidence)
    return decision


def prove(problem_id: str, chain: str, program: str, k: int) -> Plan[Decision]:
    """Vote among the chains whose program gives the same answer (PROVE, Toh et al., arXiv 2410.12608).

    A chain is compared with the program of its round. When no program confirms its chain, all chains vote
    and the problem is unresolved, as in the paper.
    """
    samples = yield [SampleRequest(problem_id, role, r) for role in (chain, program) for r in range(1, k + 1)]
    answers = [sample.predicted_answer for sample in samples]
    chains, programs = answers[:k], answers[k:]
    proven = [answer for answer, other in zip(chains, programs, strict=True) if agree(answer, other)]
    return voted(proven or chains, bool(proven), k)


def difficulty(
    problem_ids: Sequence[str], role: str, k: int, window: int, confidence: float
) -> Plan[dict[str, Decision]]:
    """Vote with samples allotted by difficulty, k at most each (Wang et al., arXiv 2408.13457, section 3).

    The paper's three steps: *order* the problems, hardest first; go down until a whole block is unanimous,
    and give all easier problems one sample (*partition*); give each harder problem as many samples as the
    block before needed, then more until its leading answer is `sure` (*pre-allocation*). In the paper a model
    ranks the problems; here the problem with the longer first sample is harder, which costs nothing. An easy
    problem is resolved when its sample has an answer.
    """
    firsts = yield [SampleRequest(problem_id, role, 1) for problem_id in problem_ids]
    first = dict(zip(problem_ids, firsts, strict=True))
    order = sorted(problem_ids, key=lambda problem_id: (-first[problem_id].new_tokens, problem_id))
    decisions: dict[str, Decision] = {}
    allotted = window
    for start in range(0, len(order), BLOCK):
        block = order[start : start + BLOCK]
        settled = yield from together([_settle(name, role, k, allotted, confidence) for name in block])
        decisions |= {name: decision for name, (decision, _) in zip(block, settled, strict=True)}
        if all(unanimous for _, unanimous in settled):
            easy = {name: first[name].predicted_answer for name in order[start + BLOCK :]}
            return decisions | {name: voted([answer], answer is not None, 1) for name, answer in easy.items()}
        allotted = max(window, round(sum(decision.rounds for decision, _ in settled) / len(block)))
    return decisions


def _settle(
    problem_id: str, role: str, k: int, allotted: int, confidence: float
) -> Plan[tuple[Decision, bool]]:
    """Draw the allotted samples, then single samples until the lead is sure; also say whether all agree."""
    answers: list[Answer | None] = []
    while True:
        last = min(max(allotted, len(answers) + 1), k)
        answers += yield from _drawn(problem_id, role, len(answers) + 1, last)
        votes = tally(answers)
        if sure(votes, confidence) or last == k:
            unanimous = len(votes) == 1 and votes[0][1] == last
            return voted(answers, sure(votes, confidence), last), unanimous


YARDSTICK = "ir"
"""The baseline role: other policies are compared with its votes at equal cost, so every k is tried."""


def _every_k_of_the_yardstick(role: str, most: int) -> list[int]:
    return list(range(1, most + 1)) if role == YARDSTICK else halves(role, most)


def _above_1(role: str, most: int) -> list[int]:
    """Return the k to try for policies that stop early; a single sample leaves nothing to stop."""
    return [k for k in halves(role, most) if k > 1]


def _of_role(plan: Callable[[str, Asked], Plan[Decision]], sizes: Sizes = halves) -> PolicyEntry:
    return PolicyEntry(by_problem(plan), "@K/ROLE", sizes=sizes)


MAJORITY = _of_role(
    lambda problem_id, asked: majority(problem_id, asked.role, asked.k), _every_k_of_the_yardstick
)
PASS = _of_role(lambda problem_id, asked: passed(problem_id, asked.role, asked.k))
EARLY_STOP = _of_role(
    lambda problem_id, asked: early_stop(problem_id, asked.role, asked.k, asked.settings.window), _above_1
)
ADAPTIVE = _of_role(
    lambda problem_id, asked: adaptive(problem_id, asked.role, asked.k, asked.settings.confidence), _above_1
)
DIFFICULTY = PolicyEntry(
    lambda problem_ids, asked: [
        difficulty(problem_ids, asked.role, asked.k, asked.settings.window, asked.settings.confidence)
    ],
    "@K/ROLE",
    sizes=_above_1,
)
PROVE = PolicyEntry(
    by_problem(lambda problem_id, asked: prove(problem_id, "cot", "pot", asked.k)),
    "@K",
    roles=lambda asked: ("cot", "pot"),
)
