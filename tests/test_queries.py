"""Rows of SQL: named, in order, and an error of the database is one line."""

import duckdb
import pytest

from tests import jugs
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.pages.queries import THOUGHTS, VERIFIED, row, rows


def test_a_row_names_its_columns_in_their_order() -> None:
    found = rows(duckdb.connect(), "select 1 as b, 'x' as a union all select 2, 'y' order by b")
    assert [list(one.items()) for one in found] == [[("b", 1), ("a", "x")], [("b", 2), ("a", "y")]]


def test_a_parameter_is_a_value_and_never_sql() -> None:
    found = row(duckdb.connect(), "select $text as text", text="'; drop table records; --")
    assert found == {"text": "'; drop table records; --"}


def test_a_broken_query_is_one_line() -> None:
    with pytest.raises(ThoughtmillError, match="nowhere") as raised:
        rows(duckdb.connect(), "select * from nowhere")
    assert "\n" not in str(raised.value)


def test_verified_is_correct_or_passed_without_an_answer() -> None:
    con = jugs.opened()
    found = rows(con, f"select failure, correct, {VERIFIED} as verified from records group by all")
    assert all(one["verified"] == (one["failure"] is None and one["correct"] is not False) for one in found)
    assert {one["verified"] for one in found} == {True, False}


def test_the_view_of_costs_counts_the_same_records_as_verified() -> None:
    con = jugs.opened()
    costs = rows(
        con, "select thought, sum(verified_records)::integer as verified from cost group by all order by all"
    )
    assert costs == [{"thought": row["thought"], "verified": row["verified"]} for row in rows(con, THOUGHTS)]
    assert {row["thought"] for row in costs if row["verified"]} >= {"knowledge", "pot"}
