"""Stage `evaluate`: replay every policy over the students' samples, and score it."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from thoughtmill.factory.answers import Answer, predicted_answer
from thoughtmill.factory.core import stage, tables
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.core.database import add_runs
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root, write_csv, write_json
from thoughtmill.factory.core.printable import say
from thoughtmill.schemas import PolicyResults
from thoughtmill.train.claims import judged
from thoughtmill.train.measuring.mistakes import MISTAKES, mistake
from thoughtmill.train.measuring.scores import ScoredRun, figures, result, scored_runs, spread
from thoughtmill.train.policies import candidates, policy
from thoughtmill.train.policies.plans import of_predictions
from thoughtmill.train.policies.predictions import predictions_in
from thoughtmill.train.policies.problems import DecisionSettings, decision_settings, problems_of
from thoughtmill.train.roles import ROLES


def main() -> None:
    """Read predictions and problems; write `policy_results`, metrics, a plot and the report's data.

    Predictions and results go into `corpus.duckdb` too.
    """
    how = decision_settings()
    os.chdir(root())
    data = Path("data")
    problems = problems_of(open_corpus(how.corpus, how.corpus_revision), how.splits, how.limit)
    rows, shown = evaluate(current(data, {row["problem_id"] for row in problems}), problems, how)
    tables.write(data / "policy_results.parquet", PolicyResults, rows)
    add_runs(data)
    write_json(data / "students.json", shown)
    write_json(data / "students_metrics.json", metrics(shown))
    columns = ("base", "test_set", "policy", "mean_new_tokens", "accuracy")
    write_csv(data / "frontier.csv", columns, ([row[name] for name in columns] for row in shown["policies"]))


def current(data: Path, problem_ids: Set[str]) -> Iterator[tables.Row]:
    """Yield the predictions about these problems; a base that answered others is left out with a line."""
    for reader in predictions_in(data):
        if {row["problem_id"] for row in reader} == problem_ids:
            yield from reader
        else:
            words = f"{reader.path.stem} answered other problems than `infer` names"
            say(f"evaluate: {words}: run `python -m thoughtmill.train.infer` for it")


def evaluate(
    predictions: Iterable[tables.Row], problems: Sequence[tables.Row], how: DecisionSettings
) -> tuple[list[tables.Row], dict[str, Any]]:
    """Return the rows of `policy_results`, and the report of policies and claims over each base's runs."""
    gold = {row["problem_id"]: Answer(row["answer"], row["answer_kind"]) for row in problems}
    by_set: dict[str, list[str]] = {}
    for row in problems:
        by_set.setdefault(row["test_set"], []).append(row["problem_id"])
    every = list(predictions)
    if {row["problem_id"] for row in every} != gold.keys():
        raise ThoughtmillError(
            "predictions are of other problems than `infer` names: run `python -m thoughtmill.train.infer`"
        )
    rows: list[tables.Row] = []
    runs: dict[tuple[str, str], dict[str, list[ScoredRun]]] = {}
    columns = ("run", "base", "training_seed", "data_version")
    for values, written in groupby(every, key=itemgetter(*columns)):
        named = dict(zip(columns, values, strict=True))
        stored = of_predictions(written)
        asked, roles = [*how.policies, *candidates(stored, how.policy)], {role for _, role, _, _ in stored}
        policies = {name: policy(name, how.policy, roles) for name in asked}
        for policy_name, test_set, found in scored_runs(policies, stored, by_set, gold):
            part = found._replace(training_seed=named["training_seed"])
            rows.append(named | {"test_set": test_set, "policy": policy_name} | figures([part]))
            runs.setdefault((named["base"], test_set), {}).setdefault(policy_name, []).append(part)
    return rows, shown_of(every, {row["problem_id"]: row for row in problems}, runs, how)


def shown_of(
    predictions: Sequence[tables.Row],
    problems: Mapping[str, tables.Row],
    runs: Mapping[tuple[str, str], Mapping[str, list[ScoredRun]]],
    how: DecisionSettings,
) -> dict[str, Any]:
    """Return what the report shows of all runs, which are given by base and test set."""
    versions = {row["base"]: row["data_version"] for row in predictions}
    return {
        "bases": versions,
        "runs": sorted({row["run"] for row in predictions}),
        "policies": [
            {"base": base, "test_set": test_set, "policy": name} | figures(found) | {"spread": spread(found)}
            for (base, test_set), by_policy in runs.items()
            for name, found in by_policy.items()
        ],
        "claims": judged(
            {
                named: {name: result(found) for name, found in by_policy.items()}
                for named, by_policy in runs.items()
            }
        ),
        "rounds": [
            {"base": base, "test_set": test_set} | row
            for (base, test_set), by_policy in runs.items()
            for row in by_round(by_policy.get("lorid", []), how.policy.max_rounds)
        ],
        "mistakes": mistakes(predictions, problems),
        "meanings": MISTAKES,
    }


def by_round(runs: Sequence[ScoredRun], max_rounds: int) -> list[dict[str, Any]]:
    """Return per round the share of problems that agreed by then, and how many of these are right."""
    decisions = [(made, run.right[name]) for run in runs for name, made in run.decided.decisions.items()]
    rows = []
    for round_ in range(1, max_rounds + 1) if decisions else ():
        agreed = [right for made, right in decisions if made.resolved and made.rounds <= round_]
        share = round(sum(agreed) / len(agreed), 4) if agreed else None
        rows.append({"round": round_, "agreed": round(len(agreed) / len(decisions), 4), "accuracy": share})
    return rows


def mistakes(predictions: Iterable[tables.Row], problems: Mapping[str, tables.Row]) -> list[dict[str, Any]]:
    """Count the right greedy samples of each role, and the mistakes of the others, over all runs."""
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    for row in predictions:
        if row["round"] == 0 and ROLES.named(row["role"]).answers:
            problem = problems[row["problem_id"]]
            gold = Answer(problem["answer"], problem["answer_kind"])
            found = mistake(row["text"], predicted_answer(row), row["failure"], gold)
            counts.setdefault((row["base"], problem["test_set"], row["role"]), Counter())[
                found or "right"
            ] += 1
    return [
        {"base": base, "test_set": test_set, "role": role}
        | {name: counted[name] for name in ("right", *MISTAKES)}
        for (base, test_set, role), counted in sorted(counts.items())
    ]


def metrics(shown: Mapping[str, Any]) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """Return the metrics for `dvc metrics`, by base, test set and policy."""
    numbers: dict[str, dict[str, dict[str, dict[str, float]]]] = {}
    for row in shown["policies"]:
        kept = {name: row[name] for name in ("accuracy", "resolved", "mean_new_tokens")}
        numbers.setdefault(row["base"], {}).setdefault(row["test_set"], {})[row["policy"]] = kept
    return numbers


if __name__ == "__main__":
    stage.run(main)
