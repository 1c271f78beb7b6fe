"""The section `splits`: problem sets, splits, and what each yields."""

import duckdb
import pytest

from tests import jugs
from tests.reader import tables_of
from thoughtmill.factory.pages.splits import splits
from thoughtmill.schemas.fields import SPLITS


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = jugs.opened()
    con.execute("create table found as select * from records")
    return con


def test_a_set_has_a_row_for_each_of_its_splits_train_first(con: duckdb.DuckDBPyConnection) -> None:
    (table,) = tables_of(splits(con).body)
    assert [row[:5] for row in table.rows] == [
        ["jugs", "train", "MIT", "11", "44"],
        ["jugs", "test", "MIT", "1", "4"],
    ]
    assert [row[6] for row in table.rows] == ["31", "0"]


def test_the_split_is_the_one_the_corpus_put_a_problem_in(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create or replace view records as select * replace ('validation' as split) from found")
    (table,) = tables_of(splits(con).body)
    assert [row[1] for row in table.rows] == ["validation"]


def test_a_problem_without_records_is_counted(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create or replace view records as select * from found where problem_id <> 'jugs-9'")
    (table,) = tables_of(splits(con).body)
    assert table.rows[1] == ["jugs", "test", "MIT", "1", "0", "–", "0"]


def test_the_splits_that_occur_are_explained(con: duckdb.DuckDBPyConnection) -> None:
    body = splits(con).body
    assert SPLITS["train"] in body
    assert SPLITS["validation"] not in body
