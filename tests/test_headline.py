"""The head of the page: what this corpus is."""

import duckdb
import pytest

from tests import jugs
from tests.reader import Reader
from thoughtmill.factory.pages.headline import headline

MANIFEST = {"data_version": "0123456789abcdef" * 4}


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return jugs.opened()


def words(html: str) -> str:
    return " ".join(Reader(html).text.split())


def test_the_title_sums_the_corpus_up(con: duckdb.DuckDBPyConnection) -> None:
    assert "12 problems and 48 records, 72.9 % of them verified" in words(headline(con, MANIFEST))


def test_twelve_digits_of_the_data_version_are_shown(con: duckdb.DuckDBPyConnection) -> None:
    shown = words(headline(con, MANIFEST))
    assert "Data version 0123456789ab ·" in shown
    assert "0123456789abc" not in shown


def test_the_figures_are_those_of_the_tables(con: duckdb.DuckDBPyConnection) -> None:
    assert "kept for training31 doubtful gold answers1" in words(headline(con, MANIFEST))


def test_who_taught_is_named_with_the_way_it_was_asked(con: duckdb.DuckDBPyConnection) -> None:
    assert "taught by jug-teacher (embedded)" in words(headline(con, MANIFEST))


def test_every_teacher_is_named_and_one_that_is_its_own_model_once(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "create or replace view completions as"
        " select 'embedded' as teacher, 'embedded' as model union all select 'openai', '<b>big</b>'"
    )
    shown = headline(con, MANIFEST)
    assert "taught by embedded · taught by <b>big</b> (openai)" in words(shown)
    assert "<b>" not in shown
