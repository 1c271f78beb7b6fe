"""Claims of the papers, held against what shows here: by how much, and at what cost.

`python -m thoughtmill.train.claims` prints them as the table of the README, from `data/students.json`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tabulate import tabulate

from thoughtmill.factory.core import stage
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import existing, root
from thoughtmill.train.measuring.scores import PolicyScore, difference

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

HEADS = ("claim", "problems", "shows", "points gained (95 %)", "right", "against",
         "votes of IR for as much", "points over them (95 %)")  # fmt: skip


def held(results: Mapping[str, PolicyScore], seed: int = 0) -> list[dict[str, Any]]:
    """Return every claim whose policies were run: the gain with its interval, and the gain over mere votes.

    `shows` is `yes` where the whole interval is above 0, `no` where it is below, else `unclear`. `votes` are
    IR's for as many new tokens, as `votes_for` finds them; there are none where one alone costs more.
    """
    found = []
    for claim, (name, others) in CLAIMS.items():
        if name not in results or any(other not in results for other in others):
            continue
        one = results[name]
        best = max(others, key=lambda other: results[other].accuracy)
        apart = difference(one.right, results[best].right, seed)
        row: dict[str, Any] = {"claim": claim, "policy": name, "against": best, **apart}
        row["shows"] = "yes" if apart["low"] > 0 else "no" if apart["high"] < 0 else "unclear"
        row["accuracy"], row["mean_new_tokens"] = one.accuracy, one.mean_new_tokens
        row["against_accuracy"] = results[best].accuracy
        votes = votes_for(results, one.mean_new_tokens)
        row["votes"] = votes and {
            "votes": votes[0],
            "accuracy": votes[1].accuracy,
            "mean_new_tokens": votes[1].mean_new_tokens,
            **difference(one.right, votes[1].right, seed),
        }
        found.append(row)
    return found


def votes_for(results: Mapping[str, PolicyScore], new_tokens: float) -> tuple[float, PolicyScore] | None:
    """Return how many votes of IR cost so many new tokens a problem, and what they come to.

    Between the costs of k and of k + 1 votes, so large a share of the problems has k + 1 that the mean is
    met: both what they cost and how often they are right lie between in that share. Where that is more than
    all votes there are cost, it is all of them.
    """
    ladder = sorted(
        (result.mean_new_tokens, int(found[1]), result.right)
        for name, result in results.items()
        if (found := re.fullmatch(r"majority@(\d+)/ir", name))
    )
    if not ladder or new_tokens < ladder[0][0]:
        return None
    below = [step for step in ladder if step[0] <= new_tokens]
    low, high = below[-1], ladder[min(len(below), len(ladder) - 1)]
    share = (new_tokens - low[0]) / (high[0] - low[0]) if high != low else 0.0
    right = {one: (1 - share) * low[2][one] + share * high[2][one] for one in low[2]}
    return round(low[1] + share * (high[1] - low[1]), 1), PolicyScore(right, min(new_tokens, ladder[-1][0]))


def table(claims: Sequence[Mapping[str, Any]]) -> str:
    """Return claims in Markdown: shares in per cent, gains in points."""
    rows = [
        [
            row["claim"],
            row["test_set"],
            f"**{row['shows']}**",
            points(row),
            f"`{row['policy']}` {100 * row['accuracy']:.1f}, {row['mean_new_tokens']:.0f} tokens",
            f"`{row['against']}` {100 * row['against_accuracy']:.1f}",
            voted(row["votes"]),
            points(row["votes"]) if row["votes"] else "",
        ]
        for row in claims
    ]
    return tabulate(rows, HEADS, "pipe", disable_numparse=True)


def points(row: Mapping[str, Any]) -> str:
    """Return a gain in points, with its interval."""
    return f"{100 * row['gain']:+.1f} ({100 * row['low']:+.1f} to {100 * row['high']:+.1f})"


def voted(votes: Mapping[str, Any] | None) -> str:
    """Return how many votes of IR were held against a policy, what they got right and what they cost."""
    if votes is None:
        return "one costs more"
    told = f"{votes['votes']:.1f} votes {100 * votes['accuracy']:.1f}"
    return f"{told}, {votes['mean_new_tokens']:.0f} tokens"


def main() -> None:
    """Print the table of `data/students.json`."""
    file = existing(root() / "data" / "students.json", "build it with `dvc repro`")
    try:
        print(table(json.loads(file.read_text("utf-8"))["claims"]))
    except (ValueError, LookupError, TypeError) as error:
        raise ThoughtmillError(f"{file} is torn or of an older form: build it with `dvc repro`") from error


if __name__ == "__main__":
    stage.run(main)
