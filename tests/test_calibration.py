"""The section `scores`: what checks say of being right is learnt on train, and tried on other records."""

import duckdb
import pytest

from tests import jugs
from tests.reader import tables_of
from thoughtmill.factory.pages.calibration import calibration


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    """Return a corpus in which `steps` tells right records from wrong ones, and `sign` does not."""
    con = jugs.opened()
    con.execute("""
        create or replace view records as
        select 'r' || n as record_id, 'p' || n as problem_id, 'cot' as thought, 0 as sample,
            case when n < 80 then 'train' else 'test' end as split,
            case when n < 98 then '7' end as predicted_answer,
            case when n < 96 then n % 4 > 0 end as correct, null as failure, n < 80 as kept
        from range(100) t(n)
    """)
    con.execute("""
        create or replace view checks as
        select 'r' || n as record_id, c as "check",
            case c when 'steps' then n % 4 > 0 when 'equal_by' then n % 4 > 0 else n % 3 = 0 end as passed,
            null as detail
        from range(100) t(n), (select unnest(['steps', 'sign', 'equal_by']) as c)
    """)
    return con


def weights(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, bool], float]:
    found = con.execute('select "check", passed, weight from check_weights').fetchall()
    return {(check, passed): weight for check, passed, weight in found}


def test_a_check_weighs_what_it_says_of_being_right_on_train(con: duckdb.DuckDBPyConnection) -> None:
    found = weights(con)
    assert found["steps", True] > 2
    assert found["steps", False] < -2
    assert abs(found["sign", True]) < 1


def test_what_knows_the_gold_answer_has_no_weight(con: duckdb.DuckDBPyConnection) -> None:
    assert {check for check, _ in weights(con)} == {"steps", "sign"}


def test_every_record_with_an_answer_has_a_score_also_where_its_verdict_is_unknown(
    con: duckdb.DuckDBPyConnection,
) -> None:
    scores = dict(con.execute("select record_id, score from scores").fetchall())
    assert len(scores) == 98
    assert scores["r97"] > 0.9  # its steps are right
    assert scores["r96"] < 0.1


def test_the_score_of_a_record_outside_train_does_not_depend_on_its_verdict(
    con: duckdb.DuckDBPyConnection,
) -> None:
    before = con.execute("select score from scores where record_id = 'r95'").fetchone()
    con.execute("create table found as from records")
    con.execute("""
        create or replace view records as
        select * replace (correct and record_id <> 'r95' as correct) from found
    """)
    assert con.execute("select score from scores where record_id = 'r95'").fetchone() == before


def test_the_page_shows_only_records_outside_train_by_their_score(con: duckdb.DuckDBPyConnection) -> None:
    (section,) = calibration(con)
    tenths, thoughts = tables_of(section.body)
    assert sum(int(row[1]) for row in tenths.rows) == 16
    assert [row[0] for row in tenths.rows][-1] == "0.9 to 1.0"
    assert (tenths.rows[0][3], tenths.rows[-1][3]) == ("0.000", "1.000")
    ((thought, records, share, brier, without),) = thoughts.rows
    assert (thought, records, share, without) == ("cot", "16", "0.750", "0.1875")
    assert float(brier) < 0.01


def test_without_verdicts_outside_train_there_is_no_section() -> None:
    con = jugs.opened()
    con.execute("create table found as from records")
    con.execute("create or replace view records as select * replace ('train' as split) from found")
    assert calibration(con) == []
