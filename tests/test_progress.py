"""Progress: a bar for people, plain lines for pipes."""

import pytest

from thoughtmill.factory.core import progress


def test_items_pass_through_and_the_end_is_said_in_a_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress.track([1, 2, 3], "seed")) == [1, 2, 3]
    said = capsys.readouterr().err
    assert said.startswith("seed: 3 of 3, ")
    assert said.endswith("done\n")
    assert "\r" not in said


def test_lines_come_as_often_as_they_are_due(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    list(progress.track((each for each in "ab"), "seed"))
    assert [line.split(",")[0] for line in capsys.readouterr().err.splitlines()] == [
        "seed: 1",
        "seed: 2",
        "seed: 2",
    ]


def test_a_terminal_gets_one_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert list(progress.track([1, 2], "seed")) == [1, 2]
    assert "2/2" in capsys.readouterr().err


def test_no_time_passed_is_no_division_by_zero() -> None:
    assert progress.line("seed", 0, 5, 0.0) == "seed: 0 of 5, 0.0 a second"
