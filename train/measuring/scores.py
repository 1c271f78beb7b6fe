"""Scores of policies: accuracy and cost, with their intervals over problems."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import sqrt
from statistics import NormalDist, fmean, variance
from types import MappingProxyType
from typing import Any, NamedTuple

from thoughtmill.factory.answers import Answer
from thoughtmill.train.policies.plans import (
    MissingSample,
    Policy,
    PolicyOutcome,
    Sample,
    SampleKey,
    replay,
)

NORMAL = NormalDist()
Z = NORMAL.inv_cdf(0.975)


class ScoredRun(NamedTuple):
    """The decisions of a policy in a run, and whether each is right, by problem; and the run of training."""

    decided: PolicyOutcome
    right: dict[str, bool]
    training_seed: int = 0


class PolicyScore(NamedTuple):
    """The score of a policy over all runs: the share of runs that got each problem right, and its cost.

    `by_training` is its accuracy by the seed of the training.
    """

    right: dict[str, float]
    mean_new_tokens: float
    by_training: Mapping[int, float] = MappingProxyType({})

    @property
    def accuracy(self) -> float:
        return round(sum(self.right.values()) / len(self.right), 4)


def scored_runs(
    policies: Mapping[str, Policy],
    stored: Mapping[SampleKey, Sample],
    by_set: Mapping[str, Collection[str]],
    answers: Mapping[str, Answer],
) -> Iterator[tuple[str, str, ScoredRun]]:
    """Yield every policy that the samples of a run suffice for, with its scores on each set of problems."""
    problem_ids = sorted(set().union(*by_set.values()))
    for name, policy in policies.items():
        try:
            decided = replay(policy, problem_ids, stored)
        except MissingSample:
            continue
        for test_set, ids in by_set.items():
            yield name, test_set, scored(policy, only(decided, ids), answers)


def only(decided: PolicyOutcome, problem_ids: Iterable[str]) -> PolicyOutcome:
    """Return the outcome for a subset of its problems."""
    ids = list(problem_ids)
    spent = {name: decided.new_tokens[name] for name in ids if name in decided.new_tokens}
    return PolicyOutcome({name: decided.decisions[name] for name in ids}, spent)


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
    by_training = {seed: fmean(shares) for seed, shares in _by_training(runs).items()}
    return PolicyScore(right, round(spent / len(right), 1), by_training)


def _by_training(runs: Sequence[ScoredRun]) -> dict[int, list[float]]:
    """Return the accuracy of each run by the seed of its training."""
    found: dict[int, list[float]] = {}
    for run in runs:
        found.setdefault(run.training_seed, []).append(sum(run.right.values()) / len(run.right))
    return found


def figures(runs: Sequence[ScoredRun]) -> dict[str, Any]:
    """Return the figures of a policy by column of `policy_results`.

    Figures over several runs are means; the interval is over problems.
    """
    whole = result(runs)
    low, high = wilson(sum(whole.right.values()) / len(whole.right), len(whole.right))
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


def spread(runs: Sequence[ScoredRun]) -> dict[str, float | None]:
    """Return what makes the accuracy of a policy vary: standard deviations by cause, None where unknown.

    `problems` is that of the mean over problems, `sampling` that between runs of a training, `training` that
    between trainings beyond the share of sampling (a variance component of one-way analysis).
    """
    shares = list(result(runs).right.values())
    by_training = _by_training(runs)
    within = [variance(each) for each in by_training.values() if len(each) > 1]
    sampling = sum(within) / len(within) if within else None
    training = None
    if len(by_training) > 1:
        each_has = len(by_training) / sum(1 / len(each) for each in by_training.values())
        training = variance([fmean(each) for each in by_training.values()]) - (sampling or 0.0) / each_has
    found = {
        "problems": variance(shares) / len(shares) if len(shares) > 1 else None,
        "sampling": sampling,
        "training": training,
    }
    return {cause: None if part is None else round(sqrt(max(part, 0.0)), 4) for cause, part in found.items()}


def wilson(share: float, problems: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of problems (Wilson, 1927), which holds near 0 and 1 too.

    A mean over several runs of the same problems has the interval of one run, which is wide enough.

    >>> wilson(1.0, 40)
    (0.9124, 1.0)
    """
    spread = Z * Z / problems
    middle = (share + spread / 2) / (1 + spread)
    half = Z * sqrt(share * (1 - share) / problems + spread / (4 * problems)) / (1 + spread)
    return round(max(middle - half, 0.0), 4) + 0.0, round(min(middle + half, 1.0), 4)


def difference(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    """Return the gain in accuracy of `one` over `other` on the same problems, and how sure it is.

    Interval, standard error and two-sided p are those of paired shares with half a problem added to each cell
    (Agresti and Min, 2005), so that equal policies have an interval too. Shares of several runs are paired
    alike.
    """
    apart = [float(right) - float(other[name]) for name, right in one.items()]
    size = len(apart) + 2
    gained, squares = sum(apart), sum(gain * gain for gain in apart) + 1
    middle = gained / size
    error = sqrt(squares - gained * gained / size) / size
    return {
        "gain": round(gained / len(apart), 4) + 0.0,  # -0.0 + 0.0 is 0.0
        "low": round(max(middle - Z * error, -1.0), 4),
        "high": round(min(middle + Z * error, 1.0), 4),
        "error": round(error, 4),
        "p": round(2 * NORMAL.cdf(-abs(middle) / error), 4),
    }


def holm(chances: Sequence[float]) -> list[float]:
    """Return the p of each of several comparisons, corrected for their number (Holm, 1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    corrected, highest = [0.0] * len(chances), 0.0
    for rank, place in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        highest = max(highest, min(1.0, (len(chances) - rank) * chances[place]))
        corrected[place] = round(highest, 4)
    return corrected


def smallest_gain(error: float, comparisons: int) -> float:
    """Return the gain that one of some comparisons would show four times in five, by its standard error."""
    return (NORMAL.inv_cdf(1 - 0.05 / (2 * comparisons)) + NORMAL.inv_cdf(0.8)) * error
