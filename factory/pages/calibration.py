"""The section `scores`: whether records are as often right as their scores say, which know no gold answer."""

import duckdb

from thoughtmill.factory.pages.markup import ReportSection, render
from thoughtmill.factory.pages.queries import Row, rows

TENTHS = """
select tenth, sum(records)::integer as records, sum(records * mean_score) / sum(records) as mean_score,
    sum(records * right_share) / sum(records) as right_share
from calibration group by tenth order by tenth
"""

THOUGHTS = """
select thought, sum(records)::integer as records, sum(records * right_share) / sum(records) as right_share,
    sum(records * brier) / sum(records) as brier
from calibration group by thought order by thought
"""


def calibration(con: duckdb.DuckDBPyConnection) -> list[ReportSection]:
    """Return how often records outside train are right by tenths of the score, and Brier scores by thought.

    No section where no such record has a verdict. The Brier score of whoever says the share of right records
    for every record is `right_share * (1 - right_share)`: a score is worth something when it is below that.
    """
    thoughts: list[Row] = rows(con, THOUGHTS)
    if not thoughts:
        return []
    for each in thoughts:
        each["without"] = each["right_share"] * (1 - each["right_share"])
    body = render("calibration.html", tenths=rows(con, TENTHS), thoughts=thoughts)
    return [ReportSection("scores", "Scores without the gold answer", body)]
