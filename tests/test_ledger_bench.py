"""The benchmark of a large ledger, with a small one."""

from pathlib import Path

from bench.ledger import fill, row, timed_ms
from thoughtmill.factory.ledger import Ledger


def test_it_fills_a_ledger_with_answers_that_are_found(tmp_path: Path) -> None:
    longest_mb = fill(tmp_path / "ledger.sqlite", rows=2500)
    assert 0 < longest_mb < 64
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.count() == 2500
        assert ledger.get(row(2499).request_key) == row(2499)


def test_a_call_is_timed() -> None:
    assert timed_ms(lambda: None) >= 0
