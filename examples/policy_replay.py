"""Compare policies on stored samples: the same samples serve all, so nothing is sampled twice.

    python examples/policy_replay.py [SAMPLES.jsonl]      default: a made-up student of 200 problems

A sample is a row with `problem_id`, `answer` (the gold answer), `role`, `round` (0 is greedy), `sample`,
`predicted_answer` and `new_tokens`. `python -m thoughtmill.train.stored RUN` writes those of a run of yours.
"""

import json
import sys
from pathlib import Path
from random import Random
from typing import Any

import thoughtmill

POLICIES = (
    "greedy/ir",
    "majority@4/ir",
    "majority@16/ir",
    "early_stop@16/ir",
    "adaptive@16/ir",
    "pass@16/ir",
)


def made_up(problems: int = 200, seed: int = 1) -> list[dict[str, Any]]:
    """Return samples of a student that finds some problems easy and others hard."""
    random = Random(seed)
    samples = []
    for problem in range(problems):
        share_right = random.betavariate(2, 1)
        for round_ in range(17):
            wrong = random.random() > share_right
            answer = f"{problem}{random.randrange(1, 5)}" if wrong else f"{problem}"
            sample = {
                "problem_id": f"p-{problem}",
                "answer": f"{problem}",
                "role": "ir",
                "round": round_,
                "sample": 0,
            }
            samples.append({**sample, "predicted_answer": answer, "new_tokens": random.randrange(30, 60)})
    return samples


def main(samples: list[dict[str, Any]]) -> None:
    """Print the share of right answers and the new tokens a problem, for each policy."""
    answers = {sample["problem_id"]: sample["answer"] for sample in samples}
    for name in POLICIES:
        figures = thoughtmill.run_policy(name, samples, answers).figures
        tokens = figures["mean_new_tokens"]
        print(f"{name:18} {figures['accuracy']:6.1%} right, {tokens:4.0f} tokens a problem")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main([json.loads(line) for line in Path(sys.argv[1]).read_text("utf-8").splitlines()])
    else:
        main(made_up())
