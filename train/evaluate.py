"""Stage `evaluate`: replay every policy over the students' samples, and score it."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from thoughtmill.factory.answers import Answer, predicted_answer
from thoughtmill.factory.core import stage, tables
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root, write_csv, write_json
from thoughtmill.schemas import PolicyResults, Predictions
from thoughtmill.train.claims import judged
from thoughtmill.train.measuring.mistakes import MISTAKES, mistake
from thoughtmill.train.measuring.scores import ScoredRun, figures, result, scored
from thoughtmill.train.policies import candidates, policy
from thoughtmill.train.policies.plans import MissingSample, PolicyOutcome, of_predictions, replay
from thoughtmill.train.problems import DecisionSettings, decision_settings, problems_of
from thoughtmill.train.roles import ROLES


def main() -> None:
    """Read predictions and problems; write `policy_results`, metrics, a plot and the report's data."""
    how = decision_settings()
    os.chdir(root())
    data = Path("data")
    problems = problems_of(open_corpus(how.corpus, how.corpus_revision), how.splits, how.limit)
    predictions = list(tables.TableReader(data / "predictions.parquet", Predictions))
    rows, shown = evaluate(predictions, problems, how)
    tables.write(data / "policy_results.parquet", PolicyResults, rows)
    write_json(data / "students.json", shown)
    write_json(data / "students_metrics.json", metrics(shown))
    columns = ("test_set", "policy", "mean_new_tokens", "accuracy")
    write_csv(data / "frontier.csv", columns, ([row[name] for name in columns] for row in shown["policies"]))


def evaluate(
    predictions: Sequence[tables.Row], problems: Sequence[tables.Row], how: DecisionSettings
) -> tuple[list[tables.Row], dict[str, Any]]:
    """Return the rows of `policy_results`, and the report's policies and claims over all runs."""
    gold = {row["problem_id"]: Answer(row["answer"], row["answer_kind"]) for row in problems}
    if {row["problem_id"] for row in predictions} != gold.keys():
        raise ThoughtmillError(
            "predictions are of other problems than `infer` names: run `python -m thoughtmill.train.infer`"
        )
    by_set: dict[str, list[str]] = {}
    for row in problems:
        by_set.setdefault(row["test_set"], []).append(row["problem_id"])
    version = predictions[0]["data_version"]
    rows: list[tables.Row] = []
    runs: dict[tuple[str, str], list[ScoredRun]] = {}
    for run, written in groupby(predictions, key=lambda row: str(row["run"])):
        stored = of_predictions(written)
        for name in dict.fromkeys([*how.policies, *candidates(stored, how.policy)]):
            chosen = policy(name, how.policy, {role for _, role, _, _ in stored})
            try:
                decided = replay(chosen, sorted(gold), stored)
            except MissingSample:
                continue
            for test_set, ids in by_set.items():
                part = scored(chosen, only(decided, ids), gold)
                named = {"run": run, "data_version": version, "test_set": test_set, "policy": name}
                rows.append(named | figures([part]))
                runs.setdefault((test_set, name), []).append(part)
    return rows, {
        "data_version": version,
        "runs": sorted({row["run"] for row in rows}),
        "policies": [
            {"test_set": test_set, "policy": name} | figures(found)
            for (test_set, name), found in runs.items()
        ],
        "claims": judged(
            {
                test_set: {name: result(found) for (where, name), found in runs.items() if where == test_set}
                for test_set in by_set
            }
        ),
        "rounds": [
            {"test_set": test_set} | row
            for test_set in by_set
            for row in by_round(runs.get((test_set, "lorid"), []), how.policy.max_rounds)
        ],
        "mistakes": mistakes(predictions, {row["problem_id"]: row for row in problems}),
        "meanings": MISTAKES,
    }


def only(decided: PolicyOutcome, problem_ids: Iterable[str]) -> PolicyOutcome:
    """Return the outcome for a subset of its problems."""
    ids = list(problem_ids)
    spent = {name: decided.new_tokens[name] for name in ids if name in decided.new_tokens}
    return PolicyOutcome({name: decided.decisions[name] for name in ids}, spent)


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
    counts: dict[tuple[str, str], Counter[str]] = {}
    for row in predictions:
        if row["round"] == 0 and ROLES.named(row["role"]).answers:
            problem = problems[row["problem_id"]]
            gold = Answer(problem["answer"], problem["answer_kind"])
            found = mistake(row["text"], predicted_answer(row), row["failure"], gold)
            counts.setdefault((problem["test_set"], row["role"]), Counter())[found or "right"] += 1
    return [
        {"test_set": test_set, "role": role} | {name: counted[name] for name in ("right", *MISTAKES)}
        for (test_set, role), counted in sorted(counts.items())
    ]


def metrics(shown: Mapping[str, Any]) -> dict[str, dict[str, dict[str, float]]]:
    """Return the metrics for `dvc metrics`, by test set and policy."""
    numbers: dict[str, dict[str, dict[str, float]]] = {}
    for row in shown["policies"]:
        kept = {name: row[name] for name in ("accuracy", "resolved", "mean_new_tokens")}
        numbers.setdefault(row["test_set"], {})[row["policy"]] = kept
    return numbers


if __name__ == "__main__":
    stage.run(main)
