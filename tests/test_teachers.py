"""The section `teachers`: who wrote what, how much of it is verified, and at which price."""

import duckdb
import pytest

from tests import jugs
from tests.reader import tables_of
from thoughtmill.factory.pages.queries import rows
from thoughtmill.factory.pages.teachers import teachers


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = jugs.opened()
    con.execute("create table said as select * from completions")
    return con


def two(con: duckdb.DuckDBPyConnection) -> None:
    """Let another teacher write the program of the last problem a second time, right."""
    con.execute(
        "create or replace view completions as from said union all select * replace "
        "(completion_id || '!' as completion_id, 1 as sample, 'strong' as teacher, 'large' as model,"
        " 1.0 as cost_usd) from said where thought = 'pot' and problem_id in ('jugs-0', 'jugs-2')"
    )
    con.execute("create table judged as select * from records")
    con.execute(
        "create or replace view records as from judged union all select * replace "
        "(record_id || '!' as record_id, completion_id || '!' as completion_id, 1 as sample, null as failure,"
        " true as correct) from judged where thought = 'pot' and problem_id in ('jugs-0', 'jugs-2')"
    )


def test_a_row_tells_what_a_teacher_wrote_of_a_thought_and_its_price(con: duckdb.DuckDBPyConnection) -> None:
    (section,) = teachers(con)
    (table,) = tables_of(section.body)
    (pot,) = [row for row in table.rows if row[0] == "pot"]
    assert pot[:6] == ["pot", "embedded", "jug-teacher", "12", "12", "75.0 %"]
    assert "Solved alone" not in table.heads


def test_several_teachers_are_compared_also_by_the_problems_that_only_one_solved(
    con: duckdb.DuckDBPyConnection,
) -> None:
    two(con)
    (section,) = teachers(con)
    (table,) = tables_of(section.body)
    alone = {(row[0], row[1]): row[6] for row in table.rows}
    assert (alone["pot", "strong"], alone["pot", "embedded"]) == ("1", "8")
    (strong,) = rows(con, "from teachers where teacher = 'strong'")
    assert (strong["completions"], strong["verified_problems"], strong["cost_per_verified_record_usd"]) == (
        2, 2, 1.0,
    )  # fmt: skip


def test_one_teacher_that_is_free_needs_no_section(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "create or replace view completions as select * replace"
        " (0.0 as cost_usd, null as completion_tokens) from said"
    )
    assert teachers(con) == []


def test_thinking_is_counted_in_the_cost(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create or replace view completions as select * replace (7 as reasoning_tokens) from said")
    found = rows(con, "select distinct reasoning_tokens from cost where thought = 'pot'")
    assert found == [{"reasoning_tokens": 12 * 7}]


def test_what_growths_made_is_no_teachers_work(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "create or replace view completions as select * replace"
        " (if(problem_id = 'jugs-0', 'inherited', teacher) as teacher) from said"
    )
    found = rows(con, "select distinct teacher, problems from teachers")
    assert found == [{"teacher": "embedded", "problems": jugs.PROBLEMS - 1}]
