"""Claims of the papers, held against what shows here: by how much, and at what cost.

`python -m train.claims` prints them as the table of the README, from `data/students.json`.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tabulate import tabulate

from factory import stage
from factory.files import existing, root
from train.measuring import Result, difference

CLAIMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "consistency beats IR alone": ("lorid", ("greedy/ir",)),
    "knowledge helps DR: against none": ("greedy/dr", ("greedy/dr_bare",)),
    "knowledge helps DR: against another problem's": ("greedy/dr", ("greedy/dr_other",)),
    "the ensemble beats its best single thought": ("etd", ("greedy/cot", "greedy/pot", "greedy/eot")),
    "voting beats the best single thought": ("etd_vote", ("greedy/cot", "greedy/pot", "greedy/eot")),
    "a pair with hints beats one without": ("pair", ("pair_unhinted",)),
    "a network beats a pair": ("network", ("pair",)),
}
"""The policy of each claim, and those of which it has to beat the best."""


def held(results: Mapping[str, Result], seed: int = 0) -> list[dict[str, Any]]:
    """Return every claim whose policies were run: the gain with its interval, and the same spent on votes.

    `shows` is `yes` where the whole interval is above 0, `no` where it is below, else `unclear`. `votes` is
    the largest `majority@k/ir` that costs no more.
    """
    found = []
    for claim, (name, others) in CLAIMS.items():
        if name not in results or any(other not in results for other in others):
            continue
        best = max(others, key=lambda other: results[other].accuracy)
        apart = difference(results[name].right, results[best].right, seed)
        votes = equal_votes(results, results[name].mean_new_tokens)
        row: dict[str, Any] = {"claim": claim, "policy": name, "against": best, **apart}
        row["shows"] = "yes" if apart["low"] > 0 else "no" if apart["high"] < 0 else "unclear"
        row["accuracy"], row["mean_new_tokens"] = results[name].accuracy, results[name].mean_new_tokens
        row["against_accuracy"] = results[best].accuracy
        row["votes"], row["votes_accuracy"] = votes, results[votes].accuracy if votes else None
        found.append(row)
    return found


def equal_votes(results: Mapping[str, Result], new_tokens: float) -> str | None:
    """Return the majority of IR's samples that costs most and no more than so many new tokens a problem."""
    costs = {
        name: result.mean_new_tokens
        for name, result in results.items()
        if name.startswith("majority@") and name.endswith("/ir") and result.mean_new_tokens <= new_tokens
    }
    return max(costs, key=lambda name: costs[name], default=None)


def table(claims: Sequence[Mapping[str, Any]]) -> str:
    """Return claims in Markdown: shares in per cent, gains in points."""
    rows = [
        [
            row["claim"],
            row["test_set"],
            f"**{row['shows']}**",
            f"{100 * row['gain']:+.1f} ({100 * row['low']:+.1f} to {100 * row['high']:+.1f})",
            f"`{row['policy']}` {100 * row['accuracy']:.1f}, {row['mean_new_tokens']:.0f} tokens",
            f"`{row['against']}` {100 * row['against_accuracy']:.1f}",
            f"`{row['votes']}` {100 * row['votes_accuracy']:.1f}" if row["votes"] else "none so cheap",
        ]
        for row in claims
    ]
    heads = ["claim", "problems", "shows", "points gained (95 %)", "right", "against", "votes for no more"]
    return tabulate(rows, heads, "pipe", disable_numparse=True)


def main() -> None:
    """Print the table of `data/students.json`."""
    file = existing(root() / "data" / "students.json", "build it with `dvc repro`")
    print(table(json.loads(file.read_text("utf-8"))["claims"]))


if __name__ == "__main__":
    stage.run(main)
