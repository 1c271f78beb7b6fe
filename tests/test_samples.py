"""The section `samples`: records to read, from all thoughts and all verdicts, the same for a seed."""

import duckdb
import pytest

from tests import jugs
from tests.reader import Reader
from thoughtmill.factory.pages.samples import SHOWN_CHARACTERS, draw, samples, verdict
from thoughtmill.factory.pages.yields import MEANINGS
from thoughtmill.schemas.fields import DROP_REASONS, FAILURES


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = jugs.opened()
    con.execute("create table found as select * from records")
    return con


def test_half_of_the_samples_are_good_and_half_rejected(con: duckdb.DuckDBPyConnection) -> None:
    reader = Reader(samples(con, 1, 20).body)
    assert "Good: 10" in reader.text
    assert "Rejected: 10" in reader.text
    assert reader.elements.count("article") == 20


def test_of_an_odd_number_one_more_is_good(con: duckdb.DuckDBPyConnection) -> None:
    text = Reader(samples(con, 1, 5).body).text
    assert "Good: 3" in text
    assert "Rejected: 2" in text


def test_thoughts_take_turns(con: duckdb.DuckDBPyConnection) -> None:
    for good in (True, False):
        thoughts = [record["thought"] for record in draw(con, 1, 8, good=good)]
        assert thoughts == sorted(jugs.THOUGHTS) * 2


def test_the_rejected_of_a_thought_show_each_verdict_before_any_twice(con: duckdb.DuckDBPyConnection) -> None:
    rejected = [record for record in draw(con, 1, 48, good=False) if record["thought"] == "eot"]
    assert {record["verdict"] for record in rejected} == {
        "incorrect",
        "unparsable",
        "underdetermined",
        "unanswered",
    }
    assert len(rejected) == 4


def test_a_held_out_record_is_good_and_a_failed_one_never_is(con: duckdb.DuckDBPyConnection) -> None:
    good = draw(con, 1, 48, good=True)
    assert {record["verdict"] for record in good} == {"kept", "held_out"}
    assert len(good) == 35


def test_a_seed_draws_the_same_and_another_draws_others(con: duckdb.DuckDBPyConnection) -> None:
    drawn = [[record["record_id"] for record in draw(con, seed, 8, good=True)] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def test_a_sample_brings_the_details_of_the_checks_it_failed(con: duckdb.DuckDBPyConnection) -> None:
    record = next(one for one in draw(con, 1, 48, good=False) if one["record_id"] == "jugs-2/pot/0")
    assert record["failed"] == [
        {"record_id": "jugs-2/pot/0", "check": "solved", "detail": "stopped after 2 s"}
    ]
    assert "stopped after 2 s" in samples(con, 1, 48).body


def test_a_completion_that_cannot_be_read_is_shown_as_it_came(con: duckdb.DuckDBPyConnection) -> None:
    text = Reader(samples(con, 1, 48).body).text
    assert "What was said of jugs-6/eot/0." in text
    assert "What was said of jugs-5/eot/0." not in text
    assert "There is no completion." in text


def test_hostile_text_is_shown_and_does_nothing(con: duckdb.DuckDBPyConnection) -> None:
    reader = Reader(samples(con, 1, 96).body)
    assert "<script>alert(1)</script> ]]> </pre> </style> {{ 7*7 }} {% raw %} &amp; \"'" in reader.text
    assert not {"script", "style", "b"} & set(reader.elements)
    assert not {"\x00", "\x1b"} & set(reader.text)


def test_a_text_without_end_is_cut_and_says_so(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "create or replace view records as"
        f" select * replace (repeat('x', {SHOWN_CHARACTERS + 1500}) as rationale) from found where kept"
    )
    body = samples(con, 1, 2).body
    assert "… 1,500 more characters" in body
    assert "x" * SHOWN_CHARACTERS in body
    assert "x" * (SHOWN_CHARACTERS + 1) not in body


def test_a_corpus_without_rejects_says_there_are_none(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create or replace view records as select * from found where kept")
    text = Reader(samples(con, 1, 20).body).text
    assert "Rejected: 0" in text
    assert "There are none." in text


@pytest.mark.parametrize(
    ("failure", "drop_reason", "outcome", "word", "sentence"),
    [
        (None, None, "correct", "kept", "its answer is the gold answer"),
        (None, None, "supported", "kept", MEANINGS["supported"]),
        (None, "incorrect", "incorrect", "incorrect", DROP_REASONS["incorrect"]),
        ("timeout", "failed", "timeout", "timeout", FAILURES["timeout"]),
    ],
)
def test_a_verdict_names_the_failure_before_the_drop_reason(
    failure: str | None, drop_reason: str | None, outcome: str, word: str, sentence: str
) -> None:
    record = {"failure": failure, "drop_reason": drop_reason, "outcome": outcome}
    assert verdict(record) == (word, sentence)
