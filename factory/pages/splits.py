"""The section `splits`: the problem sets, the splits their problems are in, and what each yields."""

import duckdb

from thoughtmill.factory.pages import queries
from thoughtmill.factory.pages.markup import ReportSection, render
from thoughtmill.factory.pages.queries import rows
from thoughtmill.schemas.fields import SPLITS


def splits(con: duckdb.DuckDBPyConnection) -> ReportSection:
    """Return a row per problem set and split."""
    found = rows(con, queries.SPLITS)
    found.sort(key=lambda row: (row["source"], list(SPLITS).index(row["split"])))
    present = {row["split"] for row in found}
    meanings = {split: words for split, words in SPLITS.items() if split in present}
    return ReportSection(
        "splits", "Problem sets and splits", render("splits.html", rows=found, meanings=meanings)
    )
