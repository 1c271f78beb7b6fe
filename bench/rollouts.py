"""Run rollouts of `verifiers` with our reward: `python -m bench.rollouts`.

The model is an endpoint on loopback that answers half of the problems right. Each rollout is one of
verifiers' own, with its trace and its scoring; `thoughtmill.rewards.correct_rollout` is the reward. verifiers
cannot share our environment, as it needs an older `openai`: the first run makes one in `bench/.venvs`.
"""

import argparse
import json
import subprocess
from pathlib import Path

from tabulate import tabulate

from bench.environments import python, variables
from thoughtmill.factory.core.files import root

PROBLEMS = 8


def main() -> None:
    """Run the rollouts, and print the reward of each beside the right one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, default=root() / "bench" / ".venvs")
    chosen = parser.parse_args()
    found = python("verifiers", chosen.peers)
    words = [str(found), "-m", "bench.rollouts_of_verifiers", str(PROBLEMS)]
    done = subprocess.run(
        words, cwd=root(), env=variables(found), stdout=subprocess.PIPE, text=True, check=True
    )
    rows = json.loads(done.stdout.splitlines()[-1])
    print(tabulate(rows, headers="keys"))
    wrong = [row for row in rows if row["reward"] != row["wanted"]]
    print(f"{len(rows)} rollouts, {len(wrong)} with another reward than wanted")


if __name__ == "__main__":
    main()
