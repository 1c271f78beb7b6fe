"""A slice holds neighbouring problems with all that is about them."""

from itertools import chain
from pathlib import Path

import duckdb
import pytest

from tests.small_corpus import THOUGHTS
from thoughtmill.factory.core import connections, corpus
from thoughtmill.factory.core.slices import Slice, SliceFile, opened, slices, sources

KEYED = {"problems": "problem_id", "records": "record_id", "completions": "completion_id"}


def records(*problems: str) -> duckdb.DuckDBPyConnection:
    """Return a database with two records of each problem."""
    con = connections.connect()
    con.execute("create table records(record_id varchar, problem_id varchar)")
    for problem in problems:
        for thought in ("cot", "pot"):
            con.execute("insert into records values (?, ?)", [f"{problem}/{thought}/0", problem])
    return con


def ids(con: duckdb.DuckDBPyConnection, table: str, column: str) -> list[str]:
    return [row[0] for row in con.execute(f"select {column} from {table} order by 1").fetchall()]


@pytest.mark.parametrize(("rows", "starts"), [(2, ["a", "b", "c", "d"]), (4, ["a", "b", "d"]), (100, ["a"])])
def test_a_slice_has_about_so_many_records(rows: int, starts: list[str]) -> None:
    assert [part.problem_id for part in slices(records(*"abcd"), rows)] == starts


def test_no_cut_parts_problems_whose_records_are_ordered_otherwise() -> None:
    con = records("a", "a-1", "b", "b/d", "c")  # `b/d/cot/0` is between the records of `b`
    found = slices(con, 1)
    assert found == [
        Slice("a-1/cot/0", "a", "b/cot/0", "b"),
        Slice("b/cot/0", "b", "c/cot/0", "c"),
        Slice("c/cot/0", "c", None, None),
    ]
    by_record = [ids(con, f"records where {part.holds('record_id')}", "record_id") for part in found]
    assert by_record == [ids(con, f"records where {part.holds('problem_id')}", "record_id") for part in found]
    assert [*chain(*by_record)] == ids(con, "records", "record_id")


def test_an_empty_corpus_has_no_slice() -> None:
    assert slices(records(), 10) == []


def test_slices_hold_each_row_of_a_corpus_once(built_corpus: Path) -> None:
    whole = connections.connect()
    corpus.fill(whole, built_corpus, THOUGHTS, "view")
    parts = [opened(sources(built_corpus, THOUGHTS), part) for part in slices(whole, 1)]
    assert len(parts) > 1
    for table, key in KEYED.items():
        assert [*chain(*(ids(part, table, key) for part in parts))] == ids(whole, table, key)
    verdicts = "select * from verdicts order by record_id"
    sliced = (part.execute(verdicts).fetchall() for part in parts)
    assert [*chain(*sliced)] == whole.execute(verdicts).fetchall()


@pytest.mark.parametrize(
    ("low", "high", "meets"),
    [("a", "b", False), ("a", "c", True), ("d", "d", True), ("a", "z", True), ("e", "f", False)],
)
def test_a_file_meets_a_slice_if_it_may_hold_a_row_of_it(low: str, high: str, meets: bool) -> None:
    part = Slice("c/cot/0", "c", "e/cot/0", "e")
    assert SliceFile("problems", Path("problems.parquet"), "problem_id", low, high).meets(part) is meets
    assert SliceFile("prompts", Path("prompts.parquet"), None).meets(part)


def test_the_last_slice_takes_all_files_behind_it() -> None:
    part = Slice("c/cot/0", "c", None, None)
    assert SliceFile("records", Path("records.parquet"), "record_id", "x/cot/0", "y/cot/0").meets(part)
    assert not SliceFile("records", Path("records.parquet"), "record_id", "a/cot/0", "b/cot/0").meets(part)
