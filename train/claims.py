"""The claims of the papers, measured on our students: the gain of each policy, and what it costs.

A claim that is tried on a base and a test set is a comparison.
`python -m thoughtmill.train.claims` prints the tables of `docs/claims.md` from `data/students.json`.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tabulate import tabulate

from thoughtmill.factory.core import stage
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import existing, root
from thoughtmill.train.measuring.scores import PolicyScore, difference, holm, smallest_gain

Comparison = Mapping[str, Any]
Claims = dict[str, tuple[str, tuple[str, ...]]]
CLAIMS: Claims = {
    "consistency beats IR alone": ("lorid", ("greedy/ir",)),
    "knowledge helps DR: against none": ("greedy/dr", ("greedy/dr_bare",)),
    "knowledge helps DR: against another problem's": ("greedy/dr", ("greedy/dr_other",)),
    "the ensemble beats its best single thought": ("etd", ("greedy/cot", "greedy/pot", "greedy/eot")),
    "voting beats the best single thought": ("etd_vote", ("greedy/cot", "greedy/pot", "greedy/eot")),
    "a pair with hints beats one without": ("pair", ("pair_unhinted",)),
    "a network beats a pair": ("network", ("pair",)),
}
"""For each claim: its policy, and the policies whose best it must beat."""

AGAINST_VOTES = "Points gained over as many votes of IR as the policy's own tokens buy:"


def judged(
    by_set: Mapping[tuple[str, str], Mapping[str, PolicyScore]], claims: Claims = CLAIMS
) -> list[dict[str, Any]]:
    """Return the comparisons of every base and test set whose policies were run, and what shows.

    `shows` is `yes` for a gain and `no` for a loss whose p, corrected for the number of comparisons, is below
    0.05; else `unclear`. `smallest` is the gain that would have shown four times in five.
    """
    rows = [
        {"base": base, "test_set": test_set} | row
        for (base, test_set), results in by_set.items()
        for row in gains(results, claims)
    ]
    for row, chance in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["shows"] = ("yes" if row["gain"] > 0 else "no") if chance < 0.05 else "unclear"
        row |= {"p_holm": chance, "smallest": round(smallest_gain(row["error"], len(rows)), 4)}
    return rows


def gains(results: Mapping[str, PolicyScore], claims: Claims = CLAIMS) -> list[dict[str, Any]]:
    """Return every claim whose policies were run: its gain with an interval, and its gain over plain votes.

    `votes` is the number of IR's votes at the policy's cost, from `votes_for`; None if a single vote costs
    more.
    """
    rows = []
    for claim, (name, others) in claims.items():
        if name not in results or any(other not in results for other in others):
            continue
        score = results[name]
        best = max(others, key=lambda other: results[other].accuracy)
        gain = difference(score.right, results[best].right)
        row: dict[str, Any] = {"claim": claim, "policy": name, "against": best, **gain}
        row["accuracy"], row["mean_new_tokens"] = score.accuracy, score.mean_new_tokens
        row["against_accuracy"] = results[best].accuracy
        row["by_training"] = {  # the interval is over problems: what training changes is not in it
            str(seed): round(share - results[best].by_training[seed], 4)
            for seed, share in score.by_training.items()
        }
        votes = votes_for(results, score.mean_new_tokens)
        row["votes"] = votes and {
            "votes": votes[0],
            "accuracy": votes[1].accuracy,
            "mean_new_tokens": votes[1].mean_new_tokens,
            **difference(score.right, votes[1].right),
        }
        rows.append(row)
    return rows


def votes_for(
    results: Mapping[str, PolicyScore], new_tokens: float, role: str = "ir"
) -> tuple[float, PolicyScore] | None:
    """Return how many votes of a role a number of new tokens buys per problem, and the score of these votes.

    Between the costs of k and k + 1 votes, a share of the problems gets k + 1 votes and the others k; cost
    and accuracy are interpolated by that share. The result is None if the tokens do not buy a vote, and all
    votes if they buy more than there are.
    """
    ladder = sorted(
        (result.mean_new_tokens, int(found[1]), result.right)
        for name, result in results.items()
        if (found := re.fullmatch(rf"majority@(\d+)/{role}", name))
    )
    if not ladder or new_tokens < ladder[0][0]:
        return None
    below = [step for step in ladder if step[0] <= new_tokens]
    low, high = below[-1], ladder[min(len(below), len(ladder) - 1)]
    share = (new_tokens - low[0]) / (high[0] - low[0]) if high != low else 0.0
    right = {name: (1 - share) * low[2][name] + share * high[2][name] for name in low[2]}
    return round(low[1] + share * (high[1] - low[1]), 1), PolicyScore(right, min(new_tokens, ladder[-1][0]))


def table(comparisons: Sequence[Comparison]) -> str:
    """Return comparisons in Markdown, a row per claim and a column per set: gains, then gains over votes.

    Several bases have columns of their own.
    """
    several = len({row.get("base") for row in comparisons}) > 1
    by_claim: dict[tuple[str, str], dict[str, Comparison]] = {}
    for row in comparisons:
        column = f"{row['base']}: {row['test_set']}" if several else row["test_set"]
        by_claim.setdefault((row["claim"], f"`{row['policy']}`"), {})[column] = row
    sets = list(dict.fromkeys(column for found in by_claim.values() for column in found))

    def shown(cell: Callable[[Comparison], str]) -> str:
        rows = [
            [*names, *(cell(found[name]) if name in found else "" for name in sets)]
            for names, found in by_claim.items()
        ]
        return tabulate(rows, ["claim", "policy", *sets], "pipe", disable_numparse=True)

    return "\n\n".join([shown(_verdict), *_smallest(comparisons), AGAINST_VOTES, shown(_over_votes)])


def _smallest(comparisons: Sequence[Comparison]) -> list[str]:
    """Say which gains the table could have shown, from claim to claim; a table of an older form cannot."""
    found: dict[str, list[float]] = {}
    for row in comparisons:
        if "smallest" in row:
            found.setdefault(row["test_set"], []).append(row["smallest"])
    points = ", ".join(f"{spelt_range(gains)} points on {name}" for name, gains in found.items())
    words = f"With Holm's correction for {len(comparisons)} comparisons, the smallest gains that would show"
    return [f"{words} four times in five: {points}."] if found else []


def spelt_range(gains: Sequence[float]) -> str:
    """Return the range of some gains in points.

    >>> spelt_range([0.085, 0.033]), spelt_range([0.1])
    ('3.3 to 8.5', '10.0')
    """
    ends = min(gains), max(gains)
    return " to ".join(dict.fromkeys(f"{100 * gain:.1f}" for gain in ends))


def _verdict(row: Comparison) -> str:
    each = row.get("by_training", {}).values()
    trained = f", {', '.join(f'{100 * gain:+.1f}' for gain in each)} by training" if len(each) > 1 else ""
    return f"**{row['shows']}** {_points(row)}{trained}"


def _over_votes(row: Comparison) -> str:
    votes = row["votes"]
    return f"{_points(votes)}, {votes['votes']:.1f} votes" if votes else "one vote costs more"


def _points(row: Comparison) -> str:
    """Return a gain in points, with its interval."""
    return f"{100 * row['gain']:+.1f} ({100 * row['low']:+.1f} to {100 * row['high']:+.1f})"


def main() -> None:
    """Print the tables of `docs/claims.md`."""
    file = existing(root() / "data" / "students.json", "run `dvc repro` in train/")
    try:
        print(table(json.loads(file.read_text("utf-8"))["claims"]))
    except (ValueError, LookupError, TypeError) as error:
        raise ThoughtmillError(f"{file} is torn or of an older form: run `dvc repro` in train/") from error


if __name__ == "__main__":
    stage.run(main)
