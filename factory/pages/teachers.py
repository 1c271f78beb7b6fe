"""The section `teachers`: completions, verified records and price of each teacher and model."""

import duckdb

from thoughtmill.factory.pages.markup import ReportSection, render
from thoughtmill.factory.pages.queries import rows

TEACHERS = "from teachers order by thought, teacher, model"


def teachers(con: duckdb.DuckDBPyConnection) -> list[ReportSection]:
    """Return a row per thought, teacher and model; no section for one teacher that is free."""
    found = rows(con, TEACHERS)
    several = len({(row["teacher"], row["model"]) for row in found}) > 1
    if not several and not any(row["cost_usd"] or row["completion_tokens"] for row in found):
        return []
    return [ReportSection("teachers", "Teachers", render("teachers.html", rows=found, several=several))]
