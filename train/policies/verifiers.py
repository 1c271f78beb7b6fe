"""A learnt verifier: how likely a candidate answer is right, judged without the gold answer.

Candidates are the different answers of a problem. A logistic regression weighs which roles vote for a
candidate, whether thoughts agree, what recomputing its steps finds, its length and its form. It is learnt on
validation problems (`train/verifier.py`), as weak students need (Cobbe et al., arXiv 2110.14168, section 4).
"""

from collections.abc import Iterator, Mapping, Sequence
from math import exp
from statistics import fmean

from pydantic import RootModel

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import existing, root
from thoughtmill.factory.solvers.steps import steps
from thoughtmill.train.policies import Asked, PolicyEntry, PolicySettings
from thoughtmill.train.policies.plans import Decision, Plan, Sample, SampleRequest, each
from thoughtmill.train.policies.votes import agree, tally

Features = dict[str, float]
Weights = Mapping[str, float]


def requests(problem_id: str, order: Sequence[str], k: int) -> list[SampleRequest]:
    """Return what a verifier of k samples of each role sees."""
    return [SampleRequest(problem_id, role, round_) for round_ in range(1, k + 1) for role in order]


def candidates(
    asked: Sequence[SampleRequest], samples: Sequence[Sample]
) -> Iterator[tuple[Answer, Features]]:
    """Yield the different answers of a problem with their features, those with most votes first."""
    roles = list(dict.fromkeys(request.role for request in asked))
    votes = tally(sample.predicted_answer for sample in samples)
    mean_tokens = fmean(sample.new_tokens for sample in samples) or 1.0
    for answer, count in votes:
        found = [
            (request.role, sample)
            for request, sample in zip(asked, samples, strict=True)
            if agree(sample.predicted_answer, answer)
        ]
        voters = [role for role, _ in found]
        second = max((other for rival, other in votes if rival != answer), default=0)
        each = len(asked) / len(roles)
        yield (
            answer,
            {
                "bias": 1.0,
                **{f"votes of {role}": voters.count(role) / each for role in roles},
                "thoughts that agree": (len(set(voters)) - 1) / max(len(roles) - 1, 1),
                "lead": (count - second) / len(asked),
                "wrong steps": fmean(
                    not all(step.right for step in steps(sample.text)) for _, sample in found
                ),
                "length": fmean(sample.new_tokens for _, sample in found) / mean_tokens - 1,
                "whole number": float(answer.text.isdecimal()),
            },
        )


def probability(features: Features, weights: Weights) -> float:
    """Return how likely a candidate is right.

    >>> probability({"bias": 1.0, "lead": 0.5}, {"bias": -1.0, "lead": 2.0})
    0.5
    """
    logit = sum(weights.get(name, 0.0) * value for name, value in features.items())
    return 1 / (1 + exp(-max(min(logit, 30.0), -30.0)))


def verifier(problem_id: str, order: Sequence[str], k: int, weights: Weights) -> Plan[Decision]:
    """Take the likeliest candidate of k samples of each role; resolved if it is likelier right than wrong."""
    asked = requests(problem_id, order, k)
    samples = yield asked
    scored = [(probability(features, weights), answer) for answer, features in candidates(asked, samples)]
    if not scored:
        return Decision((), False, k)
    chance, best = max(scored, key=lambda pair: pair[0])
    return Decision((best,), chance > 0.5, k)


class _File(RootModel[dict[int, dict[str, float]]]):
    """The weights of features by the number of samples of each role."""


def weights(settings: PolicySettings) -> Mapping[int, Weights]:
    """Return the weights of the settings, or of the file that they name, by the number of samples."""
    given = settings.verifier
    if not isinstance(given, str):
        return given or {}
    cure = "learn it with `python -m thoughtmill.train.verifier`"
    path = existing(root() / given, cure)
    try:
        return _File.model_validate_json(path.read_bytes()).root
    except ValueError as error:
        raise ThoughtmillError(f"{path} is torn: {cure}") from error


def _plans(problem_ids: Sequence[str], asked: Asked) -> list[Plan[dict[str, Decision]]]:
    learnt = weights(asked.settings)
    if asked.k not in learnt:
        there = ", ".join(map(str, learnt)) or "none"
        raise ThoughtmillError(
            f"policy `verifier@{asked.k}`: infer.policy.verifier has no weights for {asked.k} samples a role "
            f"(there are: {there}): learn them with `python -m thoughtmill.train.verifier`"
        )
    chosen, order = learnt[asked.k], asked.settings.order
    return each(lambda problem_id: verifier(problem_id, order, asked.k, chosen)).plans(problem_ids)


VERIFIER = PolicyEntry(
    _plans,
    "@K",
    roles=lambda asked: asked.settings.order,
    ready=lambda asked: asked.k in weights(asked.settings),
)
