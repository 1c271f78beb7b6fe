"""Policies against plain votes at equal tokens, replayed on stored samples.

    python -m bench.policies FOLDER    # its problems.parquet, and predictions/ as `infer` writes them
    python -m bench.policies FOLDER --sets together    # all test sets as one, where each is small

Each policy is compared with as many votes as its own tokens buy, at least one: votes of IR, and of each
thought for which votes of its cost are stored. On validation problems, where there are samples about them,
the verifier is learnt, and the K of a policy and the least gain of `lorid_stop` are chosen. Else there is no
verifier, and the dearest policy of a family is taken.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import duckdb
from tabulate import tabulate

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.core import stage
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import existing
from thoughtmill.train.claims import spelt_range, votes_for
from thoughtmill.train.measuring.scores import (
    PolicyScore,
    ScoredRun,
    difference,
    holm,
    result,
    scored_runs,
    smallest_gain,
    wilson,
)
from thoughtmill.train.policies import PolicySettings, candidates, policy
from thoughtmill.train.policies.plans import Policy, Sample, SampleKey, of_predictions
from thoughtmill.train.policies.predictions import predictions_in
from thoughtmill.train.verifier import learnt

FAMILIES = (
    "lorid", "lorid_stop, .*", "same_round", "etd", "etd_vote", "etd_two_agree", "thoughts@.*", "prove@.*",
    "verifier@.*", "adaptive@.*/(ir|cot|pot|eot)",
)  # fmt: skip
VOTERS = ("ir", "cot", "pot", "eot")
AS_DEAR = 0.95
"""Votes are compared with a policy where they cost this share of its tokens, or more."""
GAINS = (0.25, 0.5, 1.0, 2.0)
HELD, ALL = "validation", "all sets"
PROBLEMS = """
select problem_id, answer, answer_kind,
       case when starts_with(split, $held) then $held else source || ', ' || split end as test_set
