"""Pairs and networks of pairs (Can LLMs Compute with Reasons?, arXiv 2402.12080): hints, votes.

A pair is GP, which reasons in words, and EQ, which writes equations. Pair p draws its samples with index p,
each at a temperature of its own.
"""

from dataclasses import dataclass

from thoughtmill.train.policies.plans import Decision, Plan, Sample, SampleRequest, together
from thoughtmill.train.policies.votes import agree, tally, voted


@dataclass(frozen=True, slots=True)
class PairState:
    """Where a pair stands: its two latest requests and samples, GP's first, and all answers so far."""

    requests: list[SampleRequest]
    samples: list[Sample]
    answers: list[str | None]
    rounds: int

    @property
    def agreed(self) -> bool:
        return agree(*(one.predicted_answer for one in self.samples))


def _talk(problem_id: str, number: int, loops: int, hints: bool) -> Plan[PairState]:
    """Let a pair answer, and answer again up to `loops` times while its two disagree."""
    requests = [SampleRequest(problem_id, role, 1, number) for role in ("gp", "eq")]
    samples = yield requests
    answers = [one.predicted_answer for one in samples]
    for round_ in range(2, loops + 2):
        if agree(*answers[-2:]):
            break
        peers = list(zip(requests[::-1], samples[::-1], strict=True))
        requests = [_again(one, round_, peers[at] if hints else None) for at, one in enumerate(requests)]
        samples = yield requests
        answers += [one.predicted_answer for one in samples]
    return PairState(requests, samples, answers, requests[0].round)


def _again(request: SampleRequest, round_: int, peer: tuple[SampleRequest, Sample] | None) -> SampleRequest:
    """Ask the same role again, with the peer's work as a hint if it has an answer."""
    role = request.role.removesuffix("_hint")
    if peer is None or peer[1].predicted_answer is None:
        return SampleRequest(request.problem_id, role, round_, request.sample)
    return SampleRequest(request.problem_id, f"{role}_hint", round_, request.sample, peer[0])


def pair(problem_id: str, loops: int, hints: bool = True) -> Plan[Decision]:
    """Answer when GP and EQ agree; while they do not, each sees the other's answer and steps and tries again.

    After `loops` hints it is the vote of all answers, in the order of rounds and GP before EQ, unresolved.
    Without `hints` both just try again, which is what hints must be better than.
    """
    said = yield from _talk(problem_id, 0, loops, hints)
    return voted(said.answers[-2:] if said.agreed else said.answers, said.agreed, said.rounds)


def network(problem_id: str, loops: int, pairs: int) -> Plan[Decision]:
    """Let several pairs talk; those that disagree see the next pair's answers, once; then all vote.

    Cross-inference: GP of a pair in disagreement is given the work of the next pair's EQ, EQ that of its GP,
    preferring a pair that has agreed. Each pair then votes with the last answers of both its members, in the
    order of pairs and GP before EQ. More than half of all members alike resolve.
    """
    said = yield from together([_talk(problem_id, number, loops, True) for number in range(pairs)])
    latest = [one.samples for one in said]
    crossing = [number for number, one in enumerate(said) if not one.agreed]
    asked: list[SampleRequest] = []
    for number in crossing:
        around = [(number + step) % pairs for step in range(1, pairs)]
        other = next((one for one in around if said[one].agreed), around[0]) if around else number
        peers = zip(said[other].requests[::-1], said[other].samples[::-1], strict=True)
        asked += [
            _again(one, loops + 2, peer) for one, peer in zip(said[number].requests, peers, strict=True)
        ]
    if asked:
        samples = yield asked
        for at, number in enumerate(crossing):
            latest[number] = samples[2 * at : 2 * at + 2]
    answers = [one.predicted_answer for samples in latest for one in samples]
    resolved = any(2 * votes > len(answers) for _, votes in tally(answers))
    return voted(answers, resolved, max(one.rounds for one in said) + bool(asked))
