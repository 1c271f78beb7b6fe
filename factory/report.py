"""Stage `report`: write a page about the corpus, and its numbers for `dvc metrics` and `dvc plots`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from pydantic import Field

from thoughtmill.factory.core import corpus, params, stage, tables
from thoughtmill.factory.core.files import aside, root, write_json
from thoughtmill.factory.pages import explorer
from thoughtmill.factory.pages.agreements import agreements
from thoughtmill.factory.pages.calibration import calibration
from thoughtmill.factory.pages.difficulty import difficulty
from thoughtmill.factory.pages.findings import findings
from thoughtmill.factory.pages.growth import growth
from thoughtmill.factory.pages.headline import headline
from thoughtmill.factory.pages.lengths import lengths
from thoughtmill.factory.pages.magnitudes import magnitudes
from thoughtmill.factory.pages.markup import EXPLORER, ReportSection, render
from thoughtmill.factory.pages.metrics import metrics, plots
from thoughtmill.factory.pages.samples import samples
from thoughtmill.factory.pages.splits import splits
from thoughtmill.factory.pages.teachers import teachers
from thoughtmill.factory.pages.yields import drops, yields


class ReportSettings(params.Section):
    """The section `report` of `params.yaml`."""

    seed: int = Field(1, description="chooses the samples")
    samples: int = Field(20, ge=0, description="records shown to read, half of them good")
    explorer: bool = Field(
        True,
        description="write all records beside the page; `thoughtmill report --serve` needs no files",
    )


def page(
    con: duckdb.DuckDBPyConnection,
    settings: ReportSettings,
    manifest: dict[str, Any],
    more: Sequence[ReportSection] = (),
) -> str:
    """Return the report of a corpus in DuckDB as a self-contained page; `more` adds sections."""
    sections = [
        yields(con),
        drops(con),
        agreements(con),
        difficulty(con),
        splits(con),
        *teachers(con),
        *growth(con),
        magnitudes(con),
        lengths(con),
        findings(con),
        *calibration(con),
        samples(con, settings.seed, settings.samples),
        *more,
    ]
    return str(render("page.html", headline=headline(con, manifest), sections=sections))


def report(data: Path, thoughts: tuple[str, ...], settings: ReportSettings) -> None:
    """Read the tables under `data`, write `report/`, `metrics.json` and `plots/` beside them."""
    with opened(data, thoughts) as (con, manifest):
        write_page(data / "report", page(con, settings, manifest))
        explorer.write(con, data / "report", manifest["data_version"], settings.explorer)
        write_json(data / "metrics.json", metrics(con))
        plots(con, data / "plots")


@contextmanager
def opened(
    data: Path, thoughts: tuple[str, ...]
) -> Iterator[tuple[duckdb.DuckDBPyConnection, dict[str, Any]]]:
    """Yield the tables under `data` in DuckDB, with their manifest."""
    manifest = corpus.read_manifest(data)
    with tables.connect() as con:
        corpus.fill(con, data, thoughts, "view", described=False)
        yield con, manifest


def write_page(folder: Path, html: str) -> None:
    """Write a page as `index.html` of a folder; its links lead to the explorer in the folder `report`."""
    if folder.name != "report":
        html = html.replace(f'href="{EXPLORER}', f'href="../report/{EXPLORER}')  # texts hold no bare quote
    with aside(folder / "index.html") as part:
        part.write_text(html, "utf-8", newline="\n")


def main() -> None:
    """Read all tables, write `data/report/index.html`, `data/metrics.json` and `data/plots/`."""
    report(root() / "data", params.thoughts(), params.section("report", ReportSettings))


if __name__ == "__main__":
    stage.run(main)
