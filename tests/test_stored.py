"""Stored samples: rows from anywhere, solved where they are only text."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests import small_corpus
from thoughtmill.factory.answers import Answer
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.schemas import Predictions, Problems
from thoughtmill.train.policies.plans import Sample, of_predictions
from thoughtmill.train.roles.solving import solve
from thoughtmill.train.stored import exported, main, read_samples

ROW = {"problem_id": "p", "answer": "$1,200", "role": "ir", "round": 1, "sample": 0, "new_tokens": 9}


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "samples.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_predicted_answer_is_taken_in_its_canonical_form(tmp_path: Path) -> None:
    stored, answers = read_samples(written(tmp_path, ROW | {"predicted_answer": "1,200.0"}))
    assert stored == {("p", "ir", 1, 0): Sample("", Answer("1200"), None, 9)}
    assert answers == {"p": Answer("1200")}


def test_ids_and_answers_may_be_numbers_and_whole_numbers_may_be_floats(tmp_path: Path) -> None:
    row = ROW | {"problem_id": 7, "answer": 12, "predicted_answer": 12.0, "round": 1.0}
    stored, answers = read_samples(written(tmp_path, row))
    assert stored == {("7", "ir", 1, 0): Sample("", Answer("12"), None, 9)}
    assert answers == {"7": Answer("12")}


def test_a_null_is_no_answer(tmp_path: Path) -> None:
    stored, _ = read_samples(written(tmp_path, ROW | {"predicted_answer": None}))
    assert stored[("p", "ir", 1, 0)].predicted_answer is None


@pytest.mark.parametrize(
    ("role", "text", "answer", "failure"),
    [
        ("ir", "2 * 6 = 12\n#### 12", "12", None),
        ("gp_hint", "#### 5", "5", None),
        ("dr_other", "#### 5", "5", None),
        ("pot", "bags = 2\nans = bags * 6", "12", None),
        ("pot", "ans = 1 / 0", None, "raised"),
        ("pot", "ans = (", None, "unparsable"),
        ("eq", "unknowns: ans\nans + 2 = 14", "12", None),
        ("eot", "unknowns: a, ans\nans = a", None, "underdetermined"),
        ("kg", "A total is the sum of its parts.", None, None),
        ("kg", " ", None, "empty"),
        ("cot", "", None, "empty"),
    ],
)
def test_a_text_is_solved_as_the_thought_of_its_role(
    role: str, text: str, answer: str | None, failure: str | None
) -> None:
    with Solvers(Limits(), 5.0) as solvers:
        assert solve(role, text, "A problem.", "number", solvers) == (answer and Answer(answer), failure)


def test_a_row_with_a_text_alone_is_solved(tmp_path: Path) -> None:
    stored, _ = read_samples(written(tmp_path, ROW | {"role": "pot", "text": "ans = 3 * 4"}))
    assert stored[("p", "pot", 1, 0)].predicted_answer == Answer("12")


def test_samples_without_rounds_are_rounds_from_one_on(tmp_path: Path) -> None:
    bare = {name: value for name, value in ROW.items() if name != "round"} | {"predicted_answer": "3"}
    stored, _ = read_samples(written(tmp_path, bare, bare | {"sample": 1}))
    assert sorted(stored) == [("p", "ir", 1, 0), ("p", "ir", 2, 0)]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{name: value for name, value in ROW.items() if name != "role"}], "line 1: `role`: Field required"),
        ([ROW], "line 1: give `predicted_answer`, or `text`"),
        ([ROW | {"text": "#### 5", "role": "etd"}], "`etd` writes cot, pot, eot: name one of them"),
        ([ROW | {"predicted_answer": "1", "round": -1}], "line 1: `round`"),
        ([ROW | {"predicted_answer": "1", "new_tokens": 2.5}], "line 1: `new_tokens`"),
        ([ROW | {"predicted_answer": "1", "role": None}], "line 1: `role`"),
        ([ROW | {"predicted_answer": "1", "answer": ""}], "'' is not an answer"),
        ([ROW | {"predicted_answer": "1", "new_tokens": None}], "line 1: `new_tokens`"),
        ([ROW | {"predicted_answer": "1"}] * 2, "line 2: p/ir/1/0 occurs twice"),
        (
            [ROW | {"predicted_answer": "1", "round": r, "answer": str(r)} for r in (1, 2)],
            "another gold answer",
        ),
        ([], "holds no samples"),
    ],
)
def test_a_broken_file_is_one_line(tmp_path: Path, rows: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(ThoughtmillError, match=told):
        read_samples(written(tmp_path, *rows))


def test_predictions_and_their_export_are_the_same_samples(tmp_path: Path) -> None:
    rows = [
        {"run": "x", "data_version": "v", "problem_id": "p", "role": "ir", "round": 1, "sample": 0,
         "text": "#### 12", "predicted_answer": "12", "predicted_kind": "number",
         "failure": None, "correct": True, "new_tokens": 4},
        {"run": "x", "data_version": "v", "problem_id": "p", "role": "pot", "round": 0, "sample": 0,
         "text": "(", "predicted_answer": None, "predicted_kind": None,
         "failure": "unparsable", "correct": None, "new_tokens": 5},
    ]  # fmt: skip
    stored, answers = read_samples(written(tmp_path, *exported(rows, {"p": Answer("12")})))
    assert stored == of_predictions(rows)
    assert answers == {"p": Answer("12")}


def test_the_command_writes_a_run_in_the_form_that_policies_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).write_text("{}\n")
    monkeypatch.chdir(tmp_path)
    row = {"base": "tiny", "training_seed": 0, "data_version": "v", "problem_id": "ours-test-0",
           "role": "ir", "sample": 0, "text": "#### 18",
           "predicted_answer": "18", "predicted_kind": "number", "failure": None, "correct": True,
           "new_tokens": 4}  # fmt: skip
    rows = [row | {"run": run, "round": round_} for run in ("x-1", "x-2") for round_ in (1, 2)]
    tables.write(tmp_path / "data" / "predictions" / "tiny.parquet", Predictions, rows)
    tables.write(
        tmp_path / "data" / "problems.parquet", Problems, map(small_corpus.problem_row, small_corpus.PROBLEMS)
    )
    main("x-2")
    (tmp_path / "samples.jsonl").write_text(capsys.readouterr().out)
    stored, answers = read_samples(tmp_path / "samples.jsonl")
    assert stored == of_predictions(rows[2:])
    assert answers == {"ours-test-0": Answer("18")}
    with pytest.raises(ThoughtmillError, match=r"there is no run `y` in predictions; there are: x-1, x-2"):
        main("y")
