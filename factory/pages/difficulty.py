"""The section `difficulty`: which problems and which lengths are hard, by how often a record is right."""

import duckdb

from thoughtmill.factory.pages.charts import Part, stacked
from thoughtmill.factory.pages.lengths import bin_width
from thoughtmill.factory.pages.markup import ReportSection, render
from thoughtmill.factory.pages.queries import Row, row, rows

SHOWN_GROUPS = 20
"""Groups of a table at most; the largest are shown."""

GROUPS = """
with answered as (
    select ({group}) as name, r.correct, r.failure
    from records r join problems p using (problem_id) join completions c on c.completion_id = r.completion_id
    where (r.correct is not null or r.failure is not null) and ({group}) is not null
), grouped as (
    select name, count(*) as records, count(*) filter (correct) as "right",
        count(*) filter (correct = false) as wrong
    from answered group by name order by records desc, name limit $shown
)
select * from grouped order by name
"""

WORDS = r"len(regexp_extract_all(p.problem, '\S+'))"
CHARACTERS = "length(coalesce(c.reasoning, '') || coalesce(c.completion, ''))"


def difficulty(con: duckdb.DuckDBPyConnection) -> ReportSection:
    """Return how often records are right by level and subject of the problem, and by lengths.

    Records without a verdict or failure, such as rules, are left out.
    """
    found = [
        ("Level", "level", _grouped(con, "p.level")),
        ("Subject", "subject", _grouped(con, "p.subject")),
        ("Words of the problem", None, _binned(con, WORDS)),
        ("Characters of completion and reasoning", None, _binned(con, CHARACTERS)),
    ]
    tables = [
        {"title": title, "facet": facet, "rows": groups} for title, facet, groups in found if len(groups) > 1
    ]
    return ReportSection("difficulty", "Difficulty", render("difficulty.html", tables=tables))


def _grouped(con: duckdb.DuckDBPyConnection, group: str) -> list[Row]:
    found = rows(con, GROUPS.format(group=group), shown=SHOWN_GROUPS)
    most = max((each["records"] for each in found), default=0)
    for each in found:
        none = each["records"] - each["right"] - each["wrong"]
        parts = [Part("right", each["right"], "good"), Part("wrong", each["wrong"], "wrong")]
        each["bar"] = stacked(f"Records of {each['name']}", [*parts, Part("no answer", none, "none")], most)
    return found


def _binned(con: duckdb.DuckDBPyConnection, length: str) -> list[Row]:
    """Return the groups of a length, the longest hundredth in the last of them."""
    joined = (
        "records r join problems p using (problem_id) join completions c on c.completion_id = r.completion_id"
    )
    long = row(con, f"select coalesce(quantile_disc({length}, 0.99), 0) as long from {joined}")["long"]
    width = bin_width(long)
    found = _grouped(con, f"least({length}, {long}) // {width} * {width}")
    for each in found:
        each["name"] = f"from {each['name']:,}"
    return found
