"""The section `lengths`: how long problems and rationales are."""

import duckdb

from thoughtmill.factory.pages.charts import Bin, histogram
from thoughtmill.factory.pages.figures import count
from thoughtmill.factory.pages.markup import ReportSection, render
from thoughtmill.factory.pages.queries import Row, row, rows

BINS = 16
"""How many bars a histogram has at most."""

MIN_BINS = 6
"""How many it has at least, so that one bar never looks like a wall."""

WORDS = r"len(regexp_extract_all(problem, '\S+'))"
LINES = r"len(regexp_extract_all(rationale, '[^\n]+'))"
CHARACTERS = "len(rationale)"


def lengths(con: duckdb.DuckDBPyConnection) -> ReportSection:
    """Return histograms of a problem's words, and of a rationale's lines and characters per thought."""
    thoughts = rows(con, "select distinct thought from records order by thought")
    groups = [("Problems", [_spread(con, "words", f"select {WORDS} as length from problems")])]
    for name in (str(found["thought"]) for found in thoughts):
        read = "from records where rationale is not null and thought = $thought"
        lines = _spread(con, "lines", f"select {LINES} as length {read}", thought=name)
        characters = _spread(con, "characters", f"select {CHARACTERS} as length {read}", thought=name)
        groups.append((f"Rationales of {name}", [lines, characters]))
    return ReportSection("lengths", "Lengths", render("lengths.html", groups=groups))


def _spread(con: duckdb.DuckDBPyConnection, unit: str, sql: str, **parameters: object) -> Row:
    """Return the quantiles of a query's `length` and its histogram; `unit` is what the length counts."""
    quantiles = row(
        con,
        "select count(*) as count, quantile_disc(length, 0.5) as median, quantile_disc(length, 0.99) as long,"
        f" max(length) as longest from ({sql})",
        **parameters,
    )
    if not quantiles["count"]:
        return quantiles | {"unit": unit, "chart": ""}
    label = (
        f"{unit}: half have at most {count(quantiles['median'])}, the longest {count(quantiles['longest'])}"
    )
    bins = _bins(con, sql, quantiles["long"], **parameters)
    return quantiles | {"unit": unit, "chart": histogram(label, bins)}


def _bins(con: duckdb.DuckDBPyConnection, sql: str, long: int, **parameters: object) -> list[Bin]:
    """Return the counts of lengths up to `long`; the last one also holds what is longer."""
    width = bin_width(long)
    last = max(long // width, MIN_BINS - 1)
    found = rows(
        con,
        f"select least(length // $width, $last) as bin, count(*) as size from ({sql}) group by bin",
        width=width,
        last=last,
        **parameters,
    )
    counts = {int(one["bin"]): int(one["size"]) for one in found}
    return [Bin(count(width * index), counts.get(index, 0)) for index in range(last + 1)]


def bin_width(long: int) -> int:
    """Return the width of a bin, one of 1, 2, 5, 10, 20, ..., that cuts a length into at most `BINS` bins.

    >>> bin_width(9), bin_width(100), bin_width(2000)
    (1, 10, 200)
    """
    width, scale = 1, 1
    while long // width >= BINS:
        scale = scale * 10 if width == 5 * scale else scale
        width = next(step * scale for step in (1, 2, 5) if step * scale > width)
    return width
