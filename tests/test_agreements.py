"""The section `agreement`: thoughts side by side, and the gold answers they speak against."""

import duckdb
import pytest

from tests import jugs
from tests.reader import tables_of
from thoughtmill.factory.pages.agreements import agreements, shares

ALL = "select *, '' as detail, 2 as records_with_other from problems"


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return jugs.opened()


def test_the_shares_count_problems_once(con: duckdb.DuckDBPyConnection) -> None:
    assert shares(con) == {
        "problems": 12,
        "answered": 11,
        "any_correct": 10,
        "agreed_correct": 10,
        "unanimous": 10,
        "unanimous_correct": 9,
        "doubtful_golds": 1,
    }


def test_levels_come_from_full_agreement_down_and_add_up(con: duckdb.DuckDBPyConnection) -> None:
    levels, _ = tables_of(agreements(con).body)
    assert [row[0] for row in levels.rows] == ["3 of 3", "2 of 2", "2 of 3", "no answer"]
    assert [int(row[2]) for row in levels.rows] == [7, 3, 1, 1]


def test_a_level_says_how_often_the_agreed_answer_is_right(con: duckdb.DuckDBPyConnection) -> None:
    levels, _ = tables_of(agreements(con).body)
    assert [row[4].split()[0] for row in levels.rows] == ["85.7", "100", "100", "–"]


def test_a_problem_whose_thoughts_all_agree_against_gold_is_doubtful(con: duckdb.DuckDBPyConnection) -> None:
    section = agreements(con)
    _, doubtful = tables_of(section.body)
    assert doubtful.rows == [["jugs-4", "18", "all thoughts agree on 7"]]
    assert "Doubtful gold answers: 1" in section.body


def test_a_corpus_without_doubtful_gold_answers_shows_no_table_of_them(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute(f"create or replace view doubtful_golds as {ALL} where false")
    assert len(tables_of(agreements(con).body)) == 1


def test_only_the_first_doubtful_ones_are_shown_and_all_are_counted(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(f"create or replace view doubtful_golds as {ALL}")
    section = agreements(con)
    _, doubtful = tables_of(section.body)
    assert doubtful.caption == "The first 10"
    assert "Doubtful gold answers: 12" in section.body
