"""Stage `report`: a page that needs nothing but itself, and is the same whenever the corpus is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests import jugs
from tests.commands import run_stage
from tests.reader import Reader, tables_of
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.pages.markup import EXPLORER
from thoughtmill.factory.pages.metrics import PLOTS
from thoughtmill.factory.report import ReportSettings, main, page, report

MANIFEST = {"data_version": "f" * 64}


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return jugs.opened()


@pytest.fixture(scope="module")
def shown(con: duckdb.DuckDBPyConnection) -> str:
    return page(con, ReportSettings(), MANIFEST)


def test_the_page_asks_nothing_of_the_outside(shown: str) -> None:
    reader = Reader(shown)
    assert not {"script", "link", "img", "iframe", "object", "base", "form"} & set(reader.elements)
    assert all(address.startswith(("#", f"{EXPLORER}#")) for address in reader.addresses)
    assert "url(" not in shown
    assert "@import" not in shown
    assert "default-src 'none'" in shown


def test_no_text_of_a_problem_becomes_a_part_of_the_page(shown: str) -> None:
    reader = Reader(shown)
    assert "<script>alert" not in shown
    assert reader.elements.count("style") == 1
    assert not reader.handlers


def test_every_link_leads_to_a_section_or_to_records(shown: str) -> None:
    addresses = Reader(shown).addresses
    assert f"{EXPLORER}#thought=pot&outcome=timeout" in addresses
    assert f"{EXPLORER}#problem=jugs-4" in addresses
    for address in (address for address in addresses if not address.startswith(EXPLORER)):
        assert f'<section id="{address[1:]}"' in shown


def test_the_page_shows_what_the_corpus_is(shown: str) -> None:
    titles = ["Yield", "Agreement", "Problem sets and splits", "Answers", "Lengths", "Checks", "Samples"]
    assert all(f">{title}</h2>" in shown for title in titles)
    assert Reader(shown).elements.count("h1") == 1


def test_every_table_has_a_caption_and_every_chart_a_label(shown: str) -> None:
    assert all(table.caption for table in tables_of(shown))
    assert shown.count("<svg") == shown.count('role="img" aria-label="') > 10


def test_every_colour_that_is_used_is_in_the_style(shown: str) -> None:
    style = shown.split("</style>", maxsplit=1)[0]
    used = {part.split('"')[0] for part in shown.split('<rect class="')[1:]}
    assert {"good", "wrong", "none", "plain", "failure-0"} <= used
    assert all(f".{tone} {{ fill: " in style for tone in used)


def test_the_settings_choose_how_many_samples_there_are(con: duckdb.DuckDBPyConnection) -> None:
    found = page(con, ReportSettings(samples=4), MANIFEST)
    assert found.count('class="card sample') == 4


def test_two_runs_in_two_folders_write_the_same_bytes(tmp_path: Path) -> None:
    root = Path(__file__).parents[1]
    written = []
    for seed in ("1", "that of this process"):
        folder = tmp_path / seed
        folder.mkdir()
        (folder / "params.yaml").write_text(json.dumps({"thoughts": list(jugs.THOUGHTS)}))
        (folder / "dvc.yaml").write_text("stages: {}\n")
        jugs.build(folder / "data")
        if seed == "that of this process":
            assert run_stage(main, folder).returncode == 0
        else:
            environment = os.environ | {"PYTHONPATH": str(root), "PYTHONHASHSEED": seed}
            words = [sys.executable, "-m", "thoughtmill.factory.report"]
            subprocess.run(words, cwd=folder, env=environment, check=True)
        names = (
            "report/index.html",
            "metrics.json",
            "report/explore/meta.js",
            *(f"plots/{name}.csv" for name in PLOTS),
        )
        written.append([(folder / "data" / name).read_bytes() for name in names])
    assert written[0] == written[1]
    assert json.loads(written[0][1])["problems"] == jugs.PROBLEMS


def test_nothing_but_the_page_the_metrics_and_the_plots_is_left_behind(tmp_path: Path) -> None:
    jugs.build(tmp_path)
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    report(tmp_path, jugs.THOUGHTS, ReportSettings())
    after = {path for path in tmp_path.rglob("*") if path.is_file()}
    names = {
        "metrics.json",
        "report/index.html",
        "report/explore.html",
        *(f"plots/{name}.csv" for name in PLOTS),
    }
    left = {str(path.relative_to(tmp_path)) for path in after - before}
    assert {name for name in left if not name.startswith("report/explore/")} == names


@pytest.mark.parametrize("missing", ["manifest.json", "records.parquet"])
def test_a_missing_file_is_named_and_the_old_page_stays(tmp_path: Path, missing: str) -> None:
    jugs.build(tmp_path)
    settings = ReportSettings(explorer=False)
    report(tmp_path, jugs.THOUGHTS, settings)
    old = (tmp_path / "report" / "index.html").read_bytes()
    (tmp_path / missing).unlink()
    with pytest.raises(ThoughtmillError, match=missing):
        report(tmp_path, jugs.THOUGHTS, settings)
    assert (tmp_path / "report" / "index.html").read_bytes() == old
