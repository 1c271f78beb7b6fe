"""Every registered set reads its own rows from a file: the gold answer, its kind, and the id."""

import json
from pathlib import Path
from typing import Any

import pytest

from thoughtmill.factory.core.tables import Row
from thoughtmill.factory.seed import SeedSettings, seed

BOX = r"Both are $x$, so that it is $\boxed{2x}$."


def read(folder: Path, name: str, row: dict[str, Any], split: str) -> Row:
    (folder / "rows.jsonl").write_text(json.dumps(row) + "\n")
    source = {"set": name, "file": "rows.jsonl", "split": split}
    (found,) = seed(SeedSettings.model_validate({"sources": [source]}), folder, lambda refused: None)
    return found


@pytest.mark.parametrize(
    ("name", "row", "problem_id", "answer", "kind"),
    [
        ("gsm8k", {"question": "3 * 4?", "answer": "3 * 4 = 12\n#### 12"}, "gsm8k-test-0", "12", "number"),
        (
            "gsm_plus",
            {
                "question": "3 * 4?",
                "solution": "3 * 4 = 12",
                "answer": "12",
                "perturbation_type": "rephrasing",
            },
            "gsm_plus-test-0",
            "12",
            "number",
        ),
        (
            "gsm_symbolic",
            {"id": 7, "instance": 3, "question": "3 * 4?", "answer": "3 * 4 = 12\n#### 12"},
            "gsm_symbolic-test-7-3",
            "12",
            "number",
        ),
        (
            "math",
            {
                "problem": "Add $x$ and $x$.",
                "type": "Intermediate Algebra",
                "level": "Level 1",
                "solution": BOX,
                "idx": 4,
            },
            "math-test-intermediate_algebra-4",
            "2x",
            "expression",
        ),
        (
            "math",
            {
                "problem": "Add $x$ and $x$.",
                "type": "Counting & Probability",
                "level": "Level ?",
                "solution": BOX,
            },
            "math-test-0",
            "2x",
            "expression",
        ),
        (
            "math500",
            {
                "problem": "Add.",
                "subject": "Algebra",
                "level": 5,
                "solution": BOX,
                "answer": r"(1,\frac12)",
                "unique_id": "test/algebra/2584.json",
            },
            "math500-test-algebra-2584",
            r"(1, \frac{1}{2})",
            "tuple",
        ),
        (
            "aime",
            {"id": 61, "problem": "Find $m+n$.", "answer": "033", "solution": "..."},
            "aime-test-61",
            "33",
            "number",
        ),
        (
            "aime",
            {"ID": "2031-I-3", "Problem": "Find $m$.", "Answer": 5},
            "aime-test-2031-I-3",
            "5",
            "number",
        ),
        ("amc", {"id": 2, "problem": "How far?", "answer": 27.0, "url": "..."}, "amc-test-2", "27", "number"),
        (
            "aqua",
            {
                "question": "Half of 12?",
                "options": ["A)6", "B)24", "C)12"],
                "rationale": "12/2",
                "correct": "A",
            },
            "aqua-test-0",
            "A",
            "choice",
        ),
        (
            "numglue",
            {"question": "A cat has ____ legs.", "answer": 4, "type": "Type_4"},
            "numglue-test-0",
            "4",
            "number",
        ),
        (
            "numglue",
            {"question": "Which is longer?", "Option1": "a mile", "Option2": "a foot", "answer": "Option 1"},
            "numglue-test-0",
            "A",
            "choice",
        ),
        (
            "numglue",
            {
                "statement1": "3 cats",
                "statement2": "2 cats",
                "options": "Entailment or neutral?",
                "answer": "neutral",
            },
            "numglue-test-0",
            "neutral",
            "text",
        ),
        (
            "svamp",
            {
                "ID": "chal-9",
                "Body": "3 cats eat 4 fish each.",
                "Question": "How many fish?",
                "Equation": "( 3.0 * 4.0 )",
                "Answer": 12.0,
            },
            "svamp-test-chal-9",
            "12",
            "number",
        ),
        (
            "asdiv",
            {"body": "Ann has 2 cats.", "question": "How many?", "answer": "2 (cats)"},
            "asdiv-test-0",
            "2",
            "number",
        ),
        ("multiarith", {"question": "2 + 3?", "final_ans": "5"}, "multiarith-test-0", "5", "number"),
    ],
)
def test_a_set_reads_its_own_rows(
    tmp_path: Path, name: str, row: dict[str, Any], problem_id: str, answer: str, kind: str
) -> None:
    found = read(tmp_path, name, row, "test")
    assert (found["problem_id"], found["answer"], found["answer_kind"]) == (problem_id, answer, kind)
    assert found["license"]


def test_math_is_read_from_a_folder_with_a_file_for_each_problem(tmp_path: Path) -> None:
    for number in (1, 10, 2):
        path = tmp_path / "MATH" / "algebra" / f"{number}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps({"problem": f"{number}?", "type": "Algebra", "level": "Level 1", "solution": BOX})
        )
    source = {"set": "math", "file": "MATH", "split": "train"}
    found = seed(SeedSettings.model_validate({"sources": [source]}), tmp_path, lambda refused: None)
    assert [(row["problem_id"], row["problem"]) for row in found] == [
        ("math-train-0", "1?"), ("math-train-1", "10?"), ("math-train-2", "2?"),
    ]  # fmt: skip


def test_subject_and_level_of_math_are_kept(tmp_path: Path) -> None:
    row = {"problem": "Add.", "type": "Algebra", "level": "Level 5", "solution": BOX}
    found = read(tmp_path, "math", row, "train")
    assert (found["subject"], found["level"], found["solution"]) == ("Algebra", "Level 5", BOX)


def test_the_choices_are_part_of_the_problem(tmp_path: Path) -> None:
    row = {"question": "Half of 12? ", "options": ["A)6", "B)24"], "rationale": "12/2", "correct": "A"}
    assert read(tmp_path, "aqua", row, "train")["problem"] == "Half of 12?\nAnswer choices: (A) 6 (B) 24"
