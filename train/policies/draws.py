"""Draws: what a policy asks for, what it is given, and what it decides; live and replayed alike.

A policy is written as a generator: it yields the draws it wants next, is sent their samples, and returns its
decision. It asks for nothing before it needs it. So who serves it from stored samples replays it, who serves
it from students runs it, and both come to the same.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from thoughtmill.factory.answers import equal
from thoughtmill.factory.core.errors import ThoughtmillError

Result = TypeVar("Result")
Key = tuple[str, str, int, int]


class Draw(NamedTuple):
    """One sample to be drawn: `role` writes about a problem, for the `sample`-th time in a round.

    Round 0 is greedy, at temperature 0; rounds from 1 on are sampled. `given` is the draw whose text stands
    in the prompt: knowledge, or a peer's work. The first four name the draw in every run.
    """

    problem_id: str
    role: str
    round: int
    sample: int = 0
    given: "Draw | None" = None

    @property
    def key(self) -> Key:
        return (self.problem_id, self.role, self.round, self.sample)


@dataclass(frozen=True, slots=True)
class Sample:
    """What was written for a draw and what it comes to; `predicted_answer` is canonical exact text."""

    text: str
    predicted_answer: str | None
    failure: str | None
    new_tokens: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy answers: one answer, or none; `pass@k` and `lorid_released` hold several.

    `resolved` says whether the policy found the agreement it looks for, or fell back on something else.
    """

    answers: tuple[str, ...]
    resolved: bool
    rounds: int


class NotDrawn(ThoughtmillError):
    """A policy needs a sample that nobody stored."""


Plan = Generator[list[Draw], list[Sample], Result]
"""A policy under way; its samples come in the order in which it asked for them."""

Grader = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Policy:
    """How sampled answers become one answer: the plans that decide, and who says what is right.

    Most policies have a plan for each problem; one that looks at several problems has one plan for them all.
    """

    plans: Callable[[Sequence[str]], list[Plan[dict[str, Decision]]]]
    grader: Grader = equal


def each(plan: Callable[[str], Plan[Decision]], grader: Grader = equal) -> Policy:
    """Return the policy that decides for each problem by itself."""

    def alone(problem_id: str) -> Plan[dict[str, Decision]]:
        return {problem_id: (yield from plan(problem_id))}

    return Policy(lambda problem_ids: [alone(one) for one in problem_ids], grader)


def together(plans: Sequence[Plan[Result]]) -> Plan[list[Result]]:
    """Follow several plans side by side as one: what they ask next is asked at once."""
    results: dict[int, Result] = {}
    asked: dict[int, list[Draw]] = {}

    def advance(at: int, samples: list[Sample] | None) -> None:
        try:
            asked[at] = next(plans[at]) if samples is None else plans[at].send(samples)
        except StopIteration as end:
            asked.pop(at, None)
            results[at] = end.value

    for at in range(len(plans)):
        advance(at, None)
    while asked:
        draws = dict(asked)
        given = iter((yield [draw for wanted in draws.values() for draw in wanted]))
        for at, wanted in draws.items():
            advance(at, [next(given) for _ in wanted])
    return [results[at] for at in range(len(plans))]


def unanswered(plan: Plan[Result]) -> Iterator[Draw]:
    """Yield all that a plan asks for if nothing that it is sent comes to an answer."""
    silence = Sample("", None, None, 0)
    try:
        wanted = next(plan)
        while True:
            yield from wanted
            wanted = plan.send([silence] * len(wanted))
    except StopIteration:
        return


@dataclass(slots=True, eq=False)
class Follower:
    """A policy's plan while it is served: what it waits for, what it has drawn, what it decided.

    `course` is what it would ask for if no answer came, in that order.
    """

    plan: Plan[dict[str, Decision]]
    course: dict[Draw, None] = field(default_factory=dict)
    wanted: list[Draw] = field(default_factory=list)
    new_tokens: dict[str, int] = field(default_factory=dict)
    decided: dict[str, Decision] | None = None
    seen: set[Key] = field(default_factory=set)

    def follow(self, stored: Mapping[Key, Sample]) -> list[Draw]:
        """Go on as far as the stored samples allow; return the draws that are missing, none when decided."""
        while self.decided is None:
            missing = [draw for draw in self.wanted if draw.key not in stored]
            if missing:
                return missing
            samples = [stored[draw.key] for draw in self.wanted]
            for draw, sample in zip(self.wanted, samples, strict=True):
                if draw.key not in self.seen:
                    self.seen.add(draw.key)
                    spent = self.new_tokens.get(draw.problem_id, 0)
                    self.new_tokens[draw.problem_id] = spent + sample.new_tokens
            try:
                self.wanted = self.plan.send(samples) if self.seen else next(self.plan)
            except StopIteration as end:
                self.decided = end.value
        return []

    def ahead(self) -> list[Draw]:
        """Return its course for twice the rounds that it has gone through in vain.

        It is empty where answers have led off it: what is asked for next then depends on what they are.
        """
        if any(draw not in self.course for draw in self.wanted):
            return []
        begun = {draw.problem_id: draw.round for draw in reversed(self.wanted)}
        return [draw for draw in self.course if draw.round <= 2 * (begun.get(draw.problem_id, 0) - 1)]


def followers(policy: Policy, problem_ids: Sequence[str]) -> list[Follower]:
    """Return who follows the plans of a policy, each with its course."""
    pairs = zip(policy.plans(problem_ids), policy.plans(problem_ids), strict=True)
    return [Follower(plan, dict.fromkeys(unanswered(same))) for plan, same in pairs]


class Decided(NamedTuple):
    """What a policy decided for every problem, and the new tokens it drew for each."""

    decisions: dict[str, Decision]
    new_tokens: dict[str, int]


def collected(followers: Sequence[Follower]) -> Decided:
    """Put together what the plans of one policy decided."""
    decisions = {name: one for follower in followers for name, one in (follower.decided or {}).items()}
    spent: Counter[str] = Counter()
    for follower in followers:  # two may have drawn for one problem: DR with another problem's knowledge
        spent.update(follower.new_tokens)
    return Decided(decisions, dict(spent))


def replay(policy: Policy, problem_ids: Sequence[str], stored: Mapping[Key, Sample]) -> Decided:
    """Return what a policy decides on stored samples; one that it needs and nobody stored is an error."""
    followers = [Follower(plan) for plan in policy.plans(problem_ids)]
    for follower in followers:
        for draw in follower.follow(stored):
            what = f"{draw.problem_id}: `{draw.role}`, round {draw.round}, sample {draw.sample}"
            raise NotDrawn(f"{what} was never drawn: draw it, or leave the policy out")
    return collected(followers)
