"""`import thoughtmill`: cheap, complete, and as strict as the commands."""

import subprocess
import sys
from pathlib import Path

import pytest

import thoughtmill
from thoughtmill import ThoughtmillError


def test_every_name_is_there_and_documented() -> None:
    for name in thoughtmill.__all__:
        assert name == "__version__" or getattr(thoughtmill, name).__doc__
    assert dir(thoughtmill) == sorted(thoughtmill.__all__)
    with pytest.raises(AttributeError, match="no attribute 'judge'"):
        _ = thoughtmill.judge


def test_importing_it_imports_nothing_heavy() -> None:
    heavy = {"duckdb", "pandas", "pydantic", "sympy", "yaml", "torch"}
    program = f"import sys, thoughtmill; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_verdicts_come_in_the_order_of_the_rows_and_keep_their_keys() -> None:
    problem = {"problem": "What are 3 bags of 4 nuts?", "answer": "12"}
    rows = [
        {**problem, "mine": 1, "thought": "pot", "completion": "ans = 3 + 4"},
        {**problem, "mine": 2, "thought": "eot", "completion": "unknowns: x\nx = 3*4"},
        {**problem, "mine": 3, "thought": "pot", "completion": "ans ="},
    ]
    found = thoughtmill.verify(rows)
    assert [(row["mine"], row["correct"]) for row in found] == [(1, False), (2, True), (3, None)]
    assert "correct" not in rows[0]


def test_rules_that_state_the_gold_answer_are_said_to() -> None:
    row = {"problem": "What are 3 bags of 4 nuts?", "answer": "12"}
    rules = ('["It gives 12."]', '["It gives a dozen."]', '["Multiply the counts."]')
    found = thoughtmill.verify([{**row, "completion": text} for text in rules], "knowledge")
    assert [each["checks"]["leaks_answer"]["passed"] for each in found] == [False, False, True]


@pytest.mark.parametrize(
    ("row", "thought", "said"),
    [
        ({"problem": "a", "answer": 1}, "pot", "row 0: `completion` is missing"),
        ({"problem": "a", "answer": 1, "completion": "b"}, None, "row 0: `thought` is missing"),
        ({"problem": "a", "answer": 1, "completion": "b"}, "ptt", "row 0: unknown thought 'ptt'"),
    ],
)
def test_a_row_that_cannot_be_verified_is_named(
    row: dict[str, object], thought: str | None, said: str
) -> None:
    with pytest.raises(ThoughtmillError, match=said):
        thoughtmill.verify([row], thought)


def test_a_thought_that_is_not_known_cannot_be_solved() -> None:
    with pytest.raises(ThoughtmillError, match="unknown thought `ptt`"):
        thoughtmill.solve("ans = 1", "ptt")


def test_a_corpus_that_is_not_there_is_one_line() -> None:
    with pytest.raises(ThoughtmillError, match="nowhere is not a corpus"):
        thoughtmill.open_corpus("nowhere")


def test_a_policy_that_is_not_known_a_setting_and_a_missing_sample_are_named() -> None:
    sample = {
        "problem_id": "p",
        "role": "ir",
        "round": 0,
        "sample": 0,
        "predicted_answer": None,
        "new_tokens": 3,
    }
    assert thoughtmill.run_policy("greedy/ir", [sample], {"p": 1}).figures["accuracy"] == 0
    for name, settings, said in (
        ("greedee/ir", {}, "greedee/ir"),
        ("greedy/ir", {"max_round": 1}, "`max_round` is an unknown key; did you mean `max_rounds`"),
        ("majority@2/ir", {}, "was never drawn"),
    ):
        with pytest.raises(ThoughtmillError, match=said):
            thoughtmill.run_policy(name, [sample], {"p": 1}, **settings)
