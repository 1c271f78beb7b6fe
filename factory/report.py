"""Stage `report`: one page to read the corpus by, and its numbers for `dvc metrics`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import UndefinedError
from pydantic import Field

from thoughtmill.factory.core import corpus, params, stage, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import aside, existing, root, write_json
from thoughtmill.factory.pages.agreements import agreements, shares
from thoughtmill.factory.pages.findings import findings
from thoughtmill.factory.pages.headline import headline
from thoughtmill.factory.pages.lengths import lengths
from thoughtmill.factory.pages.magnitudes import magnitudes
from thoughtmill.factory.pages.markup import Section, render
from thoughtmill.factory.pages.queries import VERIFIED, rows
from thoughtmill.factory.pages.samples import samples
from thoughtmill.factory.pages.splits import splits
from thoughtmill.factory.pages.students import students
from thoughtmill.factory.pages.yields import drops, yields


class ReportSettings(params.Section):
    """The section `report` of `params.yaml`."""

    seed: int = Field(1, description="chooses the samples")
    samples: int = Field(20, ge=0, description="records shown to read, half of them good")


def page(
    con: duckdb.DuckDBPyConnection,
    settings: ReportSettings,
    manifest: dict[str, Any],
    answered: Sequence[Section] = (),
) -> str:
    """Return the page of a corpus in DuckDB, and of what students answered: it needs nothing but itself."""
    sections = [
        yields(con),
        drops(con),
        agreements(con),
        splits(con),
        magnitudes(con),
        lengths(con),
        findings(con),
        samples(con, settings.seed, settings.samples),
        *answered,
    ]
    return str(render("page.html", headline=headline(con, manifest), sections=sections))


def metrics(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return the numbers to compare two corpora by: per thought, and of the thoughts' agreement."""
    thoughts = rows(
        con,
        f"""
        select
            thought,
            count(*) as records,
            count(*) filter ({VERIFIED}) as verified,
            count(*) filter (kept) as kept,
            count(failure) as failures,
            round(avg({VERIFIED}::integer), 4) as verified_share
        from records group by thought order by thought
        """,
    )
    agreed = shares(con)
    return {
        "problems": agreed["problems"],
        "thoughts": {one.pop("thought"): one for one in thoughts},
        "agreement": {
            "any_correct_share": _share(agreed["any_correct"], agreed["problems"]),
            "agreed_correct_share": _share(agreed["agreed_correct"], agreed["problems"]),
            "unanimous_share": _share(agreed["unanimous"], agreed["problems"]),
            "unanimous_correct_share": _share(agreed["unanimous_correct"], agreed["unanimous"]),
            "suspect_gold": agreed["suspect_gold"],
        },
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def report(data: Path, thoughts: tuple[str, ...], settings: ReportSettings) -> None:
    """Read the tables under `data`, write `report/index.html` and `metrics.json` beside them.

    Where no student has answered, there is no `students.json`, and the page says nothing of students.
    """
    manifest = json.loads(existing(data / "manifest.json", "run `dvc repro` to build it").read_text("utf-8"))
    with tables.connect() as con:
        corpus.fill(con, data, thoughts, "view")
        answered = _answered(data / "students.json", manifest["data_version"])
        html, numbers = page(con, settings, manifest, answered), metrics(con)
    with aside(data / "report" / "index.html") as part:
        part.write_text(html, "utf-8", newline="\n")
    write_json(data / "metrics.json", numbers)


def _answered(file: Path, data_version: str) -> list[Section]:
    """Return the section of what students answered, if any did; refuse a file of another form."""
    try:
        found = json.loads(file.read_text("utf-8")) if file.exists() else None
        return [students(found, data_version)] if found else []
    except (ValueError, LookupError, TypeError, UndefinedError) as error:
        raise ThoughtmillError(
            f"{file} is torn or of an older form: build it anew with `dvc repro`"
        ) from error


def main() -> None:
    """Read all tables and what students answered, write `data/report/index.html` and `data/metrics.json`."""
    report(root() / "data", params.thoughts(), params.section("report", ReportSettings))


if __name__ == "__main__":
    stage.run(main)