from read_parquet($path) where answer is not null
"""

Run = dict[SampleKey, Sample]
Scores = Mapping[str, PolicyScore]


class PolicyComparison(NamedTuple):
    """A policy beside `count` votes of a role, which cost as many tokens; `gain` holds what is gained."""

    test_set: str
    policy: str
    score: PolicyScore
    role: str
    count: float
    votes: PolicyScore
    gain: dict[str, float]


def main(folder: str, *, sets: str = "apart") -> None:
    """Print a table for each base that answered in a folder, or in its folder `data`."""
    data = Path(folder) if (Path(folder) / "problems.parquet").is_file() else Path(folder, "data")
    path = existing(data / "problems.parquet", "give a project, or a folder with problems and predictions")
    names = {"path": str(path), "held": HELD}
    rows = duckdb.connect().execute(PROBLEMS, names).fetchall()
    gold = {name: Answer(answer, kind) for name, answer, kind, _ in rows}
    if sets not in ("apart", "together"):
        raise ThoughtmillError(f"--sets {sets}: test sets are compared `apart` or `together`")
    whole = sets == "together"
    set_of = {name: ALL if whole and test_set != HELD else test_set for name, *_, test_set in rows}
    runs: dict[str, dict[str, Run]] = {}
    for reader in predictions_in(data):  # a run may lie in several files
        for (base, run), written in groupby(reader, key=itemgetter("base", "run")):
            runs.setdefault(base, {}).setdefault(run, {}).update(of_predictions(written))
    for base, found in runs.items():
        if compared := comparisons(scores([*found.values()], gold, set_of)):
            print(f"{base}\n\n{table(compared)}\n")
        else:
            print(f"{base}: no stored votes cost as much as a policy\n")


def scores(runs: Sequence[Run], gold: Mapping[str, Answer], sets: Mapping[str, str]) -> dict[str, Scores]:
    """Return the scores of all policies over the runs that asked every problem, by test set.

    `validation` is one of them.
    """
    asked = {key[0] for run in runs for key in run}
    by_set: dict[str, list[str]] = {}
    for problem_id in sorted(asked):
        by_set.setdefault(sets[problem_id], []).append(problem_id)
    rounds = max((round_ for run in runs for _, role, round_, _ in run if role == "dr"), default=0)
    how = PolicySettings(max_rounds=max(rounds, 1))
    if HELD in by_set:
        held = {name: gold[name] for name in by_set[HELD]}
        how = how.model_copy(update={"verifier": learnt(runs, held, how)})
    found: dict[str, dict[str, list[ScoredRun]]] = {}
    for run in runs:
        for name, test_set, part in scored_runs(policies(run, how), run, by_set, gold):
            found.setdefault(test_set, {}).setdefault(name, []).append(part)
    return {
        test_set: {name: result(each) for name, each in policies.items()}
        for test_set, policies in found.items()
    }


def policies(run: Run, how: PolicySettings) -> dict[str, Policy]:
    """Return the policies to try on the samples of a run, `lorid_stop` with several least gains."""
    names, roles = candidates(run, how), {role for _, role, _, _ in run}
    stops = {
        f"lorid_stop, {gain}": policy("lorid_stop", how.model_copy(update={"least_gain": gain}))
        for gain in GAINS
    }
    return {name: policy(name, how, roles) for name in names if name != "lorid_stop"} | stops


def comparisons(by_set: Mapping[str, Scores]) -> list[PolicyComparison]:
    """Return a comparison with the votes of each role, for each policy and test set."""
    rows = []
    for test_set, results in by_set.items():
        for name in picked(results, by_set.get(HELD)) if test_set != HELD else ():
            score = results[name]
            for role in VOTERS:
                if found := bought(results, score.mean_new_tokens, role):
                    count, votes = found
                    gain = difference(score.right, votes.right)
                    rows.append(PolicyComparison(test_set, name, score, role, count, votes, gain))
    return rows


def bought(results: Scores, new_tokens: float, role: str) -> tuple[float, PolicyScore] | None:
    """Return how many votes of a role some tokens buy, at least one, and their score.

    It is None where too few votes are stored to cost as much.
    """
    one = results.get(f"majority@1/{role}")
    found = votes_for(results, new_tokens, role) or (one and (1.0, one))
    return found if found and found[1].mean_new_tokens >= AS_DEAR * new_tokens else None


def voting(results: Scores, new_tokens: float, role: str) -> float:
    """Return the accuracy of as many votes of a role as some tokens buy, 0 where too few are stored."""
    votes = bought(results, new_tokens, role)
    return votes[1].accuracy if votes else 0.0


def picked(results: Scores, chosen_on: Scores | None) -> list[str]:
    """Return a policy of each family: of those that cost as much as stored votes, the best on validation."""
    names = []
    for family in FAMILIES:
        cost = {
            name: score.mean_new_tokens
            for name, score in results.items()
            if re.fullmatch(family, name)
            if any(bought(results, score.mean_new_tokens, role) for role in VOTERS)
        }
        if chosen_on is None:
            names += sorted(cost, key=cost.__getitem__)[-1:]
        else:
            names += sorted(cost, key=lambda name: (_over_votes(name, chosen_on), -cost[name]))[-1:]
    return names


def _over_votes(name: str, results: Scores) -> float:
    """Return what a policy gains over the best votes at equal tokens."""
    score = results[name]
    return score.accuracy - max(voting(results, score.mean_new_tokens, role) for role in VOTERS)


def table(rows: Sequence[PolicyComparison]) -> str:
    """Return the comparisons in Markdown, with p corrected by Holm, and the smallest gain that would show."""
    lines = []
    for row, p in zip(rows, holm([row.gain["p"] for row in rows]), strict=True):
        low, high = wilson(row.score.accuracy, len(row.score.right))
        gained = [f"{100 * row.gain[name]:+.1f}" for name in ("gain", "low", "high")]
        lines.append(
            [
                row.test_set,
                f"`{row.policy}`",
                f"{100 * row.score.accuracy:.1f} ({100 * low:.1f} to {100 * high:.1f})",
                f"{row.score.mean_new_tokens:.0f}",
                f"{row.count:.1f} of {row.role}: {100 * row.votes.accuracy:.1f}",
                f"{row.votes.mean_new_tokens:.0f}",
                f"{gained[0]} ({gained[1]} to {gained[2]})",
                f"{p:.3f}",
                ("**yes**" if row.gain["gain"] > 0 else "**no**") if p < 0.05 else "unclear",
            ]
        )
    heads = ["problems", "policy", "% right", "tokens", "votes", "tokens", "gain", "p (Holm)", "shows"]
    smallest = [smallest_gain(row.gain["error"], len(rows)) for row in rows] or [0.0]
    words = (
        f"{len(rows)} comparisons; the smallest gains that would show four times in five: "
        f"{spelt_range(smallest)} points"
    )
    return f"{tabulate(lines, heads, 'pipe', disable_numparse=True)}\n\n{words}"


if __name__ == "__main__":
    stage.run(main)
