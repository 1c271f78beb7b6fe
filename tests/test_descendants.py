"""Problem sets that descend from others: MetaMathQA, LoRID's data, and a column that names the parent."""

import json
from pathlib import Path

import pytest

from tests.test_placing import placements
from tests.test_seed import kept
from thoughtmill.factory.core.families import heirs_of, parents_of, text_id
from thoughtmill.factory.curate import CurateSettings

ORIGINAL = "Ann has 4 pens and buys 3. How many has she?"
METAMATH = {
    "query": "Ann owns 4 pens and gets 3 more. How many pens are hers?",
    "response": "4 + 3 = 7.\n#### 7\nThe answer is: 7",
    "type": "GSM_Rephrased",
    "original_question": ORIGINAL,
}


def write(path: Path, *rows: dict[str, object]) -> str:
    path.write_text("\n".join(map(json.dumps, rows)))
    return str(path)


def test_a_row_of_metamath_names_its_original_by_its_text(tmp_path: Path) -> None:
    same = {**METAMATH, "query": ORIGINAL}
    silent = {**METAMATH, "response": "It is 7."}
    file = write(tmp_path / "m.jsonl", METAMATH, same, silent)
    problems, refused = kept(tmp_path, {"set": "metamath", "file": file})
    assert [(row["answer"], row["parent_id"]) for row in problems] == [("7", text_id(ORIGINAL)), ("7", None)]
    assert [row["reason"] for row in refused] == ["the response does not say `The answer is:`"]


def test_rows_of_lorid_with_one_id_are_a_family(tmp_path: Path) -> None:
    rows = [
        {"id": 3, "question": f"{words} 4 pens?", "rationale": "4", "knowledge": ["Add."], "answer": "4"}
        for words in ("What are", "Which are")
    ]
    problems, _ = kept(tmp_path, {"set": "lorid", "file": write(tmp_path / "l.jsonl", *rows)})
    assert heirs_of(problems) == {"lorid-train-1": "lorid-train-0"}


def test_rows_of_lorid_without_ids_are_a_family_where_they_share_their_rules(tmp_path: Path) -> None:
    rows = [
        {
            "question": f"What are {n} pens?",
            "rationale": f"It is {n}.\nThe answer is: {n}",
            "knowledge": rules,
        }
        for n, rules in ((4, "Add."), (5, "Add."), (6, ["Sum."]))
    ]
    problems, _ = kept(tmp_path, {"set": "lorid", "file": write(tmp_path / "l.jsonl", *rows)})
    assert heirs_of(problems) == {"lorid-train-1": "lorid-train-0"}


def test_a_column_of_a_table_may_name_the_text_of_the_parent(tmp_path: Path) -> None:
    file = write(tmp_path / "t.jsonl", {"q": "Twice 4?", "a": "8", "from": "Double 4?"})
    entry = {"set": "table", "name": "mine", "file": file}
    columns = {"problem": "q", "answer": "a", "parent": "from"}
    ((row,), _) = kept(tmp_path, {**entry, "columns": columns})
    assert row["parent_id"] == text_id("Double 4?")


def test_a_rewritten_test_problem_is_never_trained_on() -> None:
    original = {"problem_id": "t", "problem": ORIGINAL, "split": "test", "source": "s", "parent_id": None}
    rewritten = {**original, "problem_id": "m", "problem": "Other words?", "split": "train"}
    problems = [{**rewritten, "parent_id": text_id(f" {ORIGINAL}")}, original]
    assert parents_of(problems) == {"m": "t"}
    assert placements(problems, CurateSettings())["m"].split == "test"


@pytest.mark.parametrize("name", ["gsm8k_train", "math_train"])
def test_lorids_own_sample_is_read_whole_and_each_text_is_a_problem_once(
    name: str, shared_data: Path, tmp_path: Path
) -> None:
    file = shared_data / "lorid" / f"{name}.jsonl"
    texts = {json.loads(line)["question"].strip() for line in file.open()}
    problems, refused = kept(tmp_path, {"set": "lorid", "file": str(file)})
    assert refused == []
    assert {row["problem"] for row in problems} == texts
    assert len({row["parent_id"] for row in problems}) < len(problems)
