"""The plots of the dataset card say in characters what SQL counts."""

import duckdb
import pytest

from tests import jugs
from thoughtmill.factory.core import corpus
from thoughtmill.factory.core.connections import connect
from thoughtmill.factory.pages.plots import WIDTH, bar, how_alike, how_hard, how_long, plots, sparkline


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return jugs.opened()


def cells(table: str) -> list[list[str]]:
    """Return the cells of the rows of a table in Markdown."""
    lines = [line for line in table.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_problems_are_counted_by_how_many_of_their_records_are_right(con: duckdb.DuckDBPyConnection) -> None:
    found = {name: (int(count), len(plot)) for name, count, plot in cells(how_hard(con))}
    assert found == {
        "none": (2, 8), "under three quarters": (4, 16), "most": (1, 4), "all": (5, WIDTH),
    }  # fmt: skip


def test_problems_are_counted_by_how_many_thoughts_agree(con: duckdb.DuckDBPyConnection) -> None:
    assert cells(how_alike(con)) == [
        ["2 of 2", "3", "█" * 9, "100.0 %"], ["2 of 3", "1", "█" * 3, "100.0 %"],
        ["3 of 3", "7", "█" * WIDTH, "85.7 %"],
    ]  # fmt: skip


def test_lengths_of_all_thoughts_are_plotted_on_one_scale(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "insert into lengths select record_id, 1, 1, if(thought = 'cot', 159, 10) from records"
        " where thought in ('cot', 'pot')"
    )
    shown = how_long(con)
    assert "(plots from 0 to 159)" in shown
    assert cells(shown) == [
        ["cot", "12", "159", "159", f"`{' ' * 15}█`"], ["pot", "12", "10", "10", f"` █{' ' * 14}`"],
    ]  # fmt: skip


def test_an_empty_corpus_has_no_plots() -> None:
    with connect() as con:
        corpus.fill_from(con, {}, "view")
        assert not plots(con)


def test_what_is_small_is_seen_and_nothing_is_not() -> None:
    assert (bar(1, 10_000), bar(0, 5), bar(0, 0)) == ("█", "", "")
    assert sparkline([0, 1, 10_000]) == " ▁█"
