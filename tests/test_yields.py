"""The sections `yield` and `kept`: every record is counted once, under what became of it."""

import duckdb
import pytest

from tests import jugs
from tests.reader import Table, tables_of
from thoughtmill.factory.pages.yields import FAILURE_TONES, MEANINGS, drops, tones, yields
from thoughtmill.schemas.fields import FAILURES


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return jugs.opened()


def named(tables: list[Table], word: str) -> Table:
    (only,) = [table for table in tables if word in table.caption]
    return only


def test_each_thought_has_a_table_whose_records_add_up(con: duckdb.DuckDBPyConnection) -> None:
    tables = tables_of(yields(con).body)
    assert [table.caption.split()[3] for table in tables] == sorted(jugs.THOUGHTS)
    for table in tables:
        assert sum(int(row[1]) for row in table.rows) == jugs.PROBLEMS


def test_outcomes_come_with_their_numbers_and_meanings(con: duckdb.DuckDBPyConnection) -> None:
    pot = named(tables_of(yields(con).body), "of pot")
    assert [(row[0].split()[0], row[1], row[3]) for row in pot.rows] == [
        ("correct", "9", "7"),
        ("incorrect", "1", "0"),
        ("unanswered", "1", "0"),
        ("timeout", "1", "0"),
    ]
    assert MEANINGS["timeout"] in pot.rows[-1][0]


def test_knowledge_is_verified_by_another_thought_and_only_checked_without_it(
    con: duckdb.DuckDBPyConnection,
) -> None:
    knowledge = named(tables_of(yields(con).body), "of knowledge")
    assert [(row[0].split()[0], row[1]) for row in knowledge.rows[:2]] == [
        ("supported", "9"),
        ("checked", "1"),
    ]
    assert "75.0\N{NO-BREAK SPACE}% verified" in yields(con).body


def test_an_outcome_has_one_colour_in_all_thoughts() -> None:
    found = tones([{"correct", "incorrect", "timeout"}, {"correct", "unparsable"}])
    assert found["correct"] == "good"
    assert found["incorrect"] == "wrong"
    assert len(set(found.values())) == 4


def test_failures_of_one_thought_share_a_colour_only_when_none_is_left() -> None:
    names = list(FAILURES)
    thoughts = [set(names[start : start + FAILURE_TONES]) for start in range(0, len(names), FAILURE_TONES)]
    thoughts.append({names[0], names[FAILURE_TONES]})
    found = tones(thoughts)
    for outcomes in thoughts:
        assert len({found[name] for name in outcomes}) == len(outcomes)


def test_every_failure_has_a_colour_that_the_style_knows() -> None:
    assert set(tones([set(FAILURES)]).values()) == {f"failure-{tone}" for tone in range(FAILURE_TONES)}


def test_every_record_is_kept_or_dropped_for_one_reason(con: duckdb.DuckDBPyConnection) -> None:
    (table,) = tables_of(drops(con).body)
    assert table.heads == ["Reason", *sorted(jugs.THOUGHTS)]
    for column in range(1, len(table.heads)):
        assert sum(int(row[column]) for row in table.rows) == jugs.PROBLEMS


def test_only_reasons_that_occur_are_listed_and_in_the_order_they_apply(
    con: duckdb.DuckDBPyConnection,
) -> None:
    (table,) = tables_of(drops(con).body)
    reasons = [row[0].split()[0] for row in table.rows]
    assert reasons == ["kept", "failed", "incorrect", "duplicate_rationale", "held_out"]
    assert table.rows[3][1:] == ["0", "0", "0", "1"]
