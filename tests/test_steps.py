"""Every stated calculation is recomputed, and a wrong one is followed to the answer."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thoughtmill.factory.answers import Answer, number, reading
from thoughtmill.factory.solvers.checks import Check, Outcome, recomputed
from thoughtmill.factory.solvers.steps import steps

RIGHT = [
    *("48 / 2 = 24", "$5 + $6 = $11", "3 x 4 = 12", "50% of 30 = 15", "18 \N{MINUS SIGN} 6 = 12", "2^3 = 8"),
    *(
        "2/3 = 0.67",
        "2/3 = 0.66",
        "400 / 3 = 133.33",
        "7 / 3 = 2.3333333333333335",
        "4/12=0.3333333333333333",
    ),
    *(
        "7 / 2 = 3 teams",
        "10 / 3 = 4 boxes",
        "70/30 = 2",
        "0.1 + 0.2 = 0.30000000000000004",
        "1/2 + 1/4 = 3/4",
    ),
    *(
        "20% + 30% = 50%",
        "12 / 48 = 25%",
        "12/48 * 100 = 25%",
        "1,200 * 2 = 2,400",
        "5 - 8 = -3",
        "2 1/2 * 4 = 10",
    ),
    *("3 + 4 = 7 * 2 = 14", "20 + 4 = 4 * 6 = 24", "2(3 + 4) = 14", "10 - 2 - 3 = 5"),
]
WRONG = [
    *(
        "48 / 2 = 25",
        "$5 + $6 = $10",
        "3 x 4 = 7",
        "50% of 30 = 10",
        "20 / 3 = 6.65",
        "7 / 2 = 5",
        "1 / 4 * 3 = 1",
    ),
    *(
        "100 * 0.75 = 0.75",
        "5 - 8 = 3",
        "1,200 * 2 = 240",
        "3 + 4 = 8 * 2 = 16",
        "4 * 6 = 24.5",
        "2/5 + 1/5 = 3/10",
    ),
]
UNCLEAR = [
    "$80 + 5% = $84",
    "3 / 1/2 = 6",
    "1/4 cup = 2 ounces",
    "28 / 1 / 5 = 140",
    "3 / 0 = 0",
    "9**9**9 = 1",
]


@pytest.mark.parametrize("line", RIGHT)
def test_a_right_step_is_right_to_the_digits_it_shows(line: str) -> None:
    found = steps(line)
    assert found
    assert all(step.right for step in found)


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_step_is_wrong(line: str) -> None:
    assert not steps(line)[0].right


@pytest.mark.parametrize("line", UNCLEAR)
def test_what_may_mean_something_else_is_no_step(line: str) -> None:
    assert steps(line) == ()


def test_a_mark_and_its_sentence_are_one_step() -> None:
    (step,) = steps("48 / 2 = <<48/2=24>>24 clips")
    assert (step.expression, step.result, step.right) == ("48/2", "24", True)


def test_a_mark_that_its_sentence_contradicts_is_two_steps() -> None:
    assert [step.right for step in steps("48 / 2 = <<48/2=24>>25 clips")] == [True, False]


def test_a_wrong_step_says_what_it_comes_to() -> None:
    assert [str(step) for step in steps("1 + 1 = 3")] == ["1+1 = 3, which is 2"]


def checks(text: str, answer: str | None) -> tuple[Check, Check]:
    outcome = Outcome(answer and Answer(answer), None)
    return recomputed.no_step_is_wrong(text, "", outcome), recomputed.steps_reach_answer(text, "", outcome)


def test_right_steps_that_reach_the_answer_pass_both_checks() -> None:
    sums, reach = checks("48 / 2 = 24 in May.\n48 + 24 = 72 in all.\n#### 72", "72")
    assert (sums.check, sums.passed, sums.detail) == ("steps", True, "2 steps, 0 wrong")
    assert (reach.check, reach.passed) == ("steps_reach_answer", True)


def test_an_error_that_is_carried_on_reaches_the_answer() -> None:
    sums, reach = checks("48 / 2 = 25 in May.\n48 + 25 = 73 in all.\n#### 73", "73")
    assert sums.passed is False
    assert sums.detail == "2 steps, 1 wrong: 48/2 = 25, which is 24; the error reaches the answer"
    assert reach.passed is True


def test_an_error_beside_the_way_does_not_reach_the_answer() -> None:
    sums, _ = checks("By the way 2 + 2 = 5.\n48 + 24 = 72 in all.\n#### 72", "72")
    assert sums.detail is not None
    assert sums.detail.endswith("does not reach the answer")


def test_a_last_step_that_is_not_the_answer_is_told() -> None:
    _, reach = checks("48 + 24 = 72.\n#### 70", "70")
    assert (reach.passed, reach.detail) == (False, "the last step comes to 72, the answer is 70")


def test_a_chain_without_steps_or_answer_has_nothing_to_check() -> None:
    assert [check.passed for check in checks("It is clear.\n#### 70", "70")] == [None, None]
    assert [check.passed for check in checks("1 + 1 = 2", None)] == [True, None]


def test_every_calculator_mark_of_gsm8k_is_right(shared_data: Path) -> None:
    solutions = [json.loads(line)["answer"] for line in (shared_data / "gsm8k" / "train.jsonl").open()]
    marks = [mark for solution in solutions for mark in re.findall("<<[^>]*>>", solution)]
    found = [step for mark in marks for step in steps(mark)]
    assert len(found) > 0.98 * len(marks)  # the rest state a number, `<<20=20>>`
    assert [str(step) for step in found if not step.right] == []


def test_the_sentences_of_gsm8k_are_hardly_ever_called_wrong(shared_data: Path) -> None:
    solutions = [json.loads(line)["answer"] for line in (shared_data / "gsm8k" / "test.jsonl").open()]
    found = [step for solution in solutions for step in steps(re.sub("<<[^>]*>>", "", solution))]
    assert len(found) > 4000
    assert sum(not step.right for step in found) < 0.004 * len(found)


HOSTILE = [
    "1+",
    "1=",
    "(",
    "(1",
    "=(",
    "1 ",
    "x",
    "3x",
    "<<",
    "<<1+1=2>>",
    "<<1",
    "1/",
    "% of ",
    "a ",
    "-",
    "=-",
    "1 1/1 ",
]
HOSTILE += ["1,111", "9^9^", "\N{MINUS SIGN}", "_", "|", "1:1", "of 1 ", "1e9", "\\times 1", "=\n", "1+1=2 "]
RECOMPUTE_ALL = """
import json, sys
from thoughtmill.factory.answers import Answer, number, reading
from thoughtmill.factory.solvers.checks import Outcome, recomputed
for unit in json.load(sys.stdin):
    text = unit * (200_000 // len(unit))
    recomputed.no_step_is_wrong(text, "", Outcome(Answer("1"), None))
    recomputed.steps_reach_answer(text, "", Outcome(Answer("1"), None))
print("recomputed")
"""


def test_two_hundred_kilobytes_of_anything_are_recomputed_in_linear_time() -> None:
    done = subprocess.run(
        [sys.executable, "-c", RECOMPUTE_ALL],
        input=json.dumps(HOSTILE),
        cwd=Path(__file__).parents[1],
        timeout=100,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "recomputed\n", done.stderr


@settings(max_examples=300, deadline=None)
@given(st.text("0123456789.,+-*/x=()% \nabof$^<>", max_size=80) | st.text(max_size=80))
def test_no_text_raises(text: str) -> None:
    assert len(checks(text, "1")) == 2


@pytest.mark.parametrize(
    ("text", "answer", "passed"),
    [
        ("13 - 11 = 2 less.\n0.5 - 0.4 = 0.5 less.\n0.5 * 4 = 2 less.\n4 + 2 = 6", "6", False),
        ("48 / 2 = <<48/2=24>>24.\n24 + 48 = 72", "72", True),
        ("3 / 2 = <<1/2=0.5>>0.5.\n1 + 0.5 = 1.5", "1.5", True),  # the mark computes what the sentence means
        ("4 * 5 = 24? No: 4 * 6 = 24.\n24 + 1 = 25", "25", True),
        ("10 / 3 = 3.33\n3.33 * 3 = 9.99", "9.99", True),
        ("1 + 1 = 3\n2 + 2 = 4", "4", True),
        ("1 + 1 = 3", "7", True),
        ("about seven", "7", None),
        ("1 + 1 = 3", None, None),
    ],
)
def test_an_answer_from_a_wrong_step_is_told_from_one_beside_it(
    text: str, answer: str | None, passed: bool | None
) -> None:
    outcome = Outcome(answer and Answer(answer), None)
    found = recomputed.no_error_in_answer(text, "", outcome)
    assert (found.check, found.passed) == ("no_error_in_answer", passed)


def test_of_458_right_chains_of_a_strong_model_one_is_right_by_chance(shared_data: Path) -> None:
    right = by_chance = 0
    for line in (shared_data / "replay" / "cot.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        found = reading.read(row["completion"])
        if found is not None and number.equal(found.answer, number.canonical(str(row["answer"])) or ""):
            right += 1
            outcome = Outcome(Answer(found.answer), None)
            by_chance += recomputed.no_error_in_answer(row["completion"], "", outcome).passed is False
    assert (right, by_chance) == (458, 1)
