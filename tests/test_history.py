"""What the ledger knows beside answers: failed attempts and times, for the requests that are asked about."""

from pathlib import Path

import pytest

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.ledger import AttemptRow, Ledger, ResultRow
from thoughtmill.factory.ledger.history import history


def result(key: str, answered_at: float) -> ResultRow:
    return ResultRow(key, "local", "m", "cot", "s", b"{}", "stop", 1, 0, 1, None, 2.0, answered_at)


def test_attempts_and_times_are_those_of_the_requests_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path) as ledger:
        faults = [AttemptRow("a", 1, 429, "too many", 5.0), AttemptRow("a", 2, None, "no answer", 7.0)]
        ledger.write(
            [result("a", 9.0), result("b", 3.0), result("z", 1.0)],
            [*faults, AttemptRow("c", 1, 500, "x", 1.0)],
        )
    assert list(history(["c", "b", "a", "a", "d"], path)) == [
        {"request_key": "a", "endpoint": "local", "failed": 2, "last_fault": "no answer", "answered_at": 9.0},
        {"request_key": "b", "endpoint": "local", "failed": 0, "last_fault": None, "answered_at": 3.0},
        {"request_key": "c", "endpoint": None, "failed": 1, "last_fault": "x", "answered_at": None},
    ]


def test_without_a_ledger_there_is_nothing_and_none_is_made(tmp_path: Path) -> None:
    assert list(history(["a"], tmp_path / "ledger.sqlite")) == []
    assert not (tmp_path / "ledger.sqlite").exists()


def test_a_file_that_is_no_ledger_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"no ledger at all, but a text")
    with pytest.raises(ThoughtmillError, match="cannot be the ledger"):
        list(history(["a"], tmp_path / "ledger.sqlite"))
