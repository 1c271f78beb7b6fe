"""What a run shows, and where."""

import io
from pathlib import Path

import pytest

from thoughtmill.factory.ledger import Ledger, runs
from thoughtmill.factory.teachers.endpoint.sight import Sight
from thoughtmill.factory.teachers.endpoint.tally import Tally


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def test_a_pipe_gets_a_plain_line_every_ten_seconds_and_one_at_the_end(path: Path) -> None:
    out = io.StringIO()
    with Ledger(path) as ledger:
        sight = Sight(Tally(0.0), ledger, out)
        for tenths in range(255):
            sight.show(tenths / 10)
        assert len(out.getvalue().splitlines()) == 2
        sight.end(25.5)
    lines = out.getvalue().splitlines()
    assert len(lines) == 3
    assert all("requests/s" in line and "\r" not in line and "\x1b" not in line for line in lines)


def test_a_terminal_gets_one_line_that_is_redrawn_and_never_wraps(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    out = Terminal()
    with Ledger(path) as ledger:
        tally = Tally(0.0)
        tally.of("cot")
        sight = Sight(tally, ledger, out)
        for second in (1.1, 2.2, 3.3):
            sight.show(second)
        drawn = out.getvalue()
        sight.end(4.4)
    assert "\n" not in drawn
    assert [len(part) for part in drawn.split("\r\x1b[K")] == [0, 19, 19, 19]
    assert out.getvalue().endswith("\n")


def test_between_two_redraws_nothing_is_shown(path: Path) -> None:
    out = Terminal()
    with Ledger(path) as ledger:
        sight = Sight(Tally(0.0), ledger, out)
        sight.show(0.5)
        assert out.getvalue() == ""
        assert sight.next_s == 1.0


def test_another_terminal_reads_the_same_figures(path: Path) -> None:
    out = io.StringIO()
    with Ledger(path) as ledger:
        tally = Tally(0.0, total=9)
        sight = Sight(tally, ledger, out)
        tally.of("pot").answered = 3
        sight.show(12.0)
        (seen,) = runs.recent(path)
        assert (seen.state, seen.figures) == ("running", out.getvalue().strip())
        sight.end(13.0)
    (seen,) = runs.recent(path)
    assert (seen.state, seen.figures) == ("ended", out.getvalue().splitlines()[-1])
