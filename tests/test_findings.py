"""The section `checks`: passed, failed and what does not apply are three things."""

import duckdb
import pytest

from tests import jugs
from tests.reader import tables_of
from thoughtmill.factory.pages.findings import findings
from thoughtmill.factory.pages.meanings import meaning


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return jugs.opened()


def test_a_row_counts_one_check_in_one_thought(con: duckdb.DuckDBPyConnection) -> None:
    (table,) = tables_of(findings(con).body)
    found = {(row[0].split()[0], row[1]): row[3:] for row in table.rows}
    assert found["solved", "pot"] == ["10", "2", "0"]
    assert found["steps", "cot"] == ["10", "1", "1"]
    assert found["steps", "knowledge"] == ["0", "0", "12"]


def test_every_record_is_in_each_check_once(con: duckdb.DuckDBPyConnection) -> None:
    (table,) = tables_of(findings(con).body)
    assert len(table.rows) == 2 * len(jugs.THOUGHTS)
    assert {sum(map(int, row[3:])) for row in table.rows} == {jugs.PROBLEMS}


def test_rows_are_sorted_by_check_then_thought(con: duckdb.DuckDBPyConnection) -> None:
    (table,) = tables_of(findings(con).body)
    named = [(row[0].split()[0], row[1]) for row in table.rows]
    assert named == sorted(named)


def test_a_check_is_explained_where_it_is_first_named(con: duckdb.DuckDBPyConnection) -> None:
    (table,) = tables_of(findings(con).body)
    explained = [row[0] for row in table.rows if " " in row[0]]
    assert [words.split()[0] for words in explained] == ["solved", "steps"]
    assert explained[1] == f"steps {meaning('steps')}"


def test_what_does_not_apply_is_drawn_apart(con: duckdb.DuckDBPyConnection) -> None:
    body = findings(con).body
    assert 'class="none"' in body
    assert "not applicable: 12 (100\N{NO-BREAK SPACE}%)" in body
