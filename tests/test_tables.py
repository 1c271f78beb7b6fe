"""Tables: validated, in order, the same bytes for the same rows, nothing half-written."""

import os
import random
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet as pq
import pytest

from thoughtmill.factory.core import tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.parquet import GROUP_ROWS
from thoughtmill.schemas import Checks, Problems, Records, arrow_schema


def check(record_id: str, passed: bool | None = True) -> tables.Row:
    return {"record_id": record_id, "check": "solved", "passed": passed, "detail": None}


def problem(**changed: Any) -> tables.Row:
    row = {"problem_id": "a", "source": "s", "split": "train", "problem": "How many?", "answer": "1"}
    unknown = dict.fromkeys(("subject", "level", "solution", "parent_id", "growth"))
    return {**row, **unknown, "answer_kind": "number", "license": "MIT", **changed}


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    rows = [check("a"), check("b", None), check("c", False)]
    tables.write(tmp_path / "t.parquet", Checks, rows)
    source = tables.TableReader(tmp_path / "t.parquet", Checks)
    assert (len(source), list(source), list(source)) == (3, rows, rows)


@pytest.mark.parametrize("groups", [0, 3])
def test_the_bytes_do_not_depend_on_the_order_of_the_rows(groups: int, tmp_path: Path) -> None:
    rows = [check(f"r-{number}", number % 3 == 0 or None) for number in range(groups * GROUP_ROWS + 17)]
    rows.sort(key=lambda row: row["record_id"])
    tables.write(tmp_path / "sorted.parquet", Checks, rows)
    random.Random("order").shuffle(rows)
    tables.write(tmp_path / "shuffled.parquet", Checks, rows)
    assert (tmp_path / "sorted.parquet").read_bytes() == (tmp_path / "shuffled.parquet").read_bytes()
    stored = [row["record_id"] for row in tables.TableReader(tmp_path / "shuffled.parquet", Checks)]
    assert stored == sorted(row["record_id"] for row in rows)


def test_an_empty_table_has_its_columns(tmp_path: Path) -> None:
    tables.write(tmp_path / "t.parquet", Problems, [])
    assert pq.read_schema(tmp_path / "t.parquet").equals(arrow_schema(Problems))
    assert list(tables.TableReader(tmp_path / "t.parquet", Problems)) == []


def test_every_broken_row_is_named_in_one_error(tmp_path: Path) -> None:
    rows = [
        problem(problem_id="a", split="trian"),
        problem(problem_id="b"),
        problem(problem_id="c", problem=""),
    ]
    with pytest.raises(ThoughtmillError) as error:
        tables.write(tmp_path / "t.parquet", Problems, rows)
    assert "2 broken values" in str(error.value)
    assert "a: split" in str(error.value)
    assert "c: problem" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("far", [False, True])
def test_a_key_that_occurs_twice_is_an_error_wherever_its_rows_stand(tmp_path: Path, far: bool) -> None:
    between = [check(f"b-{number:05}") for number in range(GROUP_ROWS if far else 1)]
    with pytest.raises(ThoughtmillError, match="a/solved: it occurs more than once"):
        tables.write(tmp_path / "t.parquet", Checks, [check("a"), *between, check("a")])


def test_a_broken_table_leaves_the_old_one_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    tables.write(path, Problems, [problem()])
    before = path.read_bytes()
    with pytest.raises(ThoughtmillError):
        tables.write(path, Problems, [problem(), problem(problem="")])
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["t.parquet"]


def test_a_row_of_the_wrong_type_is_an_error_that_names_the_table(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match="checks: "):
        tables.write(tmp_path / "t.parquet", Checks, [check("a", passed="yes")])  # type: ignore[arg-type]


def test_an_unknown_verdict_stays_unknown(tmp_path: Path) -> None:
    tables.write(tmp_path / "t.parquet", Checks, [check("a", None)])
    assert pq.read_table(tmp_path / "t.parquet").column("passed").null_count == 1


def test_a_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    pq.write_table(pyarrow.table({"record_id": ["a"]}), tmp_path / "t.parquet")
    with pytest.raises(ThoughtmillError, match="does not have the columns of `records`"):
        tables.TableReader(tmp_path / "t.parquet", Records)


def test_a_torn_table_is_named_and_says_how_to_build_it(tmp_path: Path) -> None:
    path = tmp_path / "checks.parquet"
    path.write_bytes(b"PAR1 and no end")
    with pytest.raises(ThoughtmillError, match=r"checks\.parquet is torn: run `dvc repro`"):
        tables.TableReader(path, Checks)


def test_a_missing_table_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match="dvc repro"):
        tables.TableReader(tmp_path / "t.parquet", Records)


@pytest.mark.parametrize("part_rows", [250_000, 1_000])
def test_a_full_disk_loses_nothing(part_rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "partition_rows", lambda: part_rows)
    path = tmp_path / "t.parquet"
    tables.write(path, Checks, [check("a")])
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    noise = random.Random("noise")
    rows = [{**check(f"r-{n:06}"), "detail": str(noise.random())} for n in range(2 * GROUP_ROWS)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError):
            tables.write(path, Checks, rows)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["t.parquet"]


def test_a_kill_while_rows_are_sorted_leaves_only_what_the_next_write_of_the_table_sweeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, beside = tables.connect, list[str]()

    def connected() -> object:
        beside.extend(os.listdir(tmp_path))
        return connect()

    monkeypatch.setattr(tables, "connect", connected)
    monkeypatch.setattr(tables, "GROUP_ROWS", 1)  # a table of one group is sorted before it is written
    tables.write(tmp_path / "t.parquet", Checks, [check("b"), check("a")])
    assert len(beside) == 2 and os.listdir(tmp_path) == ["t.parquet"]
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    for name in beside:
        (tmp_path / name.replace(str(os.getpid()), str(ended.pid))).touch()
    tables.write(tmp_path / "t.parquet", Checks, [check("a")])
    assert os.listdir(tmp_path) == ["t.parquet"]


def test_rows_are_joined_with_their_problems_in_one_pass() -> None:
    problems = iter([problem(problem_id=name) for name in "abcd"])
    pairs = list(tables.joined([{"problem_id": name} for name in "bbd"], problems))
    assert [(row["problem_id"], joined["problem_id"]) for row, joined in pairs] == [
        ("b", "b"),
        ("b", "b"),
        ("d", "d"),
    ]


def test_a_row_without_its_problem_is_an_error() -> None:
    with pytest.raises(ThoughtmillError, match="the problem c is missing"):
        list(tables.joined([{"problem_id": "c"}], [problem(problem_id="a"), problem(problem_id="d")]))
