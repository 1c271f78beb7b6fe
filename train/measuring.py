"""Measuring: what a policy got right and what it cost, with intervals from the bootstrap over problems."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from train.draws import Decided, Policy

RESAMPLES = 2000


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """Return the 95 % interval of a mean: the percentile bootstrap over problems (Efron, 1979), seeded."""
    drawn = np.random.default_rng(int(hashlib.sha256(f"{seed}/bootstrap".encode()).hexdigest(), 16))
    held = np.asarray(values, dtype=float)
    means = held[drawn.integers(0, len(held), (RESAMPLES, len(held)))].mean(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return round(float(low), 4), round(float(high), 4)


def marks(policy: Policy, decided: Decided, answers: Mapping[str, str]) -> dict[str, bool]:
    """Return which decisions are right: those of which any answer is the gold answer."""
    return {
        problem_id: any(policy.grader(one, answers[problem_id]) for one in decision.answers)
        for problem_id, decision in decided.decisions.items()
    }


def measured(policy: Policy, decided: Decided, answers: Mapping[str, str], seed: int = 0) -> dict[str, Any]:
    """Return the figures of a policy over its problems; the columns of `policy_results` say what each is."""
    right = marks(policy, decided, answers)
    low, high = interval([float(one) for one in right.values()], seed)
    resolved = [name for name, decision in decided.decisions.items() if decision.resolved]
    count = len(right)
    return {
        "problems": count,
        "accuracy": round(sum(right.values()) / count, 4),
        "low": low,
        "high": high,
        "resolved": round(len(resolved) / count, 4),
        "accuracy_resolved": round(sum(right[one] for one in resolved) / len(resolved), 4)
        if resolved
        else None,
        "mean_rounds": round(sum(one.rounds for one in decided.decisions.values()) / count, 2),
        "mean_new_tokens": round(sum(decided.new_tokens.values()) / count, 1),
    }


def difference(one: Mapping[str, float], other: Mapping[str, float], seed: int = 0) -> dict[str, float]:
    """Return how much more often `one` is right than `other` on the same problems, with its interval."""
    apart = [float(right) - float(other[name]) for name, right in one.items()]
    low, high = interval(apart, seed)
    return {"gain": round(sum(apart) / len(apart), 4), "low": low, "high": high}
