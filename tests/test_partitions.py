"""Partitions: a large table is cut where its keys say, and every reader takes a file or parts."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests import small_corpus
from thoughtmill.factory.core import partitions, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest
from thoughtmill.factory.core.partitions import Cuts
from thoughtmill.schemas import Checks, Problems

MOST = 1_000


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / "params.yaml").write_text(json.dumps({"partition_rows": MOST}))
    monkeypatch.chdir(tmp_path)


def lengths(keys: list[str]) -> list[int]:
    """Return the rows of each part, the keys in batches of any length."""
    cuts, places = Cuts(MOST), [0]
    for start in range(0, len(keys), 777):
        places += [start + place for place in cuts.among(keys[start : start + 777])]
    return [after - before for before, after in pairwise([*places, len(keys)])]


def row(number: int, text: str = "How many?") -> dict[str, Any]:
    return {**small_corpus.problem_row(("ours", "train", text, "12")), "problem_id": f"ours-{number:06}"}


def written(path: Path, numbers: list[int]) -> dict[str, str]:
    """Write these problems; return the digest of each part."""
    tables.write(path, Problems, map(row, numbers))
    return {part.name: digest(part) for part in partitions.parts(path)}


def test_cuts_depend_on_keys_alone_and_parts_are_neither_large_nor_small() -> None:
    keys = [f"key-{number}" for number in range(50_000)]
    found = lengths(keys)
    assert sum(found) == len(keys)
    assert max(found) <= MOST
    assert min(found[:-1]) >= MOST // 8
    assert 300 < len(keys) / len(found) < 800


def test_rows_that_are_added_in_one_place_change_the_parts_of_that_place() -> None:
    keys = [f"key-{number:06}" for number in range(100_000)]
    added = sorted([*keys, *(f"key-050000-{number:04}" for number in range(1_000))])
    before, after = (_parts(each) for each in (keys, added))
    assert len(after - before) <= 0.05 * len(after)


def _parts(keys: list[str]) -> set[tuple[str, ...]]:
    at, found = 0, set()
    for length in lengths(keys):
        found.add(tuple(keys[at : at + length]))
        at += length
    return found


def test_a_table_of_many_rows_is_a_folder_of_sorted_parts_that_reads_like_a_file(tmp_path: Path) -> None:
    path = tmp_path / "problems.parquet"
    written(path, [*range(5_000, 0, -1)])
    assert path.is_dir()
    found = tables.TableReader(path, Problems)
    assert len(found) == 5_000
    assert [each["problem_id"] for each in found] == [f"ours-{number:06}" for number in range(1, 5_001)]
    count = f"select count(distinct problem_id) from '{path}/*.parquet'"
    assert duckdb.sql(count).fetchall() == [(5_000,)]


def test_a_table_of_few_rows_is_a_file(tmp_path: Path) -> None:
    written(tmp_path / "problems.parquet", [*range(MOST)])
    assert (tmp_path / "problems.parquet").is_file()


def test_the_bytes_of_a_part_depend_on_its_rows_alone(tmp_path: Path) -> None:
    before = written(tmp_path / "a.parquet", [*range(1, 20_000)])
    after = written(tmp_path / "b.parquet", [*range(20_000)])
    assert len(set(after.values()) - set(before.values())) <= 2


def test_a_row_that_comes_too_late_is_sorted_into_the_parts(tmp_path: Path) -> None:
    in_order = written(tmp_path / "a.parquet", [*range(20_000)])
    assert written(tmp_path / "b.parquet", [*range(1, 20_000), 0]) == in_order
    assert {each.name for each in tmp_path.iterdir() if each.is_dir()} == {"a.parquet", "b.parquet"}


def test_a_table_that_shrinks_is_a_file_again_and_one_that_grows_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "problems.parquet"
    for count in (3_000, 10, 3_000, 4_000):
        written(path, [*range(count)])
        assert path.is_dir() == (count > MOST)
        assert len(tables.TableReader(path, Problems)) == count
    assert {each.name for each in tmp_path.iterdir()} == {"problems.parquet", "params.yaml", "dvc.yaml"}


def test_broken_rows_leave_the_parts_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "problems.parquet"
    before = written(path, [*range(3_000)])
    with pytest.raises(ThoughtmillError, match="occurs more than once"):
        written(path, [*range(3_000), 7])
    assert {part.name: digest(part) for part in partitions.parts(path)} == before


def test_a_folder_that_is_no_table_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "problems.parquet").mkdir()
    (tmp_path / "problems.parquet" / "notes.txt").touch()
    with pytest.raises(ThoughtmillError, match="is not a regular file"):
        written(tmp_path / "problems.parquet", [1])


def test_a_part_of_another_table_is_named(tmp_path: Path) -> None:
    path = tmp_path / "problems.parquet"
    written(path, [*range(3_000)])
    tables.write(path / "part-00000.parquet", Checks, [])
    with pytest.raises(ThoughtmillError, match=r"part-00000\.parquet does not have the columns of"):
        tables.TableReader(path, Problems)
