"""The section `checks`: what each check found in each thought."""

import duckdb

from thoughtmill.factory.pages.charts import Part, stacked
from thoughtmill.factory.pages.markup import ReportSection, render
from thoughtmill.factory.pages.meanings import meaning
from thoughtmill.factory.pages.queries import Row, rows


def findings(con: duckdb.DuckDBPyConnection) -> ReportSection:
    """Return a row per check and thought: how many records passed, failed, or have nothing to check."""
    found = rows(
        con,
        """
        select
            c."check",
            r.thought,
            count(*) as records,
            count(*) filter (c.passed) as passed,
            count(*) filter (not c.passed) as failed,
            count(*) filter (c.passed is null) as not_applicable
        from checks c join records r using (record_id)
        group by c."check", r.thought
        order by c."check", r.thought
        """,
    )
    for row, before in zip(found, [None, *found], strict=False):
        row["bar"] = _bar(row)
        row["meaning"] = "" if before and before["check"] == row["check"] else meaning(row["check"])
    return ReportSection("checks", "Checks", render("findings.html", rows=found))


def _bar(row: Row) -> object:
    parts = [
        Part("passed", row["passed"], "good"),
        Part("failed", row["failed"], "wrong"),
        Part("not applicable", row["not_applicable"], "none"),
    ]
    return stacked(f"{row['check']} in {row['thought']}", parts, row["records"])
