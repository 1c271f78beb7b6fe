"""Compare policies on stored samples: the same samples serve all, so nothing is sampled twice.

    python examples/policy_replay.py [SAMPLES.jsonl]      default: a made-up student of 200 problems

`python -m thoughtmill.train.stored RUN` writes the samples of a run of yours.
"""

import sys
from pathlib import Path
from random import Random

from thoughtmill.train.policies import PolicySettings, policy
from thoughtmill.train.policies.plans import Sample, SampleKey, replay
from thoughtmill.train.stored import read_samples

POLICIES = (
    "greedy/ir",
    "majority@4/ir",
    "majority@16/ir",
    "early_stop@16/ir",
    "adaptive@16/ir",
    "pass@16/ir",
)


def made_up(problems: int = 200, seed: int = 1) -> tuple[dict[SampleKey, Sample], dict[str, str]]:
    """Return samples of a student that finds some problems easy, and the gold answers."""
    random = Random(seed)
    samples: dict[SampleKey, Sample] = {}
    answers = {f"p-{number}": str(number) for number in range(problems)}
    for problem_id, gold in answers.items():
        share_right = random.betavariate(2, 1)
        for round_ in range(17):  # round 0 is greedy
            right = random.random() < share_right
            answer = gold if right else f"{gold}{random.randrange(1, 5)}"
            samples[problem_id, "ir", round_, 0] = Sample("", answer, None, random.randrange(30, 60))
    return samples, answers


def main(stored: dict[SampleKey, Sample], answers: dict[str, str]) -> None:
    """Print the share of right answers and the new tokens a problem, for each policy."""
    for name in POLICIES:
        chosen = policy(name, PolicySettings())
        decided = replay(chosen, sorted(answers), stored)
        right = [
            any(chosen.grader(answer, answers[problem_id]) for answer in decision.answers)
            for problem_id, decision in decided.decisions.items()
        ]
        tokens = sum(decided.new_tokens.values()) / len(right)
        print(f"{name:18} {sum(right) / len(right):6.1%} right, {tokens:4.0f} tokens a problem")


if __name__ == "__main__":
    main(*(read_samples(Path(sys.argv[1])) if len(sys.argv) > 1 else made_up()))
