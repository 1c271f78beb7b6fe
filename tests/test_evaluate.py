"""Stage `evaluate`: tables of every policy over what students wrote, by hand-made predictions."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.tabled import predictions, table
from thoughtmill.factory.answers import Answer
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.schemas import PolicyResults, Predictions
from thoughtmill.train.claims import table as claims_table
from thoughtmill.train.evaluate import by_round, evaluate, main, metrics, mistakes
from thoughtmill.train.measuring.scores import ScoredRun, only, spread
from thoughtmill.train.policies.plans import Decision, PolicyOutcome, Sample, SampleKey
from thoughtmill.train.writers.settings import InferSettings

HOW = InferSettings.model_validate({"policies": ["greedy/ir", "lorid"], "policy": {"max_rounds": 2}})
PROBLEMS = [
    {"problem_id": "a", "problem": "?", "answer": "7", "answer_kind": "number", "test_set": "one, test"},
    {"problem_id": "b", "problem": "?", "answer": "9", "answer_kind": "number", "test_set": "one, test"},
    {"problem_id": "c", "problem": "?", "answer": "5", "answer_kind": "number", "test_set": "two, test"},
]


def written(run: str, answers: dict[str, list[str | None]], greedy: dict[str, str]) -> list[tables.Row]:
    """Return the predictions of a run: IR's answers by round, with which DR agrees, and its greedy ones."""
    stored: dict[SampleKey, Sample] = {}
    for name, said in answers.items():
        stored |= table({"ir": said, "kg": [None] * len(said), "dr": said}, name)
        stored |= table({"ir": [greedy[name]]}, name, first=0)
    return predictions(stored, run)


def two_runs() -> list[tables.Row]:
    first = written("x-1", {"a": ["7"], "b": ["9"], "c": [None, "5"]}, {"a": "7", "b": "8", "c": "4"})
    second = written("x-2", {"a": ["7"], "b": ["8"], "c": ["4"]}, {"a": "7", "b": "8", "c": "4"})
    return first + second


@pytest.fixture(scope="module")
def found() -> tuple[list[tables.Row], dict[str, Any]]:
    return evaluate(two_runs(), PROBLEMS, HOW)


def test_there_is_a_row_for_every_run_test_set_and_policy(
    found: tuple[list[tables.Row], dict[str, Any]], tmp_path: Path
) -> None:
    rows, _ = found
    tables.write(tmp_path / "policy_results.parquet", PolicyResults, rows)
    accuracy = {(row["run"], row["test_set"], row["policy"]): row["accuracy"] for row in rows}
    assert accuracy["x-1", "one, test", "lorid"] == 1.0
    assert accuracy["x-2", "one, test", "lorid"] == 0.5
    assert accuracy["x-1", "one, test", "greedy/ir"] == 0.5
    assert accuracy["x-1", "two, test", "lorid"] == 1.0
    assert {row["policy"] for row in rows} >= {"majority@1/ir", "pass@1/ir", "same_round", "lorid_released"}


@pytest.mark.parametrize(("seed", "told"), [(0, {"problems", "sampling"}), (7, {"problems", "training"})])
def test_runs_of_students_of_another_seed_are_told_apart(seed: int, told: set[str]) -> None:
    every = [row | {"training_seed": seed} if row["run"] == "x-2" else row for row in two_runs()]
    rows, shown = evaluate(every, PROBLEMS, HOW)
    assert {(row["run"], row["training_seed"]) for row in rows} == {("x-1", 0), ("x-2", seed)}
    spreads = {(one["test_set"], one["policy"]): one["spread"] for one in shown["policies"]}
    found = spreads["one, test", "lorid"]
    assert {name for name, deviation in found.items() if deviation is not None} == told


@pytest.mark.parametrize("problems", [PROBLEMS[:2], [*PROBLEMS, PROBLEMS[0] | {"problem_id": "d"}]])
def test_predictions_of_fewer_or_more_problems_are_refused(problems: list[dict[str, str]]) -> None:
    with pytest.raises(ThoughtmillError, match=r"run `python -m thoughtmill\.train\.infer`"):
        evaluate(two_runs(), problems, HOW)


def test_runs_are_pooled_for_the_report(found: tuple[list[tables.Row], dict[str, Any]]) -> None:
    _, shown = found
    pooled = {(row["test_set"], row["policy"]): row for row in shown["policies"]}
    one = pooled["one, test", "lorid"]
    assert (one["problems"], one["accuracy"], one["resolved"], one["mean_new_tokens"]) == (2, 0.75, 1.0, 25.0)
    two = pooled["two, test", "lorid"]
    assert (two["accuracy"], two["mean_rounds"], two["mean_new_tokens"]) == (0.5, 1.5, 37.5)
    assert (shown["runs"], shown["bases"]) == (["x-1", "x-2"], {"tiny": "v"})


def test_several_bases_are_side_by_side_in_one_table() -> None:
    other = [row | {"base": "other", "run": f"o-{row['run']}"} for row in two_runs() if row["run"] == "x-1"]
    rows, shown = evaluate([*two_runs(), *other], PROBLEMS, HOW)
    assert {(row["base"], row["run"]) for row in rows} == {
        ("tiny", "x-1"),
        ("tiny", "x-2"),
        ("other", "o-x-1"),
    }
    accuracy = {(row["base"], row["policy"]): row["accuracy"] for row in shown["policies"]}
    assert (accuracy["tiny", "lorid"], accuracy["other", "lorid"]) == (0.5, 1.0)
    assert {row["base"] for row in shown["claims"]} == {"tiny", "other"}
    assert len(claims_table(shown["claims"]).splitlines()[0].split("|")) == 2 + 2 + 2 * 2


