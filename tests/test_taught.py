"""What students of different corpora answered, as a table: shares with intervals, gains over partners."""

from pathlib import Path
from typing import Any

import pytest

from bench import arms, taught
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.files import write_json
from thoughtmill.schemas import Predictions, Problems, Records, columns
from thoughtmill.train.roles import ROLES, prompt


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arms are roles in this test only."""
    monkeypatch.setattr(ROLES, "ours", dict(ROLES.ours))
    monkeypatch.setattr(ROLES, "loaded", dict(ROLES.loaded))
    arms.register()


def row(table: Any, **given: Any) -> dict[str, Any]:
    return dict.fromkeys(column.name for column in columns(table)) | given


def corpus(folder: Path) -> Path:
    """Write ten test problems, and a problem of train with a record for two arms."""
    known = {"answer": "5", "answer_kind": "number", "license": "MIT"}
    problems = [
        row(Problems, problem_id=f"t{n}", problem=f"{n}?", source="ours", split="test", **known)
        for n in range(10)
    ]
    problems.append(row(Problems, problem_id="a", problem="5?", source="ours", split="train", **known))
    record = {
        "problem_id": "a", "thought": "eot", "completion_id": "c", "rationale": "ans = 5", "kept": True,
        "predicted_answer": "5", "predicted_kind": "number", "correct": True, "split": "train",
    }  # fmt: skip
    records = [row(Records, record_id=f"a/eot/{n}", sample=n, **record) for n in (0, 1)]
    tables.write(folder / "problems.parquet", Problems, sorted(problems, key=lambda one: one["problem_id"]))
    tables.write(folder / "records.parquet", Records, records)
    write_json(folder / "manifest.json", {"data_version": "0" * 64, "files": {}})
    return folder


def test_every_arm_is_compared_with_another_one_and_asked_as_the_role_it_is_like(registered: None) -> None:
    assert {arm.against for arm in arms.ARMS.values()} <= {None, *arms.ARMS}
    assert prompt("eot_redraw", "How many?") == prompt("eot", "How many?")
    assert ROLES.named("dr_what").given_by == "kg_what"


def test_the_table_has_shares_with_intervals_and_gains_over_partners(
    registered: None, tmp_path: Path
) -> None:
    written = [
        row(
            Predictions, run="r", base="b", training_seed=0, data_version="0" * 64, problem_id=f"t{n}",
            role=role, round=0, sample=0, text="ans = 5", predicted_answer="5", predicted_kind="number",
            correct=n < right, new_tokens=3,
        )
        for role, right in (("eot", 2), ("eot_redraw", 8))
        for n in range(10)
    ]  # fmt: skip
    tables.write(tmp_path / "predictions.parquet", Predictions, written)
    shown = taught.table(tmp_path, corpus(tmp_path))
    *_, plain, grown = shown.splitlines()
    assert "20.0% (5.7% to 51.0%, n = 10)" in plain
    assert "80.0%" in grown
    assert "+60.0 over `eot`" in grown
    assert "| 1 " in grown  # sample 0 alone
