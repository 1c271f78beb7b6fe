"""A ledger that version 0.1 wrote opens today: what was paid for then is not paid for again."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from thoughtmill.factory.ledger import Ledger
from thoughtmill.factory.ledger.keys import request_key

DUMP = Path(__file__).with_name("ledger_0_1.sql")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(DUMP.read_text("utf-8"))
    return path


def test_its_answers_are_read_as_they_were_written(old: Path) -> None:
    with Ledger(old) as ledger:
        row = ledger.get("a" * 64)
    assert row is not None
    assert b"#### 5" in row.body
    assert (row.model, row.thought, row.finish_reason) == ("tiny", "cot", "stop")
    assert (row.prompt_tokens, row.cached_tokens, row.completion_tokens, row.cost_usd) == (10, 4, 5, 0.25)


def test_its_failed_attempts_are_counted(old: Path) -> None:
    with Ledger(old) as ledger:
        ((attempt, status, detail),) = ledger.connection.execute(
            "select attempt, status, detail from attempts"
        )
    assert (attempt, status, detail) == (1, 500, "oops")


def test_a_request_has_the_key_that_it_had_in_0_1() -> None:
    messages = [{"role": "system", "content": "Solve it."}, {"role": "user", "content": "Problem:\n2 + 3?"}]
    parameters = {"model": "tiny", "temperature": 0.0, "top_p": 1.0, "max_tokens": 1024, "seed": 1}
    key = request_key("https://api.example.com/v1", messages, parameters, 0)
    assert key == "0edcdef510ea6646e32d69f0136cc3ec46f4432237ac677816263e74bd63f9b1"
