"""Print the figures of every policy that the samples of a file allow, as one JSON object."""

import json
import sys
from pathlib import Path
from typing import Any

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.core import params, stage
from thoughtmill.factory.core.errors import NotInProject
from thoughtmill.train.measuring.scores import figures, scored_runs
from thoughtmill.train.policies import PolicySettings, candidates, policy
from thoughtmill.train.policies.plans import Sample, SampleKey
from thoughtmill.train.stored import read_samples


def main(samples: str) -> None:
    """Replay every policy that the samples of a file allow, and print its figures.

    Parameters come from the project's `infer.policy`, or outside a project from the papers.
    """
    try:
        given = (params.load().get("infer") or {}).get("policy") or {}
    except NotInProject:
        given = {}
    how = params.validated(given, PolicySettings, "params.yaml: infer.policy")
    stored, answers = read_samples(Path(samples))
    shown = replayed(stored, answers, how)
    print(json.dumps(shown, indent=1))
    if left_out := [name for name in candidates(stored, how) if name not in shown]:
        print(f"left out for lack of samples: {', '.join(left_out)}", file=sys.stderr)


def replayed(
    stored: dict[SampleKey, Sample], answers: dict[str, Answer], how: PolicySettings
) -> dict[str, dict[str, Any]]:
    """Return the figures, over all problems, of every policy whose samples are complete."""
    roles = {role for _, role, _, _ in stored}
    policies = {name: policy(name, how, roles) for name in candidates(stored, how)}
    runs = scored_runs(policies, stored, {"": answers.keys()}, answers)
    return {name: figures([run]) for name, _, run in runs}


if __name__ == "__main__":
    stage.run(main)
