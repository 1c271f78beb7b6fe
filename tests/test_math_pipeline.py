"""MATH from its file to a proved release, with the worked solutions as chains and no key."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests import stages
from thoughtmill.factory import curate, grow, release, seed, tabulate
from thoughtmill.factory.commands.prove import prove
from thoughtmill.factory.core import tables
from thoughtmill.factory.thoughts.solving import VerifySettings
from thoughtmill.schemas import Checks, Problems, Records

SIZE = 60
PROGRAMS = (
    "from sympy import *\nx = symbols('x')\nans = solve(x**2 - 2, x)",
    "ans = (1, 2)",
    "import sympy\nans = 2 * sympy.sqrt(5)",
    "ans = 1 / 0",
)
"""Programs of our own, for some of the problems: what they return is wrong, but must be read."""


def completions(problems: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for number, problem in enumerate(problems):
        texts = {"cot": problem["solution"], "pot": PROGRAMS[number % len(PROGRAMS)]}
        for thought, text in texts.items():
            named = {"problem_id": problem["problem_id"], "thought": thought, "sample": 0}
            rows.append(named | {"completion": text, "model": "worked-solution"})
    return rows


@pytest.fixture(scope="module")
def data(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a project over the first problems of MATH, through every stage up to the release."""
    folder = tmp_path_factory.mktemp("math")
    source = {
        "set": "math",
        "file": str(shared_data / "math" / "test.jsonl"),
        "split": "train",
        "limit": SIZE,
    }
    params = {
        "thoughts": ["cot", "pot"],
        "seed": {"sources": [source]},
        "generate": {"teacher": "replay", "replay": {"files": ["replay.jsonl"]}},
        "verify": {"workers": 1},
    }
    stages.lay_out(folder, params)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        seed.main()
        problems = list(tables.TableReader(folder / "data" / "problems.parquet", Problems))
        lines = (json.dumps(row) + "\n" for row in completions(problems))
        (folder / "replay.jsonl").write_text("".join(lines))
        stages.generate_and_verify()
        grow.main()
        curate.main()
        tabulate.main()
        release.main()
    return folder / "data"


def rows(path: Path, table: Any) -> list[dict[str, Any]]:
    return list(tables.TableReader(path, table))


def test_no_gold_answer_of_math_is_lost_and_each_has_its_kind(data: Path) -> None:
    problems = rows(data / "problems.parquet", Problems)
    assert len(problems) == SIZE
    assert len({row["answer_kind"] for row in problems}) > 2
    assert all(row["subject"] and row["level"] for row in problems)


def test_a_worked_solution_is_verified_as_a_chain_and_a_check_names_the_rule(data: Path) -> None:
    chains = [row for row in rows(data / "records.parquet", Records) if row["thought"] == "cot"]
    assert sum(row["kept"] for row in chains) >= SIZE - 2
    named = {row["record_id"] for row in rows(data / "checks.parquet", Checks) if row["check"] == "equal_by"}
    assert {row["record_id"] for row in chains if row["predicted_kind"] not in (None, "number")} <= named


def test_programs_return_more_than_numbers_where_more_is_asked_for(data: Path) -> None:
    programs = [row for row in rows(data / "records.parquet", Records) if row["thought"] == "pot"]
    assert {row["failure"] for row in programs} == {None, "raised", "not_a_number"}
    kinds = {
        problem["problem_id"]: problem["answer_kind"] for problem in rows(data / "problems.parquet", Problems)
    }
    wide = [row for row in programs if kinds[row["problem_id"]] != "number" and row["failure"] is None]
    assert {row["predicted_kind"] for row in wide} >= {"set", "tuple", "expression"}
    assert all(row["correct"] is False for row in wide)


def test_the_release_is_what_it_claims(data: Path) -> None:
    said = prove(data / "release", VerifySettings(workers=1))
    assert f"{2 * SIZE} records were derived again" in said
