"""The ledger: real files, real SQLite."""

import multiprocessing
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.ledger import AttemptRow, FailureRow, Ledger, ResultRow, default_path
from thoughtmill.factory.ledger.schema import LEDGER_VERSION
from thoughtmill.factory.teachers.endpoint.responses import unusable

RESULT = ResultRow(
    "a" * 64, "here", "tiny", "cot", "b" * 64, b'{"x": "\xc3\xa9"}', "stop", 10, 4, 5, 0.25, 1.5, 1.7e9
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "ledger.sqlite"


def test_what_is_written_is_read_back_as_it_was(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.write([RESULT])
        assert ledger.get(RESULT.request_key) == RESULT
        assert ledger.get("0" * 64) is None
    with Ledger(path) as ledger:
        assert ledger.get(RESULT.request_key) == RESULT


def test_what_is_unknown_stays_unknown(path: Path) -> None:
    unknown = replace(
        RESULT,
        finish_reason=None,
        prompt_tokens=None,
        cached_tokens=None,
        completion_tokens=None,
        cost_usd=None,
    )
    with Ledger(path) as ledger:
        ledger.write([unknown])
        assert ledger.get(RESULT.request_key) == unknown


def test_of_two_answers_to_one_request_the_first_stays(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.write([RESULT])
        ledger.write([replace(RESULT, body=b"another")])
        assert ledger.get(RESULT.request_key) == RESULT


def test_failures_are_attempts_and_never_results(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.write(
            [], [AttemptRow("c" * 64, 1, 500, "oops", 1.7e9), AttemptRow("c" * 64, 2, None, "hung", 1.7e9)]
        )
        assert ledger.get("c" * 64) is None
        rows = ledger.connection.execute("SELECT attempt, status, detail FROM attempts").fetchall()
    assert rows == [(1, 500, "oops"), (2, None, "hung")]


def test_a_group_is_written_whole_or_not_at_all(path: Path) -> None:
    with Ledger(path) as ledger, pytest.raises(AttributeError):
        ledger.write([RESULT, None])  # type: ignore[list-item]
    with Ledger(path) as ledger:
        assert ledger.get(RESULT.request_key) is None


def test_a_newer_ledger_is_refused_with_what_to_do_and_left_as_it_is(path: Path) -> None:
    Ledger(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version={LEDGER_VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(
        ThoughtmillError, match=r"newer Thoughtmill .* update Thoughtmill, or point THOUGHTMILL_LEDGER"
    ):
        Ledger(path)
    assert path.read_bytes() == before


FAILURE = FailureRow("f" * 64, "tiny", "unanswered", "HTTP 500: oops", 1.7e9)


def test_a_failure_stands_when_it_came_from_shards_and_until_it_is_to_be_asked_again(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.write([], failures=[FAILURE])
        assert ledger.known("f" * 64) is None
        assert "f" * 64 not in ledger
        assert ledger.shared_failures() == 0
        ledger.write([], failures=[FAILURE], shared=True)
        assert ledger.known("f" * 64) == FAILURE
        assert "f" * 64 in ledger
        assert ledger.shared_failures() == 1
        assert ledger.get("f" * 64) is None
        assert ledger.retry(unusable) == 1
        assert ledger.known("f" * 64) is None
        assert list(ledger.failures()) == [FAILURE]


def test_of_two_failures_the_last_stays_and_an_answer_takes_the_place_of_both(path: Path) -> None:
    later, earlier = replace(FAILURE, failed_at=1.8e9), replace(FAILURE, failed_at=1.6e9)
    with Ledger(path) as ledger:
        for failure in (FAILURE, later, earlier):
            ledger.write([], failures=[failure], shared=True)
        assert ledger.known("f" * 64) == later
        bought = replace(RESULT, request_key="f" * 64)
        ledger.write([bought])
        assert ledger.known("f" * 64) == bought
        assert list(ledger.failures()) == []
        assert ledger.shared_failures() == 0


ATTEMPTS_1 = """
CREATE TABLE attempts (
    request_key TEXT NOT NULL,
    attempt INTEGER NOT NULL,               -- from 1, within one run
    status INTEGER,                         -- the HTTP status; null when nothing came back
    detail TEXT NOT NULL,                   -- what went wrong
    failed_at REAL NOT NULL                 -- seconds since 1970, UTC
)"""


def test_an_older_ledger_is_brought_up_to_date_and_keeps_what_it_has(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.write([RESULT])
        ledger.connection.execute("DROP TABLE attempts")
        ledger.connection.execute(ATTEMPTS_1)
        ledger.connection.execute("DROP TABLE failures")
        ledger.connection.execute("INSERT INTO attempts VALUES ('c', 1, 500, 'oops', 1.7e9)")
        ledger.connection.execute("PRAGMA user_version=1")
    for _ in range(2):
        with Ledger(path) as ledger:
            assert ledger.get(RESULT.request_key) == RESULT
            ledger.write([], [AttemptRow("c" * 64, 2, None, "hung", 1.7e9, most_usd=0.5)])
            rows = ledger.connection.execute("SELECT attempt, most_usd FROM attempts").fetchall()
            assert rows[:2] == [(1, 0.0), (2, 0.5)]
            ledger.write([], failures=[FAILURE])
            assert list(ledger.failures()) == [FAILURE]


def test_the_cost_of_requests_is_that_of_their_answers_and_of_their_failures_or_the_most_it_can_be(
    path: Path,
) -> None:
    unpriced = replace(RESULT, request_key="d" * 64, cost_usd=None)
    failures = [AttemptRow("c" * 64, number, None, "hung", 1.7e9, most_usd=0.5) for number in (1, 2)]
    with Ledger(path) as ledger:
        ledger.write(
            [RESULT, unpriced], [*failures, AttemptRow("e" * 64, 1, 500, "oops", 1.7e9, most_usd=9.0)]
        )
        assert ledger.cost_usd([]) == 0
        assert ledger.cost_usd([("a" * 64, 4.0), ("a" * 64, 4.0), ("b" * 64, 4.0)]) == 0.25
        assert ledger.cost_usd((key * 64, 4.0) for key in "abcd") == 5.25


def test_a_retry_asks_again_for_answers_without_content_and_keeps_their_body_and_cost(path: Path) -> None:
    stop, error, length = (b'"finish_reason": "%s"' % reason for reason in (b"stop", b"error", b"length"))
    messages = {
        "a": (b'{"content": null, "reasoning": "so 4"}', stop),
        "b": (b'{"content": "half"}', error),
        "c": (b'{"content": null, "refusal": "no"}', stop),
        "d": (b'{"content": ""}', stop),
        "e": (b'{"content": null}', length),
        "f": (b'{"content": "<think>so 4</think>"}', stop),
        "g": (b'{"content": "", "reasoning_content": "so 4"}', stop),
        "h": (b'{"content": "4"}', stop),
    }
    bodies = {key: b'{"choices": [{"message": %s, %s}]}' % parts for key, parts in messages.items()}
    bodies |= {"1": b"{not JSON", "2": b'{"output": [], "status": "completed"}'}
    with Ledger(path) as ledger:
        ledger.write(
            replace(RESULT, request_key=key * 64, body=body, cost_usd=0.25) for key, body in bodies.items()
        )
        assert ledger.retry(unusable) == 7
        assert [key[0] for key in ledger.keys()] == ["c", "e", "h"]  # noqa: SIM118  a ledger is not a mapping
        assert ledger.known("a" * 64) is None
        assert ledger.cost_usd([("a" * 64, 4.0)]) == 0.25
        rows = ledger.connection.execute("SELECT request_key, detail FROM attempts").fetchall()
        assert all(detail.encode().endswith(bodies[key[0]]) for key, detail in rows)
        assert {key[0] for key, _ in rows} == set("abdfg12")
        assert ledger.retry(unusable) == 0


def test_a_retry_counts_the_requests_that_failed_in_own_runs(path: Path) -> None:
    with Ledger(path) as ledger:
        answer = b'{"choices": [{"message": {"content": "4"}}]}'
        ledger.write(
            [replace(RESULT, body=answer)],
            failures=[FAILURE, replace(FAILURE, request_key=RESULT.request_key)],
        )
        assert ledger.retry(unusable) == 1


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to be taken for one" * 40, b"SQLite format 3\0junk"]
)
def test_a_file_that_is_no_ledger_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(ThoughtmillError, match=f"{path} cannot be the ledger"):
        Ledger(path)
    assert path.read_bytes() == content


def test_a_damaged_ledger_is_named_with_what_to_do(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.write(replace(RESULT, request_key=f"{number:064}") for number in range(2000))
    content = bytearray(path.read_bytes())
    for page in range(8192, len(content), 4096):
        content[page : page + 200] = bytes(200)
    path.write_bytes(content)
    with Ledger(path) as ledger:
        for use in (
            lambda: ledger.known("1" * 64),
            lambda: list(ledger.keys()),
            lambda: ledger.write([RESULT]),
        ):
            with pytest.raises(ThoughtmillError, match=f"{path} is damaged .*: mend it with `sqlite3"):
                use()


def test_the_path_comes_from_the_environment_or_is_in_the_users_cache(
    monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    monkeypatch.setenv("THOUGHTMILL_LEDGER", str(path))
    assert default_path() == path
    monkeypatch.delenv("THOUGHTMILL_LEDGER")
    assert default_path().parts[-2:] == ("thoughtmill", "ledger.sqlite")


def test_a_full_disk_is_one_clear_error_and_loses_nothing_that_was_there(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.write([RESULT])
        pages = ledger.connection.execute("PRAGMA page_count").fetchone()[0]
        ledger.connection.execute(f"PRAGMA max_page_count={pages}")
        large = replace(RESULT, request_key="d" * 64, body=b"x" * 100_000)
        with pytest.raises(ThoughtmillError, match="cannot be written: database or disk is full"):
            ledger.write([large])
    with Ledger(path) as ledger:
        assert ledger.get(RESULT.request_key) == RESULT
        assert ledger.get(large.request_key) is None


def write_many(path: Path, name: str) -> None:
    with Ledger(path) as ledger:
        for number in range(50):
            ledger.write(
                [
                    replace(RESULT, request_key=f"{name}-{number}"),
                    replace(RESULT, request_key=f"both-{number}"),
                ]
            )


def test_several_processes_share_a_ledger_and_lose_nothing(path: Path) -> None:
    processes = multiprocessing.get_context("spawn")
    writers = [processes.Process(target=write_many, args=(path, name)) for name in ("one", "two")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
        assert writer.exitcode == 0
    with Ledger(path) as ledger:
        assert ledger.connection.execute("SELECT count(*) FROM results").fetchone() == (150,)
        assert ledger.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_new_ledger_that_another_process_sets_up_is_waited_for(path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    soon = threading.Timer(0.3, other.execute, ["COMMIT"])
    soon.start()
    with Ledger(path) as ledger:
        ledger.write([RESULT])
        assert ledger.count() == 1
    soon.join()
    other.close()


def test_a_closed_ledger_is_one_file(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.write([RESULT])
    assert [each.name for each in path.parent.iterdir()] == ["ledger.sqlite"]


def test_a_sync_brings_everything_into_the_file_itself_while_it_is_open(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.write([replace(RESULT, body=b"in the log alone")])
        assert b"in the log alone" not in path.read_bytes()
        ledger.sync()
        ledger.thread.submit(lambda: None).result(timeout=600)
        assert b"in the log alone" in path.read_bytes()


def test_a_log_does_not_grow_for_ever(path: Path) -> None:
    log = path.with_name("ledger.sqlite-wal")
    with Ledger(path) as ledger:
        sizes = []
        for number in range(40):
            ledger.write([replace(RESULT, request_key=str(number), body=b"x" * 20_000)])
            ledger.sync()
            ledger.thread.submit(lambda: None).result(timeout=600)
            sizes.append(log.stat().st_size)
    assert max(sizes) < 20 * 20_000


def test_what_is_written_is_seen_by_others_while_the_ledger_is_open(path: Path) -> None:
    with Ledger(path) as ledger, Ledger(path) as other:
        ledger.write([RESULT])
        assert RESULT.request_key in other
        assert "0" * 64 not in other


def test_typical_answers_are_the_means_of_a_model_per_thought(path: Path) -> None:
    rows = [
        replace(RESULT, request_key="1", prompt_tokens=10, completion_tokens=5),
        replace(RESULT, request_key="2", prompt_tokens=20, completion_tokens=10),
        replace(RESULT, request_key="3", thought="pot", prompt_tokens=1, completion_tokens=1),
        replace(RESULT, request_key="4", prompt_tokens=None, completion_tokens=None),
        replace(RESULT, request_key="5", model="small", prompt_tokens=999, completion_tokens=999),
    ]
    with Ledger(path) as ledger:
        ledger.write(rows)
        assert ledger.typical("tiny") == {"cot": (15.0, 7.5), "pot": (1.0, 1.0)}
        assert ledger.typical("none") == {}


def test_the_write_ahead_log_stays_short_however_much_is_written(path: Path) -> None:
    with Ledger(path) as ledger:
        longest = 0
        for number in range(120):
            ledger.write(
                [replace(RESULT, request_key=f"{number}-{i}", body=bytes([i]) * 100_000) for i in range(10)]
            )
            if number % 10 == 0:
                ledger.sync()
            longest = max(longest, ledger.wal.stat().st_size)
        assert ledger.count() == 1200
    assert longest < 64_000_000


def test_after_a_flush_a_long_log_is_begun_anew_and_its_file_is_not_cut_off(path: Path) -> None:
    large = replace(RESULT, body=b"x" * 1_000_000)
    with Ledger(path) as ledger:
        for number in range(26):
            ledger.write([replace(large, request_key=f"before {number}")])
        ledger.sync()
        assert ledger.syncing is not None
        ledger.syncing.result()
        ledger.write([RESULT])
        size = ledger.wal.stat().st_size
        for number in range(20):
            ledger.write([replace(large, request_key=f"after {number}")])
        assert ledger.wal.stat().st_size == size > 26_000_000
        assert ledger.count() == 47


def test_a_reader_keeps_the_log_from_being_begun_anew_and_nothing_waits_for_it(path: Path) -> None:
    with Ledger(path) as ledger, sqlite3.connect(path, isolation_level=None) as reader:
        ledger.write([RESULT])
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM results").fetchone()
        for number in range(50):
            ledger.write([replace(RESULT, request_key=str(number), body=b"x" * 1_000_000)])
        reader.execute("COMMIT")
        ledger.write([replace(RESULT, request_key="last")])
        ledger.write([replace(RESULT, request_key="after")])
        assert ledger.wal.stat().st_size < 64_000_000
        assert ledger.count() == 53
    reader.close()
