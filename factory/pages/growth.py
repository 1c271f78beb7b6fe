"""The section `growth`: the children of each growth, and the outcomes of its completions."""

import duckdb

from thoughtmill.factory.pages.charts import Part, stacked
from thoughtmill.factory.pages.markup import ReportSection, render
from thoughtmill.factory.pages.queries import row, rows

FAMILIES = """
select
    count(*) as families,
    count(*) filter (problems > 1) as grown,
    sum(problems)::bigint as problems,
    max(problems) as largest
from families
"""


def growth(con: duckdb.DuckDBPyConnection) -> list[ReportSection]:
    """Return the section, or nothing where no problem was made from another."""
    families = row(con, FAMILIES)
    if not families["grown"] and not rows(con, "select 1 from growths limit 1"):
        return []
    records = rows(con, "select * from growth_records order by growth, thought")
    outcomes = rows(con, "select * from growth_yield order by growth, attempts desc, outcome")
    for each in records:
        parts = [
            Part("verified", each["verified"], "good"),
            Part("not verified", each["records"] - each["verified"], "wrong"),
        ]
        each["bar"] = stacked(f"Records of {each['growth']}, {each['thought']}", parts, each["records"])
    body = render("growth.html", families=families, records=records, outcomes=outcomes)
    return [ReportSection("growth", "Growth", body)]
