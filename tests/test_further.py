"""`thoughtmill estimate` says what `generate.until` is expected to ask for, and whether `max_usd` ends it."""

import argparse
import re
from pathlib import Path
from typing import Any

import pytest

from tests.test_asking import GrowingTeacher, built, project, write
from thoughtmill.factory import seed
from thoughtmill.factory.commands import estimate
from thoughtmill.factory.commands.further import Samples

__all__ = ["project"]


def said(**given: Any) -> list[str]:
    return estimate.call(argparse.Namespace(pilot=None, **given)).splitlines()


def test_before_anything_is_verified_the_most_is_told(project: Path) -> None:
    write(project, "http://localhost:1/v1", {}, until={"verified": 2, "at_most": 9})
    seed.main()
    found = said()
    assert [line.split()[:5] for line in found if "again" in line] == [
        ["cot", "again,", "at", "most", "8"], ["pot", "again,", "at", "most", "8"],
    ]  # fmt: skip
    assert found[-1] == (
        "until 2 hold, at most 9 of a problem and thought: a pilot or verified records tell how many"
    )


def test_verified_records_tell_how_many_are_expected_and_whether_the_budget_is_enough(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with GrowingTeacher() as teacher:
        write(
            project, teacher.url, {}, until={"verified": 3, "at_most": 9}, samples=2, openai={"max_usd": 1.0}
        )
        monkeypatch.setattr("thoughtmill.factory.asking.Asking.again", lambda self: None)
        built()
    found = said()
    # Both thoughts say the same twice, so each lacks 2 records, and every record so far is right.
    assert [line.split()[:3] for line in found if "again" in line] == [
        ["cot", "again", "2"], ["pot", "again", "2"],
    ]  # fmt: skip
    assert found[-2:] == [
        "until 3 hold, at most 9 of a problem and thought: by the share that holds so far",
        "max_usd is 1.0000: the run stays below it",
    ]
    write(project, "http://localhost:1/v1", {}, until={"verified": 3, "at_most": 9}, openai={"max_usd": 1e-6})
    assert "max_usd is 0.0000: the run ends there, after about" in said()[-1]


def test_samples_of_problems_are_pairs() -> None:
    pairs = Samples(["a", "b"], range(1, 3))
    assert (list(pairs), len(pairs)) == ([("a", 1), ("a", 2), ("b", 1), ("b", 2)], 4)
    assert ("a", 2) in pairs and ("a", 3) not in pairs and "a" not in pairs


def names_of(lines: list[str]) -> dict[str, list[str]]:
    """Return requests and held ones by the names of a table's rows."""
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines[2:] if re.search(r"\s{2,}\d", line)]
    return {row[0]: row[1:3] for row in rows}


GROWN = {"rephrase": 2, "evolve": 1, "answer_augmentation": 3}


def test_growths_are_foreseen_and_after_they_ran_they_are_held(project: Path) -> None:
    with GrowingTeacher() as teacher:
        write(project, teacher.url, GROWN)
        seed.main()
        before = names_of(said())
        built()
        after, asked = names_of(said()), teacher.names
    at_most = {
        "rephrase": ["2", "0"],
        "evolve": ["1", "0"],
        "cot of new problems": ["3", "0"],
        "pot of new problems": ["3", "0"],
        "cot, answer_augmentation": ["3", "0"],
        "pot, answer_augmentation": ["3", "0"],
    }
    for name, cells in at_most.items():
        assert before[f"{name}, at most"] == cells
    # The second rephrasing is the first again, so two new problems are made.
    assert (asked["rephrase"], asked["evolve"], asked["cot"]) == (2, 1, 1 + 2 + 3)
    assert {name: after[name] for name in at_most} == {
        name: [cells[0].replace("3", "2") if "new" in name else cells[0]] * 2
        for name, cells in at_most.items()
    }


def test_a_growth_without_a_teacher_costs_nothing(project: Path) -> None:
    write(project, "http://localhost:1/v1", {"redraw": 3})
    seed.main()
    assert set(names_of(said())) == {"cot", "pot", "all"}


def test_with_several_teachers_the_names_say_who_will_write_of_new_problems(project: Path) -> None:
    two = {"cheap": {"model": "m"}, "strong": {"model": "n", "samples": 2}}
    write(project, "http://localhost:1/v1", {"evolve": 1}, teachers=two)
    seed.main()
    found = names_of(said())
    assert found["cot of new problems by cheap, at most"] == ["1", "0"]
    assert found["cot of new problems by strong, at most"] == ["2", "0"]
