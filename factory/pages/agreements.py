"""The section `agreement`: how many thoughts of a problem give the same answer, and how often it is right."""

import duckdb

from thoughtmill.factory.pages.charts import Part, stacked
from thoughtmill.factory.pages.markup import ReportSection, render
from thoughtmill.factory.pages.queries import LEVELS, Row, row, rows

SHOWN_DOUBTFUL = 10


def agreements(con: duckdb.DuckDBPyConnection) -> ReportSection:
    """Return the problems by how many thoughts agree, and the doubtful gold answers."""
    totals = shares(con)
    levels = rows(con, LEVELS)
    for level in levels:
        level["bar"] = _bar(level, totals["problems"])
    doubtful = rows(
        con,
        "select problem_id, answer, detail from doubtful_golds"
        " order by records_with_other desc, problem_id limit $shown",
        shown=SHOWN_DOUBTFUL,
    )
    body = render("agreements.html", totals=totals, levels=levels, doubtful=doubtful)
    return ReportSection("agreement", "Agreement", body)


def shares(con: duckdb.DuckDBPyConnection) -> Row:
    """Return how many problems have an answer, a right one, a right one in the majority, a doubtful gold.

    The counts are `problems`, `answered`, `any_correct`, `agreed_correct`, `unanimous` (at least two thoughts
    gave an answer, all the same), `unanimous_correct` and `doubtful_golds`.
    """
    return row(
        con,
        """
        select
            count(*) as problems,
            count(*) filter (answers > 0) as answered,
            (select count(distinct problem_id) from answered where correct) as any_correct,
            count(*) filter (agreed_correct) as agreed_correct,
            count(*) filter (agreeing >= 2 and agreeing = answers) as unanimous,
            count(*) filter (agreeing >= 2 and agreeing = answers and agreed_correct) as unanimous_correct,
            (select count(*) from doubtful_golds) as doubtful_golds
        from agreement
        """,
    )


def _bar(level: Row, problems: int) -> object:
    wrong = level["problems"] - level["correct"] if level["answers"] else 0
    parts = [Part("right", level["correct"], "good"), Part("wrong", wrong, "wrong")]
    if not level["answers"]:
        parts.append(Part("no answer", level["problems"], "none"))
    return stacked(f"{level['agreeing']} of {level['answers']} thoughts agree", parts, problems)