def test_what_training_sampling_and_problems_change_is_told_apart() -> None:
    """Two trainings: one is right on 10 of 20 problems, give or take a problem by sampling, one on 16."""

    def run(right: int, seed: int) -> ScoredRun:
        return ScoredRun(PolicyOutcome({}, {}), {f"p{at}": at < right for at in range(20)}, seed)

    found = spread([run(9, 0), run(11, 0), run(15, 1), run(17, 1)])
    within = 0.1 / 2**0.5  # the standard deviation of 0.45 and 0.55
    between = (0.3 / 2**0.5) ** 2 - within**2 / 2
    assert found["sampling"] == pytest.approx(within, abs=1e-4)
    assert found["training"] == pytest.approx(between**0.5, abs=1e-4)
    assert found["problems"] == pytest.approx(0.1, abs=0.02)
    assert spread([run(9, 0)]) == {
        "problems": pytest.approx(0.1141, abs=1e-4),
        "sampling": None,
        "training": None,
    }
    assert spread([run(9, 0), run(9, 1)])["training"] == 0.0


def test_claims_are_held_per_test_set_over_all_runs(found: tuple[list[tables.Row], dict[str, Any]]) -> None:
    claims = {row["test_set"]: row for row in found[1]["claims"]}
    assert set(claims) == {"one, test", "two, test"}
    assert (claims["one, test"]["gain"], claims["one, test"]["against"]) == (0.25, "greedy/ir")
    assert claims["two, test"]["gain"] == 0.5


def test_agreement_by_round_is_the_share_that_has_agreed_by_then() -> None:
    decisions = {
        "a": Decision((Answer("7"),), True, 1),
        "b": Decision(("8",), True, 2),
        "c": Decision(("5",), False, 2),
    }
    rows = by_round([ScoredRun(PolicyOutcome(decisions, {}), {"a": True, "b": False, "c": True})], 3)
    assert rows == [
        {"round": 1, "agreed": 0.3333, "accuracy": 1.0},
        {"round": 2, "agreed": 0.6667, "accuracy": 0.5},
        {"round": 3, "agreed": 0.6667, "accuracy": 0.5},
    ]
    assert by_round([], 3) == []


def test_mistakes_are_those_of_greedy_samples_by_role() -> None:
    rows = [
        row | {"text": "3 * 3 = 8 nuts.\n#### 8" if row["predicted_answer"] == "8" else row["text"]}
        for row in two_runs()
    ]
    assert mistakes(rows, {row["problem_id"]: row for row in PROBLEMS}) == [
        {
            "base": "tiny",
            "test_set": "one, test",
            "role": "ir",
            "right": 2,
            "format": 0,
            "arithmetic": 2,
            "logical": 0,
        },
        {
            "base": "tiny",
            "test_set": "two, test",
            "role": "ir",
            "right": 0,
            "format": 0,
            "arithmetic": 0,
            "logical": 2,
        },
    ]


def test_only_keeps_the_problems_of_a_test_set_and_their_tokens() -> None:
    decision = Decision((Answer("7"),), True, 1)
    decided = PolicyOutcome({"a": decision, "b": decision}, {"a": 5, "b": 6})
    assert only(decided, ["b"]) == PolicyOutcome({"b": decision}, {"b": 6})


def test_metrics_are_by_base_test_set_and_policy(found: tuple[list[tables.Row], dict[str, Any]]) -> None:
    numbers = metrics(found[1])
    assert numbers["tiny"]["one, test"]["lorid"] == {
        "accuracy": 0.75,
        "resolved": 1.0,
        "mean_new_tokens": 25.0,
    }


def test_the_stage_writes_its_four_files_the_same_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    tables.write(data / "predictions" / "tiny.parquet", Predictions, two_runs())
    elsewhere = [row for row in two_runs() if row["problem_id"] == "a"]
    tables.write(data / "predictions" / "older.parquet", Predictions, elsewhere)
    rows = pd.DataFrame(PROBLEMS)
    rows["source"], rows["split"] = rows["test_set"].str.split(", ").str[0], "test"
    rows.drop(columns="test_set").to_parquet(data / "problems.parquet")
    pd.DataFrame({"problem_id": ["a"]}).to_parquet(data / "records.parquet")
    (data / "manifest.json").write_text('{"data_version": "v"}')
    how = json.loads(HOW.model_dump_json(exclude={"openai", "base"}))
    (tmp_path / "params.yaml").write_text(json.dumps({"infer": how}))
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    names = ("policy_results.parquet", "students.json", "students_metrics.json", "frontier.csv")
    bytes_of = []
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONHASHSEED": seed}
    words = [sys.executable, "-m", "thoughtmill.train.evaluate"]
    monkeypatch.chdir(tmp_path)
    for evaluates in (main, lambda: subprocess.run(words, env=environment, check=True)):  # of two hash seeds
        evaluates()
        bytes_of.append([(data / name).read_bytes() for name in names])
    assert bytes_of[0] == bytes_of[1]
    plotted = list(csv.DictReader((data / "frontier.csv").open()))
    assert {
        "base": "tiny",
        "test_set": "one, test",
        "policy": "lorid",
        "mean_new_tokens": "25.0",
        "accuracy": "0.75",
    } in plotted
    assert json.loads((data / "students.json").read_text()) == evaluate(two_runs(), PROBLEMS, HOW)[1]
