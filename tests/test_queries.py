"""Rows of SQL: named, in order, and an error of the database is one line."""

import duckdb
import pytest

from tests import jugs
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.pages.queries import THOUGHTS, row, rows


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


def test_verified_is_what_was_compared_with_a_gold_answer_and_rules_beside_it() -> None:
    con = jugs.opened()
    con.execute("create table judged as from records")
    outcome = "select record_id, outcome, verified from verdicts"
    found = {one["record_id"]: (one["outcome"], one["verified"]) for one in rows(con, outcome)}
    assert found["jugs-0/cot/0"] == ("correct", True)
    assert found["jugs-1/cot/0"] == ("incorrect", False)
    assert found["jugs-1/knowledge/0"] == ("supported", True)
    assert found["jugs-4/knowledge/0"] == ("checked", False)  # all other thoughts of its problem are wrong
    assert found["jugs-0/knowledge/0"] == ("not_general", False)


def test_rules_beside_an_answer_that_is_right_by_chance_are_only_checked() -> None:
    con = jugs.opened()
    con.execute("create table judged as from records")
    con.execute(
        "create or replace view records as select * replace"
        " (if(correct, 'right_by_chance', drop_reason) as drop_reason) from judged"
    )
    counted = rows(
        con, "select outcome, count(*)::integer as records from verdicts group by all order by all"
    )
    found = {row["outcome"]: row["records"] for row in counted}
    assert found["right_by_chance"] > 20
    assert found["checked"] == 10
    assert not {"correct", "supported"} & found.keys()


def test_the_view_of_costs_counts_the_same_records_as_verified() -> None:
    con = jugs.opened()
    costs = rows(
        con, "select thought, sum(verified_records)::integer as verified from cost group by all order by all"
    )
    assert costs == [{"thought": row["thought"], "verified": row["verified"]} for row in rows(con, THOUGHTS)]
    assert {row["thought"] for row in costs if row["verified"]} >= {"knowledge", "pot"}
