"""The section `answers`: the kinds of the gold answers, and the sizes of those that are numbers."""

import duckdb

from thoughtmill.factory.pages.charts import Part, stacked
from thoughtmill.factory.pages.markup import ReportSection, render
from thoughtmill.factory.pages.queries import Row, row, rows

NUMBERS = {
    "integer": "answer not like '%.%' and answer not like '%/%'",
    "decimal": "answer like '%.%'",
    "fraction": "answer like '%/%'",
    "negative": "answer like '-%'",
}
"""The kinds of numbers, each with its SQL condition; canonical text has one form for each number."""

OTHERS = """
select answer_kind as kind, count(*) as problems from problems where answer_kind <> 'number'
group by kind order by problems desc, kind
"""

SIZES: dict[str, tuple[float, float]] = {
    "0": (0, 0),
    "less than 1": (0, 1),
    "1 to 10": (1, 10),
    "10 to 100": (10, 100),
    "100 to 1,000": (100, 1_000),
    "1,000 to 10,000": (1_000, 10_000),
    "10,000 to 1,000,000": (10_000, 1_000_000),
    "1,000,000 and more": (1_000_000, float("inf")),
}
"""Ranges of absolute values, with their lower end and without their upper end; 0 is alone."""

MAGNITUDE = """
    abs(try_cast(split_part(answer, '/', 1) as double)
        / try_cast(coalesce(nullif(split_part(answer, '/', 2), ''), '1') as double))
"""


def magnitudes(con: duckdb.DuckDBPyConnection) -> ReportSection:
    """Return the kinds and sizes of the gold answers, one per problem."""
    kinds = _counts(con, NUMBERS) | {each["kind"]: each["problems"] for each in rows(con, OTHERS)}
    sizes = _counts(con, {name: _within(*bounds) for name, bounds in SIZES.items()})
    total = row(con, "select count(*) as problems from problems")["problems"]
    bars = [_bars("Kinds of gold answers", kinds), _bars("Sizes of gold answers", sizes)]
    return ReportSection("answers", "Answers", render("magnitudes.html", tables=bars, problems=total))


def _counts(con: duckdb.DuckDBPyConnection, conditions: dict[str, str]) -> Row:
    columns = ", ".join(f'count(*) filter ({sql}) as "{name}"' for name, sql in conditions.items())
    numbers = f"select answer, {MAGNITUDE} as size from problems where answer_kind = 'number'"
    return row(con, f"select {columns} from ({numbers})")


def _within(low: float, high: float) -> str:
    """Return the SQL of a range; a number too long for a double is infinite, and in the last range."""
    if low == high:
        return f"size = {low}"
    above = ">" if low == 0 else ">="
    return f"size {above} {low}" + ("" if high == float("inf") else f" and size < {high}")


def _bars(caption: str, counts: Row) -> Row:
    largest = max(counts.values())
    bars = [
        {"name": name, "count": number, "bar": stacked(name, [Part(name, number, "plain")], largest)}
        for name, number in counts.items()
    ]
    return {"caption": caption, "rows": bars}
