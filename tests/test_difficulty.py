"""The section `difficulty`: how often records are right, by what their problems are and how long."""

from pathlib import Path

import duckdb

from tests import jugs
from tests.reader import tables_of
from thoughtmill.factory.core import corpus, tables
from thoughtmill.factory.pages.difficulty import difficulty
from thoughtmill.schemas import Problems


def test_a_group_counts_the_records_that_have_a_verdict_or_a_failure(tmp_path: Path) -> None:
    jugs.build(tmp_path)
    path = tmp_path / "problems.parquet"
    levels = {"jugs-1": "Level 1", "jugs-4": "Level 2", "jugs-6": "Level 2"}
    rows = [row | {"level": levels.get(row["problem_id"])} for row in list(tables.rows_of(path))]
    tables.write(path, Problems, rows)
    with tables.connect() as con:
        corpus.fill(con, tmp_path, jugs.THOUGHTS, "view")
        body = difficulty(con).body
    (table,) = [table for table in tables_of(body) if table.caption.startswith("Level")]
    assert [(row[0], *row[2:]) for row in table.rows] == [
        ("Level 1", "3", "66.7 %"),  # cot is wrong, and rules have no verdict
        ("Level 2", "6", "33.3 %"),  # three are wrong, and one cannot be read
    ]
    assert 'href="explore.html#level=Level+2"' in body


def test_lengths_are_in_groups_that_hold_every_record_once() -> None:
    con: duckdb.DuckDBPyConnection = jugs.opened()
    wanted = con.execute(
        "select count(*) from records where correct is not null or failure is not null"
    ).fetchone()
    tables = [table for table in tables_of(difficulty(con).body) if "of" in table.caption.split(":")[0]]
    assert tables
    assert all((sum(int(row[2]) for row in table.rows),) == wanted for table in tables)


def test_a_corpus_without_verdicts_says_so() -> None:
    with duckdb.connect() as con:
        con.execute("create table problems(problem_id text, problem text, level text, subject text)")
        con.execute(
            "create table records(problem_id text, completion_id text, correct boolean, failure text)"
        )
        con.execute("create table completions(completion_id text, completion text, reasoning text)")
        assert "There is nothing to compare." in difficulty(con).body
