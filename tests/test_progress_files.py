"""Progress files: another terminal sees what runs, what it waits for, and what was killed."""

import os
import time
from pathlib import Path

import pytest

from thoughtmill.factory.core import progress_files
from thoughtmill.factory.core.progress import track
from thoughtmill.factory.core.progress_files import StageProgress, WaitLine, lines, note, noting, read


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "params.yaml").touch()
    (tmp_path / "dvc.yaml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(progress_files, "WRITE_EVERY_S", 0.0)
    return tmp_path


def test_another_process_reads_what_a_stage_does_while_it_runs_and_nothing_after(project: Path) -> None:
    rows = track([1, 2, 3], "verify pot, shard 2 of 3")
    next(rows)
    next(rows)
    (found,) = read(project)
    assert (found.what, found.done, found.total, found.state) == ("verify pot, shard 2 of 3", 1, 3, "running")
    assert found.pid == os.getpid()
    assert list(rows) == [3]
    assert read(project) == []


def test_a_stage_that_ends_with_an_error_leaves_no_file(project: Path) -> None:
    with pytest.raises(ZeroDivisionError), noting("seed"):
        raise ZeroDivisionError
    assert read(project) == []


def test_what_a_stage_waits_for_is_shown_until_it_goes_on(project: Path) -> None:
    with noting("generate pot", 8):
        note(waits_for="a node with GPU 1 free")
        ((state, what, figures, where),) = lines(read(project), time.time())
        assert (state, what) == ("waits", "generate pot")
        assert figures.endswith("waits for a node with GPU 1 free")
        assert where.endswith(f":{os.getpid()}")
        note(waits_for=None)
        assert read(project)[0].state == "running"


def test_waiting_is_said_after_a_while_and_then_every_minute(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now_s = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    wait_line = WaitLine()
    for now_s in (100.0, 104.0, 105.0, 106.0, 164.0, 165.0):  # noqa: B007  the clock reads it
        wait_line.waits("a node")
    assert capsys.readouterr().err == "waits for a node\n" * 2
    wait_line.goes_on()
    wait_line.waits("a node")
    assert capsys.readouterr().err == ""


def test_dollars_and_time_left_leave_out_what_was_there_before(project: Path) -> None:
    with noting("generate pot", 100) as file:
        file.note(done=60, held=50, spent_usd=0.25)
        (found,) = read(project)
    assert found.held == 50
    assert "60 of 100" in found.figures()
    assert found.figures().endswith("$0.25")
    assert StageProgress("x", "h", 1, 0.0, 5.0, done=60, total=100, held=50).rate == 2.0


def test_a_killed_process_is_shown_as_killed_for_a_day_until_the_work_is_done(project: Path) -> None:
    pid = os.fork()
    if not pid:
        file = noting("verify cot", 5)
        file.__enter__()
        os._exit(0)
    os.waitpid(pid, 0)
    (found,) = read(project)
    assert found.state == "killed"
    assert "last seen" in next(lines([found], found.seen_at + 9))[2]
    list(track([1], "verify cot"))
    assert read(project) == []


def test_only_the_last_day_is_shown(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_files, "FORGOTTEN_S", -1.0)
    test_file = progress_files.folder(project) / "old.json"
    with noting("old"):
        text = test_file.read_text().replace(f'"pid": {os.getpid()}', '"pid": 999999999')
    test_file.write_text(text)
    assert read(project) == []


def test_a_broken_file_is_no_process(project: Path) -> None:
    progress_files.folder(project).mkdir(parents=True)
    (progress_files.folder(project) / "x.json").write_text("{")
    assert read(project) == []


def test_outside_a_project_work_goes_on_without_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with noting("verify"):
        note(done=1)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_stops_no_work(project: Path) -> None:
    (project / ".dvc").write_text("no folder")
    assert list(track([1, 2], "seed")) == [1, 2]
