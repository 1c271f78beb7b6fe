"""The head of the page: the corpus in a line and five figures."""

from typing import Any

import duckdb
from markupsafe import Markup

from thoughtmill.factory.pages.figures import count, share
from thoughtmill.factory.pages.markup import render
from thoughtmill.factory.pages.queries import row, rows

SHOWN_DIGITS = 12
"""How many digits of the data version are shown: enough to tell any two corpora apart."""


def headline(con: duckdb.DuckDBPyConnection, manifest: dict[str, Any]) -> Markup:
    """Return the title, the data version, who taught it, and the figures that sum it up."""
    totals = row(
        con,
        """
        select
            (select count(*) from problems) as problems,
            count(*) as records,
            count(*) filter (verified) as verified,
            count(*) filter (kept) as kept,
            (select count(*) from doubtful_golds) as doubtful
        from records join verdicts using (record_id)
        """,
    )
    figures = {
        "problems": count(totals["problems"]),
        "records": count(totals["records"]),
        "verified": share(totals["verified"], totals["records"]),
        "kept for training": count(totals["kept"]),
        "doubtful gold answers": count(totals["doubtful"]),
    }
    teachers = rows(con, "select distinct teacher, model from completions order by teacher, model")
    version = str(manifest["data_version"])[:SHOWN_DIGITS]
    return render("headline.html", totals=totals, figures=figures, teachers=teachers, version=version)
