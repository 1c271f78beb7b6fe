"""The section `teachers`: completions, verified records and price of each teacher and model."""

import duckdb

from thoughtmill.factory.pages.charts import Part, stacked
from thoughtmill.factory.pages.markup import ReportSection, render
from thoughtmill.factory.pages.queries import Row, rows

TEACHERS = "from teachers order by thought, teacher, model"
COST = "cost_per_verified_record_usd"
PARTS = 1000
"""The bar of the dearest."""


def teachers(con: duckdb.DuckDBPyConnection) -> list[ReportSection]:
    """Return a row per thought, teacher and model; no section for one teacher that is free."""
    found = rows(con, TEACHERS)
    several = len({(row["teacher"], row["model"]) for row in found}) > 1
    if not several and not any(row["cost_usd"] or row["completion_tokens"] for row in found):
        return []
    dearest = max((row[COST] or 0 for row in found), default=0)
    for row in found:
        row["bar"] = _bar(row, dearest)
    return [ReportSection("teachers", "Teachers", render("teachers.html", rows=found, several=several))]


def _bar(row: Row, dearest: float) -> object:
    """Return what a verified record costs, as a part of what the dearest does."""
    part = Part("of the dearest", round(PARTS * row[COST] / dearest) if row[COST] else 0, "plain")
    label = f"Cost of a verified record of {row['thought']} by {row['model']}"
    return stacked(label, [part], PARTS, counted=False)
