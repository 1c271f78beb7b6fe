"""The section `splits`: the problem sets, the splits their problems are in, and what each yields."""

import duckdb

from thoughtmill.factory.pages.markup import ReportSection, render
from thoughtmill.factory.pages.queries import VERIFIED, rows
from thoughtmill.schemas.fields import SPLITS


def splits(con: duckdb.DuckDBPyConnection) -> ReportSection:
    """Return a row per problem set and split."""
    found = rows(
        con,
        f"""
        select
            p.source,
            coalesce(r.split, p.split) as split,
            p.license,
            count(distinct p.problem_id) as problems,
            count(r.record_id) as records,
            count(r.record_id) filter ({VERIFIED}) as verified,
            count(r.record_id) filter (r.kept) as kept
        from problems p left join records r using (problem_id)
        group by all
        order by all
        """,
    )
    found.sort(key=lambda row: (row["source"], list(SPLITS).index(row["split"])))
    present = {row["split"] for row in found}
    meanings = {split: words for split, words in SPLITS.items() if split in present}
    return ReportSection(
        "splits", "Problem sets and splits", render("splits.html", rows=found, meanings=meanings)
    )
