"""Databases on the disk for work that outgrows memory, and the setting `memory_limit`."""

import json
from pathlib import Path
from tempfile import gettempdir

import duckdb
import pyarrow as pa
import pytest

from thoughtmill.factory.check import faults
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.scratch import BATCH, DEFAULT, fill, memory_limit, scratch, stream, words_of

NUMBERS = pa.schema({"number": pa.int64(), "text": pa.string()})


def set_limit(folder: Path, value: object) -> None:
    (folder / "dvc.yaml").touch()
    (folder / "params.yaml").write_text(json.dumps({"memory_limit": value}))


def test_rows_come_back_in_order_whatever_their_number() -> None:
    count = 2 * BATCH + 1
    with scratch() as con:
        fill(con, "held", NUMBERS, ({"number": n, "text": str(n)} for n in range(count)))
        fill(con, "empty", NUMBERS, ())
        rows = list(stream(con, "select number, text from held where number >= $least order by 1", least=5))
        assert rows == [(n, str(n)) for n in range(5, count)]
        assert list(stream(con, "from empty")) == []


def test_what_exceeds_the_limit_goes_to_the_disk_and_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(tmp_path, "100MB")
    monkeypatch.chdir(tmp_path)
    with scratch() as con:
        (folder,) = con.execute("select current_setting('temp_directory')").fetchone() or ()
        con.execute(
            "create table wide as select range as n, repeat('x', 600) || range as text from range(200000)"
        )
        (count,) = con.execute("select count(*) from (select distinct text from wide)").fetchone() or ()
        assert count == 200_000
        assert Path(folder).exists()
    assert not Path(folder).exists()


def test_what_is_sorted_beyond_the_limit_is_not_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with tables.connect() as con:
        (folder,) = con.execute("select current_setting('temp_directory')").fetchone() or ()
    assert Path(folder).parent == Path(gettempdir())


def test_too_little_memory_names_the_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_limit(tmp_path, "100MB")
    monkeypatch.chdir(tmp_path)
    with scratch() as con, pytest.raises(duckdb.OutOfMemoryException) as found:
        con.execute("select list(range) from range(30000000)")
    words = words_of(found.value)
    assert "params.yaml: memory_limit: 100MB says how much" in words
    assert "\n" not in words


def test_a_full_disk_names_the_folder() -> None:
    full = duckdb.IOException('Could not write file "/x/duckdb_temp": No space left on device')
    assert f"for a while in {gettempdir()}, for which TMPDIR may name another folder" in words_of(full)


def test_another_error_is_one_line() -> None:
    assert words_of(duckdb.IOException("No magic\nbytes")) == "No magic bytes"


@pytest.mark.parametrize("wrong", [600, "much", "0MB", "99MB", "0.5GB", "1TB", True])
def test_a_limit_that_is_no_size_is_told(
    wrong: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(tmp_path, wrong)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ThoughtmillError, match="memory_limit: give a size"):
        memory_limit()
    assert any("memory_limit" in line for line in faults({"memory_limit": wrong}))


def test_the_limit_is_that_of_the_project_or_a_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert memory_limit() == DEFAULT
    set_limit(tmp_path, "2GB")
    assert memory_limit() == "2GB"
