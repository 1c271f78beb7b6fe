"""Plans: policies as generators, which run the same live and replayed.

A plan yields requests for the samples that it needs next, receives the samples, and in the end returns its
decision. It requests nothing early. Stored samples replay it, students run it live, and both give the same
decision.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from thoughtmill.factory.answers import Answer, equal, predicted_answer
from thoughtmill.factory.core.errors import ThoughtmillError

Value = TypeVar("Value")
SampleKey = tuple[str, str, int, int]
"""Problem, role, round and sample: the key of a sample in every run."""


class SampleRequest(NamedTuple):
    """A request of a policy: the text of `role` about a problem, number `sample` of a round.

    Round 0 is greedy, at temperature 0; rounds from 1 on are sampled. `given` is the sample whose text the
    prompt holds: knowledge, or a peer's work.
    """

    problem_id: str
    role: str
    round: int
    sample: int = 0
    given: "SampleRequest | None" = None

    @property
    def key(self) -> SampleKey:
        return (self.problem_id, self.role, self.round, self.sample)


@dataclass(frozen=True, slots=True)
class Sample:
    """A student's text, with its answer or its failure."""

    text: str
    predicted_answer: Answer | None
    failure: str | None
    new_tokens: int


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer of a policy, if any; `pass@k` and `lorid_released` give several.

    `resolved` says whether the policy found the agreement it looks for, or fell back on something else.
    """

    answers: tuple[Answer, ...]
    resolved: bool
    rounds: int


class MissingSample(ThoughtmillError):
    """A policy needs a sample that is not stored."""


Plan = Generator[list[SampleRequest], list[Sample], Value]
"""A running policy; it receives samples in the order of its requests."""

Grader = Callable[[Answer, Answer], bool]


@dataclass(frozen=True, slots=True)
class Policy:
    """Turns sampled answers into one answer: plans that decide, and a grader for their answers.

    Most policies have a plan for each problem; one that compares problems has a single plan for all.
    """

    plans: Callable[[Sequence[str]], list[Plan[dict[str, Decision]]]]
    grader: Grader = equal


def each(plan: Callable[[str], Plan[Decision]]) -> Policy:
    """Return a policy with a plan for each problem."""

    def alone(problem_id: str) -> Plan[dict[str, Decision]]:
        return {problem_id: (yield from plan(problem_id))}

    return Policy(lambda problem_ids: [alone(problem_id) for problem_id in problem_ids])


def together(plans: Sequence[Plan[Value]]) -> Plan[list[Value]]:
    """Run several plans side by side as one plan, which joins their requests."""
    results: dict[int, Value] = {}
    asked: dict[int, list[SampleRequest]] = {}

    def advance(number: int, samples: list[Sample] | None) -> None:
        try:
            asked[number] = next(plans[number]) if samples is None else plans[number].send(samples)
        except StopIteration as end:
            asked.pop(number, None)
            results[number] = end.value

    for number in range(len(plans)):
        advance(number, None)
    while asked:
        requests = dict(asked)
        samples = iter((yield [request for wanted in requests.values() for request in wanted]))
        for number, wanted in requests.items():
            advance(number, [next(samples) for _ in wanted])
    return [results[number] for number in range(len(plans))]


def unanswered(plan: Plan[Value]) -> Iterator[SampleRequest]:
    """Yield everything that a plan requests if no sample has an answer."""
    silence = Sample("", None, None, 0)
    try:
        wanted = next(plan)
        while True:
            yield from wanted
            wanted = plan.send([silence] * len(wanted))
    except StopIteration:
        return


@dataclass(slots=True, eq=False)
class PlanRunner:
    """Runs a plan; holds the samples it waits for, those it has received, and its decisions.

    `if_unanswered` lists the requests of a plan whose samples all lack answers, in order.
    """

    plan: Plan[dict[str, Decision]]
    if_unanswered: dict[SampleRequest, None] = field(default_factory=dict)
    wanted: list[SampleRequest] = field(default_factory=list)
    new_tokens: dict[str, int] = field(default_factory=dict)
    decided: dict[str, Decision] | None = None
    seen: set[SampleKey] = field(default_factory=set)

    def advance(self, stored: Mapping[SampleKey, Sample]) -> list[SampleRequest]:
        """Run as far as the stored samples allow; return the missing samples, [] once decided."""
        while self.decided is None:
            missing = [request for request in self.wanted if request.key not in stored]
            if missing:
                return missing
            samples = [stored[request.key] for request in self.wanted]
            for request, sample in zip(self.wanted, samples, strict=True):
                if request.key not in self.seen:
                    self.seen.add(request.key)
                    spent = self.new_tokens.get(request.problem_id, 0)
                    self.new_tokens[request.problem_id] = spent + sample.new_tokens
            try:
                self.wanted = self.plan.send(samples) if self.seen else next(self.plan)
            except StopIteration as end:
                self.decided = end.value
        return []

    def lookahead(self) -> list[SampleRequest]:
        """Return the probable next requests: `if_unanswered`, up to twice the number of past rounds.

        The result is empty once an answer has led the plan to another request.
        """
        if any(request not in self.if_unanswered for request in self.wanted):
            return []
        begun = {request.problem_id: request.round for request in reversed(self.wanted)}
        return [each for each in self.if_unanswered if each.round <= 2 * (begun.get(each.problem_id, 0) - 1)]


def runners(policy: Policy, problem_ids: Sequence[str]) -> list[PlanRunner]:
    """Return a runner, with lookahead, for every plan of a policy."""
    pairs = zip(policy.plans(problem_ids), policy.plans(problem_ids), strict=True)
    return [PlanRunner(plan, dict.fromkeys(unanswered(same))) for plan, same in pairs]


class PolicyOutcome(NamedTuple):
    """The decisions of a policy, and its new tokens, by problem."""

    decisions: dict[str, Decision]
    new_tokens: dict[str, int]


def outcome_of(runners: Sequence[PlanRunner]) -> PolicyOutcome:
    """Combine the decisions of a policy's plans."""
    decisions = {problem_id: made for run in runners for problem_id, made in (run.decided or {}).items()}
    spent: Counter[str] = Counter()
    for runner in runners:  # two may draw for the same problem: DR with another problem's knowledge
        spent.update(runner.new_tokens)
    return PolicyOutcome(decisions, dict(spent))


def replay(policy: Policy, problem_ids: Sequence[str], stored: Mapping[SampleKey, Sample]) -> PolicyOutcome:
    """Return the decisions of a policy on stored samples; a missing sample raises `MissingSample`."""
    runners = [PlanRunner(plan) for plan in policy.plans(problem_ids)]
    for runner in runners:
        for request in runner.advance(stored):
            what = f"{request.problem_id}: `{request.role}`, round {request.round}, sample {request.sample}"
            raise MissingSample(f"{what} was never drawn: draw it, or leave the policy out")
    return outcome_of(runners)


def of_predictions(rows: Iterable[Mapping[str, Any]]) -> dict[SampleKey, Sample]:
    """Return rows of the table `predictions` as samples by their keys."""
    return {
        (row["problem_id"], row["role"], row["round"], row["sample"]): Sample(
            row["text"], predicted_answer(row), row["failure"], row["new_tokens"]
        )
        for row in rows
    }
