"""What landed, until the ledger has it."""

import sqlite3
from pathlib import Path

from thoughtmill.factory.ledger import Attempt, Failure, Ledger, Result
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.endpoint.landing import Group
from thoughtmill.factory.teachers.endpoint.rows import Row

RESULT = Result("a", "here", "tiny", "cot", "s", b'{"choices": []}', "stop", 1, 0, 1, 0.1, 0.2, 1.7e9)
FAILURE = Failure("b", "tiny", "refused", "no", 1.7e9)


def row(key: str, askers: int) -> Row:
    asked = Request({}, "cot", 0, ({"role": "user", "content": key},))
    return Row(key, {"model": "tiny"}, [asked] * askers, tokens=1, most_usd=0.0)


def test_all_that_landed_is_written_together_and_everyone_who_asked_gets_a_reply(tmp_path: Path) -> None:
    group = Group()
    group.attempts.append(Attempt("b", 1, 400, "no", 1.7e9))
    answered, failed = row("a", askers=2), row("b", askers=1)
    group.end(answered, RESULT)
    group.end(failed, FAILURE)
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        group.write(ledger)
        assert ledger.get("a") == RESULT
        assert list(ledger.failures()) == [FAILURE]
        assert ledger.standing() == 0, "what failed in a run of one's own is asked again"
        assert ledger.connection.execute("SELECT count(*) FROM attempts").fetchone() == (1,)
    assert group.over == [answered, failed]
    assert [each.request_key for each in group.replies] == ["a", "a", "b"]
    assert group.replies[2].failure == "refused"


def test_where_nothing_landed_nothing_is_written(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        other = sqlite3.connect(ledger.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        Group().write(ledger)  # would wait for the other writer
        other.close()
