"""The progress display: what a run counts and shows, and where."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thoughtmill.factory.ledger import Ledger, runs
from thoughtmill.factory.teachers.endpoint.display import ProgressDisplay, RunCounters, ThoughtCounters


def counters(total: int | None = 100, **counts: int) -> RunCounters:
    return RunCounters(0.0, total, thoughts={"cot": ThoughtCounters(**counts)})


def test_an_unknown_total_is_neither_projected_nor_timed() -> None:
    run = counters(total=None, answered=10)
    run.bought(100, 0.5)
    assert run.line(2.0) == "cot 10 done, 0 in flight, 0 failed; 5.0 requests/s, 50 tokens/s; $0.50 spent"


def test_without_prices_no_dollars_are_shown() -> None:
    run = counters(answered=10)
    run.bought(100, None)
    assert "$" not in run.line(1.0)


def test_what_the_ledger_held_is_done_but_was_not_asked() -> None:
    run = counters(held=50, answered=10)
    assert run.line(1.0) == (
        "cot 60 done (50 from the ledger), 0 in flight, 0 failed; "
        "of 100; 10.0 requests/s, 0 tokens/s; 4 s left"
    )


def test_a_pause_says_how_long_it_lasts() -> None:
    run = counters(total=None)
    run.pause_s = 91.0
    assert run.line(1.0) == (
        "cot 0 done, 0 in flight, 0 failed; nothing is sent for 90 s; 0.0 requests/s, 0 tokens/s"
    )
    assert "nothing" not in run.line(91.0)


def test_every_thought_has_its_own_figures() -> None:
    run = counters(answered=1)
    run.of("pot").failed = 2
    assert run.line(1.0).startswith("cot 1 done, 0 in flight, 0 failed, pot 2 done, 0 in flight, 2 failed; ")


def test_the_projection_is_exact_when_every_answer_costs_the_same() -> None:
    run = counters(total=40, answered=10)
    run.bought(0, 1.0)
    assert "$1.00 spent, $4.00 projected" in run.line(1.0)


@given(
    st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.none() | st.integers(0, 30), st.floats(0, 1e6)
)
def test_any_state_has_a_line(held: int, answered: int, failed: int, total: int | None, now_s: float) -> None:
    line = counters(total, held=held, answered=answered, failed=failed).line(now_s)
    assert line.startswith(f"cot {held + answered + failed} done")
    assert "-" not in line


class TerminalOutput(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def test_a_pipe_gets_a_plain_line_every_ten_seconds_and_one_at_the_end(path: Path) -> None:
    out = io.StringIO()
    with Ledger(path) as ledger:
        counted = RunCounters(0.0)
        counted.of("cot")
        display = ProgressDisplay(counted, ledger, out)
        for tenths in range(255):
            display.show(tenths / 10)
        assert len(out.getvalue().splitlines()) == 2
        display.end(25.5)
    lines = out.getvalue().splitlines()
    assert len(lines) == 3
    assert all("requests/s" in line and "\r" not in line and "\x1b" not in line for line in lines)


def test_a_terminal_gets_one_line_that_is_redrawn_and_never_wraps(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    out = TerminalOutput()
    with Ledger(path) as ledger:
        counted = RunCounters(0.0)
        counted.of("cot")
        display = ProgressDisplay(counted, ledger, out)
        for second in (1.1, 2.2, 3.3):
            display.show(second)
        drawn = out.getvalue()
        display.end(4.4)
    assert "\n" not in drawn
    assert [len(part) for part in drawn.split("\r\x1b[K")] == [0, 19, 19, 19]
    assert out.getvalue().endswith("\n")


def test_a_run_without_requests_shows_no_line_at_its_end(path: Path) -> None:
    out = io.StringIO()
    with Ledger(path) as ledger:
        ProgressDisplay(RunCounters(0.0), ledger, out).end(0.1)
    assert out.getvalue() == ""


def test_between_two_redraws_nothing_is_shown(path: Path) -> None:
    out = TerminalOutput()
    with Ledger(path) as ledger:
        display = ProgressDisplay(RunCounters(0.0), ledger, out)
        display.show(0.5)
        assert out.getvalue() == ""
        assert display.next_s == 1.0


def test_another_terminal_reads_the_same_figures(path: Path) -> None:
    out = io.StringIO()
    with Ledger(path) as ledger:
        counted = RunCounters(0.0, total=9)
        display = ProgressDisplay(counted, ledger, out)
        counted.of("pot").answered = 3
        display.show(12.0)
        (seen,) = runs.recent(path)
        assert (seen.state, seen.figures) == ("running", out.getvalue().strip())
        display.end(13.0)
    (seen,) = runs.recent(path)
    assert (seen.state, seen.figures) == ("ended", out.getvalue().splitlines()[-1])
