"""The numbers of a corpus for `dvc metrics` and `dvc plots`."""

import csv
from pathlib import Path

import duckdb
import pytest
import yaml

from tests import jugs
from thoughtmill.factory.pages.metrics import PLOTS, metrics, plots

ROOT = Path(__file__).parents[1]


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return jugs.opened()


def test_the_metrics_are_the_numbers_of_the_corpus(con: duckdb.DuckDBPyConnection) -> None:
    found = metrics(con)
    assert found["problems"] == 12
    assert found["thoughts"]["eot"] == {
        "records": 12,
        "verified": 8,
        "kept": 7,
        "failures": 3,
        "verified_share": 0.6667,
    }
    assert found["agreement"] == {
        "any_correct_share": 0.8333,
        "agreed_correct_share": 0.8333,
        "unanimous_share": 0.8333,
        "unanimous_correct_share": 0.9,
        "doubtful_golds": 1,
    }


def test_the_metrics_hold_what_the_completions_cost(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "create or replace temp table completions as select * replace (0.25 as cost_usd) from completions"
    )
    assert metrics(con)["cost"] == {
        "prompt_tokens": 4800,
        "completion_tokens": 960,
        "cost_usd": 12.0,
        "cost_per_verified_record_usd": 0.342857,
    }


def test_an_unknown_price_is_null_and_not_nothing(con: duckdb.DuckDBPyConnection) -> None:
    cost = metrics(con)["cost"]
    assert (cost["cost_usd"], cost["cost_per_verified_record_usd"]) == (None, None)


def test_each_plot_is_a_file_of_rows_with_a_heading(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    plots(con, tmp_path)
    drawn = {name: list(csv.DictReader((tmp_path / f"{name}.csv").open())) for name in PLOTS}
    assert {"outcome": "eot: correct", "records": "8"} in drawn["yield"]
    assert drawn["agreement"][0] == {"agreement": "3 of 3 thoughts agree", "problems": "7"}
    assert drawn["cost"][0] == {
        "thought": "cot",
        "completion_tokens_per_verified_record": "26.67",
        "cost_per_verified_record_usd": "",
    }


def test_each_plot_is_drawn_from_columns_that_its_file_has(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    plots(con, tmp_path)
    stage = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["report"]
    drawn = {Path(file).stem: how for entry in stage["plots"] for file, how in entry.items()}
    assert drawn.keys() == PLOTS.keys()
    for name, how in drawn.items():
        heading = (tmp_path / f"{name}.csv").read_text().splitlines()[0].split(",")
        assert {how["x"], how["y"]} <= set(heading)
