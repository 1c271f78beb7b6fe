"""The drills `goat`, `msat` and `revorder`: right, repeatable, and no problem in two splits."""

import re

import pytest

from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.problems import PROBLEM_SETS, ProblemSet
from thoughtmill.factory.problems.arithmetic import ArithmeticSettings
from thoughtmill.factory.solutions import parse
from thoughtmill.factory.solvers.arithmetic import evaluate
from thoughtmill.factory.teachers.embedded.compiling import cot, eot, pot

SETS = ("goat", "msat", "revorder")
SMALL = ArithmeticSettings(train=60, validation=10, test=10, digits=5)


def rows(name: str, split: str) -> list[dict[str, object]]:
    entry = PROBLEM_SETS.named(name)
    assert isinstance(entry, ProblemSet)
    assert entry.rows is not None
    return list(entry.rows(split, SMALL))


@pytest.mark.parametrize("name", SETS)
def test_every_mark_computes_and_the_last_is_the_answer(name: str) -> None:
    for row in rows(name, "train"):
        marks = re.findall(r"<<([^<>=]*)=([^<>=]*)>>", str(row["solution"]))
        assert all(evaluate(left) == answers.value(right) for left, right in marks)
        assert marks[-1][1] == str(row["answer"])


@pytest.mark.parametrize("name", SETS)
def test_the_embedded_teacher_writes_each_thought_of_them(name: str) -> None:
    for row in rows(name, "validation"):
        solution = parse(str(row["solution"]), str(row["problem"]))
        assert cot(solution).endswith(f"#### {row['answer']}")
        assert "ans" in pot(solution)
        assert "ans" in eot(solution)


@pytest.mark.parametrize("name", SETS)
def test_splits_are_as_large_as_asked_share_no_problem_and_are_the_same_again(name: str) -> None:
    found = {
        split: [str(row["problem"]) for row in rows(name, split)] for split in ("train", "validation", "test")
    }
    assert {split: len(set(problems)) for split, problems in found.items()} == {
        "train": 60, "validation": 10, "test": 10,
    }  # fmt: skip
    assert len({problem for problems in found.values() for problem in problems}) == 80
    assert found["test"] == [str(row["problem"]) for row in rows(name, "test")]


def test_the_digits_of_revorder_are_told_from_the_right() -> None:
    for row in rows("revorder", "train"):
        told = re.search(r"are ([0-9, ]+):", str(row["solution"]))
        assert told is not None
        assert told[1].split(", ") == list(reversed(str(row["answer"])))
