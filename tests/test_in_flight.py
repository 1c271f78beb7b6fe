"""Requests in flight: a budget counts what killed processes may have been billed for."""

import os
from pathlib import Path

import pytest

from thoughtmill.factory.ledger import Ledger, ResultRow
from thoughtmill.factory.ledger.in_flight import InFlight, note_killed

KEYS = [f"{number:064x}" for number in range(4)]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite")


def killed(ledger: Path) -> None:
    """Die with two of three requests in flight."""
    pid = os.fork()
    if not pid:
        sent = InFlight(ledger)
        for key in KEYS[:3]:
            sent.add(key, 0.25)
        sent.remove(KEYS[0])
        os._exit(9)
    os.waitpid(pid, 0)


def cost(ledger: Ledger) -> float:
    return ledger.cost_usd((key, 1.0) for key in KEYS)


def files(ledger: Ledger) -> list[Path]:
    return list(ledger.path.parent.glob("*flight*"))


def test_what_a_killed_process_had_in_flight_counts_once_with_the_most_it_can_cost(ledger: Ledger) -> None:
    killed(ledger.path)
    note_killed(ledger)
    assert cost(ledger) == 0.5
    note_killed(ledger)
    assert cost(ledger) == 0.5
    assert files(ledger) == []


def test_an_answer_that_was_written_is_not_counted_a_second_time(ledger: Ledger) -> None:
    answer = ResultRow(KEYS[1], "e", "m", "pot", "", b"{}", "stop", 1, None, 1, 0.125, 0.1, 0.0)
    killed(ledger.path)
    ledger.write([answer])
    note_killed(ledger)
    assert cost(ledger) == 0.375


def test_the_file_of_a_process_that_runs_is_left_alone(ledger: Ledger) -> None:
    sent = InFlight(ledger.path)
    sent.add(KEYS[0], 0.25)
    note_killed(ledger)
    assert cost(ledger) == 0
    sent.close()  # it leaves a request in flight, which the next run counts
    note_killed(ledger)
    assert cost(ledger) == 0.25


def test_a_run_that_ends_with_nothing_in_flight_leaves_no_file(ledger: Ledger) -> None:
    sent = InFlight(ledger.path)
    for _ in range(3):
        sent.add(KEYS[0], 0.25)
        sent.add(KEYS[1], 0.25)
        sent.remove(KEYS[0])
        sent.remove(KEYS[1])
    assert sent.path.stat().st_size == 2 * 72  # places are used again
    sent.close()
    assert files(ledger) == []
