"""Files: the project's root, writing aside, lines that may be corrupt."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import (
    aside,
    copied,
    existing,
    folder_aside,
    make_folder,
    read_jsonl,
    root,
    text_of,
    write_csv,
)


def test_the_root_is_found_from_any_folder_below_it(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").touch()
    (tmp_path / "dvc.yaml").touch()
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert root(below) == tmp_path.resolve()


def test_outside_a_project_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match="not inside a Thoughtmill project"):
        root(tmp_path)


def test_a_file_written_aside_replaces_the_old_one_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_text("old")
    with aside(path) as part:
        part.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["table"]


def test_a_sheet_of_rows_has_unix_line_ends_and_quotes_what_needs_it(tmp_path: Path) -> None:
    write_csv(tmp_path / "sheet.csv", ("name", "n"), [("a, b", 1), ("c", 2.5)])
    assert (tmp_path / "sheet.csv").read_bytes() == b'name,n\n"a, b",1\nc,2.5\n'


def test_a_failure_keeps_the_old_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_text("old")
    with pytest.raises(RuntimeError), aside(path) as part:
        part.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["table"]


def test_a_folder_written_aside_replaces_the_old_one_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "release"
    path.mkdir()
    (path / "stale").touch()
    with pytest.raises(RuntimeError), folder_aside(path) as part:
        (part / "half").touch()
        raise RuntimeError
    assert os.listdir(path) == ["stale"]
    with folder_aside(path) as part:
        (part / "fresh").touch()
    assert os.listdir(path) == ["fresh"]
    assert os.listdir(tmp_path) == ["release"]


def test_the_copy_of_a_folder_that_nobody_may_change_is_its_owners(tmp_path: Path) -> None:
    (tmp_path / "held" / "part").mkdir(parents=True)
    (tmp_path / "held" / "part" / "a.txt").write_text("a")
    for path in (tmp_path / "held" / "part" / "a.txt", tmp_path / "held" / "part", tmp_path / "held"):
        path.chmod(0o555)
    made = copied(tmp_path / "held", tmp_path / "made")
    assert (made / "part" / "a.txt").read_text() == "a"
    for path in (made, made / "part", made / "part" / "a.txt", tmp_path / "held", tmp_path / "held" / "part"):
        assert path.stat().st_mode & 0o200 or path.is_relative_to(tmp_path / "held")
        path.chmod(0o755)


def test_a_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ThoughtmillError, match=r"file/a: Not a directory; name another"):
        make_folder(tmp_path / "file" / "a", "name another")


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_bytes(b"select '\xff'")
    with pytest.raises(ThoughtmillError, match=r"a\.sql is not UTF-8: .* position 8"):
        text_of(tmp_path / "a.sql")


def test_a_missing_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ThoughtmillError, match=r"gone\.parquet is missing: run it"):
        existing(tmp_path / "gone.parquet", "run it")


def test_what_is_no_regular_file_is_not_replaced() -> None:
    with pytest.raises(ThoughtmillError, match="/dev/null is not a regular file"), aside(Path("/dev/null")):
        raise AssertionError


def test_a_link_stays_a_link_to_the_new_file(tmp_path: Path) -> None:
    (tmp_path / "real").touch()
    (tmp_path / "link").symlink_to("real")
    with aside(tmp_path / "link") as part:
        part.write_text("new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_text() == "new"


def test_lines_come_with_their_numbers_and_blank_ones_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n\n{"a": 2}\n')
    assert list(read_jsonl(path)) == [(1, {"a": 1}), (3, {"a": 2})]


def test_the_mark_that_spreadsheets_put_first_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(b'\xef\xbb\xbf{"a": 1}\n')
    assert list(read_jsonl(tmp_path / "rows.jsonl")) == [(1, {"a": 1})]


@pytest.mark.parametrize("line", [b'{"a": ', b"[1]", b"\xff\xfe", b"12", b'{"a": "\\ud800"}', b"[" * 100_000])
def test_a_corrupt_line_is_named(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": 1}\n' + line + b"\n")
    with pytest.raises(ThoughtmillError, match=r"rows\.jsonl, line 2: not"):
        list(read_jsonl(path))


def test_what_a_killed_process_left_is_swept_and_what_a_running_one_writes_is_not(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    (tmp_path / f".table.{ended.pid}.part").touch()
    (tmp_path / f".table.{os.getppid()}.part").touch()
    (tmp_path / ".table.mine.part").touch()
    with aside(tmp_path / "table") as part:
        part.touch()
    assert sorted(os.listdir(tmp_path)) == [f".table.{os.getppid()}.part", ".table.mine.part", "table"]


@pytest.mark.parametrize("writer", [aside, folder_aside])
def test_a_full_disk_is_named_by_the_file_that_was_to_be_written(tmp_path: Path, writer: Any) -> None:
    with pytest.raises(OSError, match="No space left") as error, writer(tmp_path / "table"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert error.value.filename == str(tmp_path / "table")
    assert not list(tmp_path.iterdir())
