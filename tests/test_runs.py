"""The figures of runs in the ledger."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.ledger import Ledger, runs


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def test_where_there_is_no_ledger_there_are_no_runs_and_still_no_ledger(path: Path) -> None:
    assert runs.recent(path) == []
    assert not path.exists()


def test_a_run_is_seen_from_its_beginning_to_its_end(path: Path) -> None:
    with Ledger(path) as ledger:
        run = runs.begin(ledger)
        (seen,) = runs.recent(path)
        assert (seen.run, seen.pid, seen.state, seen.figures) == (run, os.getpid(), "running", "")
        runs.note(ledger, run, "half", ended=False)
        assert runs.recent(path)[0].figures == "half"
        runs.note(ledger, run, "all", ended=True)
    (seen,) = runs.recent(path)
    assert (seen.state, seen.figures) == ("ended", "all")
    assert seen.began_at <= seen.seen_at <= time.time()


def test_a_run_that_fell_silent_was_killed(path: Path) -> None:
    with Ledger(path) as ledger:
        runs.begin(ledger)
        ledger.connection.execute("UPDATE runs SET seen_at = seen_at - ?", (runs.SILENT_S + 1,))
    assert runs.recent(path)[0].state == "killed"


def test_a_run_whose_process_is_gone_was_killed(path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with Ledger(path) as ledger:
        runs.begin(ledger)
        ledger.connection.execute("UPDATE runs SET pid = ?", (gone.pid,))
    assert runs.recent(path)[0].state == "killed"


def test_a_file_that_is_no_ledger_is_one_clear_error(path: Path) -> None:
    path.write_bytes(b"no database" * 999)
    with pytest.raises(ThoughtmillError, match=f"{path} cannot be the ledger"):
        runs.recent(path)


def test_the_newest_runs_come_first_and_only_as_many_as_asked(path: Path) -> None:
    with Ledger(path) as ledger:
        numbers = [runs.begin(ledger) for _ in range(7)]
    assert [seen.run for seen in runs.recent(path, most=3)] == numbers[:-4:-1]


def test_a_ledger_that_cannot_be_written_is_one_clear_error(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.connection.execute("PRAGMA query_only = 1")
        with pytest.raises(ThoughtmillError, match="cannot be written"):
            runs.begin(ledger)


def test_reading_waits_for_nobody(path: Path) -> None:
    with Ledger(path) as ledger:
        run = runs.begin(ledger)
        ledger.connection.execute("BEGIN IMMEDIATE")
        assert runs.recent(path)[0].run == run
        ledger.connection.execute("ROLLBACK")
