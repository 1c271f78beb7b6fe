"""`thoughtmill why`: all that happened to a problem, on one screen."""

from pathlib import Path

import pytest

from tests.small_corpus import THOUGHTS
from thoughtmill.factory.commands.why import why
from thoughtmill.factory.core import corpus, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.tabulate import tabulate
from thoughtmill.schemas import TABLES, Contamination, Growths, Predictions


def told(data: Path, problem_id: str) -> str:
    if not (data / "corpus.duckdb").exists():
        tabulate(data, THOUGHTS, data / "corpus.duckdb")
    with corpus.opened(data, THOUGHTS) as con:
        return why(con, problem_id)


def change(data: Path, table: str, more: list[tables.Row]) -> None:
    path = data / f"{table}.parquet"
    tables.write(path, TABLES[table], [*tables.TableReader(path, TABLES[table]), *more])


def problem(data: Path, problem_id: str) -> tables.Row:
    rows = tables.TableReader(data / "problems.parquet", TABLES["problems"])
    return next(row for row in rows if row["problem_id"] == problem_id)


def test_gold_verdicts_failed_checks_and_reasons_are_told(small_corpus: Path) -> None:
    named = {"record_id": "ours-train-1/pot/0", "check": "steps"}
    failed = {**named, "passed": False, "detail": "7+2 is not 14"}
    change(small_corpus, "checks", [failed])
    said = told(small_corpus, "ours-train-1")
    for line in (
        "Ida cuts 7 pies",
        "gold answer: 14",
        "cot/0 by replay (handwritten): incorrect, answer 9; not kept: incorrect",
        "pot/0 by replay (handwritten): incorrect, answer 9; not kept: incorrect; fails steps (7+2 is",
    ):
        assert line in said
    assert "the gold answer is in doubt: 2 records have 9, and 0 the gold answer" in said


def test_duplicates_contamination_family_doubts_and_students_are_told(small_corpus: Path) -> None:
    first = problem(small_corpus, "ours-train-0")
    twin = {**first, "problem_id": "ours-train-9", "answer": "13"}
    child = {
        **first,
        "problem_id": "ours-train-0+rename-0",
        "problem": "Bo has 3?",
        "parent_id": "ours-train-0",
    }
    change(small_corpus, "problems", [twin, {**child, "growth": "rename"}])
    found = {
        "problem_id": "ours-train-0",
        "benchmark": "gsm8k",
        "benchmark_problem": "Jo has 3 bags.",
        "how": "near",
    }
    tables.write(small_corpus / "contamination.parquet", Contamination, [{**found, "score": 0.5}])
    attempt = {
        "parent_id": "ours-train-0",
        "growth": "redraw",
        "number": 0,
        "problem_id": None,
        "reason": "no way",
    }
    tables.write(small_corpus / "grown" / "growths.parquet", Growths, [attempt])
    prediction = dict.fromkeys(Predictions.to_schema().columns)
    asked = {"run": "r", "base": "b", "training_seed": 0, "data_version": "v", "problem_id": "ours-train-0"}
    wrote = {"role": "ir", "round": 0, "sample": 0, "text": "", "predicted_answer": "12", "correct": True}
    row = {**prediction, **asked, **wrote, "new_tokens": 1}
    tables.write(small_corpus / "predictions" / "b.parquet", Predictions, [row])
    said = told(small_corpus, "ours-train-0")
    for line in (
        "the gold answer is in doubt: equal texts have the answer 13",
        "children: ours-train-0+rename-0",
        "redraw: no way",
        "is repeated by ours-train-9 (problem)",
        "repeats a problem of gsm8k (near, 0.5): Jo has 3 bags.",
        "r, ir: 1 of 1 right; 12",
    ):
        assert line in said
    assert "made by rename from ours-train-0, generation 1" in told(small_corpus, "ours-train-0+rename-0")
    assert "repeats ours-train-0 (problem)" in told(small_corpus, "ours-train-9")


def test_a_doubtful_gold_answer_is_told(built_corpus: Path) -> None:
    said = told(built_corpus, "ours-train-1")
    assert "the gold answer is in doubt: all thoughts agree on 9" in said


def test_an_unknown_problem_is_one_line_with_the_nearest(built_corpus: Path) -> None:
    with pytest.raises(ThoughtmillError, match="no problem ours-train-77; the nearest is ours-train-"):
        told(built_corpus, "ours-train-77")
