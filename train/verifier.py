"""Learn a verifier from stored samples about validation problems, for the policy `verifier@K`.

`python -m thoughtmill.train.verifier` reads `data/predictions` about validation problems (list `validation`
in `infer.splits` first) and writes `data/verifiers/BASE.json`, which `infer.policy.verifier` then names.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np

from thoughtmill.factory.answers import Answer, equal
from thoughtmill.factory.core import stage
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root, write_json
from thoughtmill.train.policies import PolicySettings, halves
from thoughtmill.train.policies.plans import Sample, SampleKey, of_predictions
from thoughtmill.train.policies.predictions import predictions_in
from thoughtmill.train.policies.problems import decision_settings, problems_of
from thoughtmill.train.policies.verifiers import Features, candidates, requests

RIDGE = 1.0
STEPS = 30
"""Newton's method is at its minimum after about six."""


def main() -> None:
    """Learn a verifier for each base that has answered validation problems."""
    how = decision_settings()
    os.chdir(root())
    splits = [split for split in how.splits if split.startswith("validation")]
    if not splits:
        raise ThoughtmillError("infer.splits: list `validation`: a verifier never learns from test problems")
    corpus = open_corpus(how.corpus, how.corpus_revision)
    gold = {
        row["problem_id"]: Answer(row["answer"], row["answer_kind"])
        for row in problems_of(corpus, splits, how.limit)
    }
    for reader in predictions_in(Path("data")):
        runs = [of_predictions(rows) for _, rows in groupby(reader, key=itemgetter("run"))]
        path, found = Path("data/verifiers", f"{reader.path.stem}.json"), learnt(runs, gold, how.policy)
        if not found:
            roles = ", ".join(how.policy.order)
            raise ThoughtmillError(
                f"{reader.path}: no samples of {roles} about validation problems: draw `thoughts@K` for them"
            )
        write_json(path, found)
        print(f"wrote {path}: name it in infer.policy.verifier")


def learnt(
    runs: Collection[Mapping[SampleKey, Sample]], gold: Mapping[str, Answer], how: PolicySettings
) -> dict[int, dict[str, float]]:
    """Return the weights of features for every number of samples that the runs hold of each role, if any."""
    most = min((_rounds(stored, role) for stored in runs for role in how.order), default=0)
    found = {}
    for k in halves("", most):
        rows = [row for stored in runs for row in examples(stored, gold, how.order, k)]
        if len({right for _, right in rows}) > 1:  # some right, some wrong
            found[k] = fitted(rows)
    return found


def _rounds(stored: Mapping[SampleKey, Sample], role: str) -> int:
    return max((round_ for _, name, round_, _ in stored if name == role), default=0)


def examples(
    stored: Mapping[SampleKey, Sample], gold: Mapping[str, Answer], order: tuple[str, ...], k: int
) -> Iterator[tuple[Features, bool]]:
    """Yield the features of every candidate of the problems, and whether it is right."""
    for problem_id, answer in sorted(gold.items()):
        asked = requests(problem_id, order, k)
        if all(request.key in stored for request in asked):
            for candidate, features in candidates(asked, [stored[request.key] for request in asked]):
                yield features, equal(candidate, answer)


def fitted(rows: list[tuple[Features, bool]]) -> dict[str, float]:
    """Return the weights of a logistic regression with a ridge on all but the bias, by Newton's method."""
    names = list(rows[0][0])
    x = np.array([[features[name] for name in names] for features, _ in rows])
    right = np.array([float(truth) for _, truth in rows])
    ridge = np.diag([0.0 if name == "bias" else RIDGE for name in names]) + 1e-9 * np.eye(len(names))
    weights = np.zeros(len(names))
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-x @ weights))
        slope = x.T @ (right - chance) - ridge @ weights
        curve = (x.T * (chance * (1 - chance))) @ x + ridge
        weights += np.linalg.solve(curve, slope)
    return {name: round(float(weight), 6) for name, weight in zip(names, weights, strict=True)}


if __name__ == "__main__":
    stage.run(main)
