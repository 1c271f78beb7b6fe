"""Scores of policies: accuracy and cost, with intervals from a bootstrap over problems."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from thoughtmill.factory.answers import Answer
from thoughtmill.train.policies.plans import Policy, PolicyOutcome

RESAMPLES = 2000


class ScoredRun(NamedTuple):
    """The decisions of a policy in a run, and whether each is right, by problem."""

    decided: PolicyOutcome
    right: dict[str, bool]


class PolicyScore(NamedTuple):
    """The score of a policy over all runs: the share of runs that got each problem right, and its cost."""

    right: dict[str, float]
    mean_new_tokens: float

    @property
    def accuracy(self) -> float:
        return round(sum(self.right.values()) / len(self.right), 4)


def scored(policy: Policy, decided: PolicyOutcome, answers: Mapping[str, Answer]) -> ScoredRun:
    """Score the decisions of a run: a decision is right if any of its answers is the gold answer."""
    right = {
        problem_id: any(policy.grader(answer, answers[problem_id]) for answer in decision.answers)
        for problem_id, decision in decided.decisions.items()
    }
    return ScoredRun(decided, right)


def result(runs: Sequence[ScoredRun]) -> PolicyScore:
    """Combine the runs of a policy on the same problems."""
    right = {name: sum(run.right[name] for run in runs) / len(runs) for name in runs[0].right}
    spent = sum(sum(run.decided.new_tokens.values()) for run in runs) / len(runs)
    return PolicyScore(right, round(spent / len(right), 1))


def figures(runs: Sequence[ScoredRun], seed: int = 0) -> dict[str, Any]:
    """Return the figures of a policy by column of `policy_results`.

    Figures over several runs are means; the interval is over problems.
    """
    whole = result(runs)
    low, high = interval(list(whole.right.values()), seed)
    decisions = [(made, run.right[name]) for run in runs for name, made in run.decided.decisions.items()]
    resolved = [right for decision, right in decisions if decision.resolved]
    return {
        "problems": len(whole.right),
        "accuracy": whole.accuracy,
        "low": low,
        "high": high,
        "resolved": round(len(resolved) / len(decisions), 4),
        "accuracy_resolved": round(sum(resolved) / len(resolved), 4) if resolved else None,
        "mean_rounds": round(sum(decision.rounds for decision, _ in decisions) / len(decisions), 2),
        "mean_new_tokens": whole.mean_new_tokens,
    }


def difference(one: Mapping[str, float], other: Mapping[str, float], seed: int = 0) -> dict[str, float]:
    """Return the gain in accuracy of `one` over `other` on the same problems, with its interval."""
    apart = [float(right) - float(other[name]) for name, right in one.items()]
    low, high = interval(apart, seed)
    return {"gain": round(sum(apart) / len(apart), 4) + 0.0, "low": low, "high": high}  # -0.0 + 0.0 is 0.0


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """Return the 95 % interval of a mean: the percentile bootstrap over problems (Efron, 1979), seeded."""
    drawn = np.random.default_rng(int(hashlib.sha256(f"{seed}/bootstrap".encode()).hexdigest(), 16))
    held = np.asarray(values, dtype=float)
    means = held[drawn.integers(0, len(held), (RESAMPLES, len(held)))].mean(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return round(float(low), 4), round(float(high), 4)
