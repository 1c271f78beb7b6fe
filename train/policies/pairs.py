"""Pairs and networks of pairs (Can LLMs Compute with Reasons?, arXiv 2402.12080): hints, votes.

A pair is GP, which reasons in words, and EQ, which writes equations. Pair p draws samples of index p, at its
own temperature.
"""

from dataclasses import dataclass

from thoughtmill.factory.answers import Answer
from thoughtmill.train.policies import Asked, PolicyEntry, by_problem
from thoughtmill.train.policies.plans import Decision, Plan, Sample, SampleRequest, together
from thoughtmill.train.policies.votes import agree, tally, voted
from thoughtmill.train.roles import ROLES

PAIR_ROLES = ("gp", "eq")


@dataclass(frozen=True, slots=True)
class PairState:
    """The state of a pair: its two latest requests and samples, GP's first, and all answers so far."""

    requests: list[SampleRequest]
    samples: list[Sample]
    answers: list[Answer | None]
    rounds: int

    @property
    def agreed(self) -> bool:
        return agree(*(sample.predicted_answer for sample in self.samples))


def _talk(problem_id: str, number: int, loops: int, hints: bool) -> Plan[PairState]:
    """Let a pair answer, and answer again up to `loops` times while GP and EQ disagree."""
    requests = [SampleRequest(problem_id, role, 1, number) for role in PAIR_ROLES]
    samples = yield requests
    answers = [sample.predicted_answer for sample in samples]
    for round_ in range(2, loops + 2):
        if agree(*answers[-2:]):
            break
        peers = zip(requests[::-1], samples[::-1], strict=True)
        requests = [
            _again(problem_id, role, round_, number, peer if hints else None)
            for role, peer in zip(PAIR_ROLES, peers, strict=True)
        ]
        samples = yield requests
        answers += [sample.predicted_answer for sample in samples]
    return PairState(requests, samples, answers, requests[0].round)


def _again(
    problem_id: str, role: str, round_: int, number: int, peer: tuple[SampleRequest, Sample] | None
) -> SampleRequest:
    """Ask a role again, with the peer's work as a hint if it has an answer."""
    if peer is None or peer[1].predicted_answer is None:
        return SampleRequest(problem_id, role, round_, number)
    return SampleRequest(problem_id, ROLES.named(role).hinted or role, round_, number, peer[0])


def pair(problem_id: str, loops: int, hints: bool = True) -> Plan[Decision]:
    """Answer when GP and EQ agree; until then, each tries again with the other's answer and steps.

    After `loops` hints all answers vote, in the order of rounds and GP before EQ, and the problem is
    unresolved. Without `hints` both just try again: the baseline for hints.
    """
    state = yield from _talk(problem_id, 0, loops, hints)
    return voted(state.answers[-2:] if state.agreed else state.answers, state.agreed, state.rounds)


def network(problem_id: str, loops: int, pairs: int) -> Plan[Decision]:
    """Let several pairs answer; pairs that disagree see the next pair's answers, once; then all vote.

    Cross-inference: GP of a pair in disagreement is given the work of the next pair's EQ, EQ that of its GP,
    preferring a pair that has agreed. Each pair then votes with the last answers of both members, in the
    order of pairs and GP before EQ. A majority of all members resolves the problem.
    """
    states = yield from together([_talk(problem_id, number, loops, True) for number in range(pairs)])
    latest = [state.samples for state in states]
    crossing = [number for number, state in enumerate(states) if not state.agreed]
    asked: list[SampleRequest] = []
    for number in crossing:
        around = [(number + step) % pairs for step in range(1, pairs)]
        other = next((near for near in around if states[near].agreed), around[0]) if around else number
        peers = zip(states[other].requests[::-1], states[other].samples[::-1], strict=True)
        asked += [
            _again(problem_id, role, loops + 2, number, peer)
            for role, peer in zip(PAIR_ROLES, peers, strict=True)
        ]
    if asked:
        samples = yield asked
        for place, number in enumerate(crossing):
            latest[number] = samples[2 * place : 2 * place + 2]
    answers = [sample.predicted_answer for samples in latest for sample in samples]
    resolved = any(2 * votes > len(answers) for _, votes in tally(answers))
    return voted(answers, resolved, max(state.rounds for state in states) + bool(asked))


def _with_hints(asked: Asked) -> tuple[str, ...]:
    hinted = [ROLES.named(role).hinted for role in PAIR_ROLES]
    return (*PAIR_ROLES, *(role for role in hinted if role is not None))


PAIR = PolicyEntry(
    by_problem(lambda problem_id, asked: pair(problem_id, asked.settings.loops)), roles=_with_hints
)
PAIR_UNHINTED = PolicyEntry(
    by_problem(lambda problem_id, asked: pair(problem_id, asked.settings.loops, hints=False)),
    roles=lambda asked: PAIR_ROLES,
)
NETWORK = PolicyEntry(
    by_problem(lambda problem_id, asked: network(problem_id, asked.settings.loops, asked.settings.pairs)),
    roles=_with_hints,
)
