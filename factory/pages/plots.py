"""Small plots of the dataset card, in block characters, which the Hub and every editor show.

>>> bar(3, 4), sparkline([0, 1, 4, 8])
('███████████████', ' ▁▄█')
"""

from collections.abc import Sequence

import duckdb
from tabulate import tabulate

WIDTH = 20
"""Characters of the longest bar."""

BINS = 16
"""Characters of a sparkline."""

LEVELS = " ▁▂▃▄▅▆▇█"

DIFFICULTY = """
with problems as (
    select avg((correct is true)::integer) as share from records
    where correct is not null or failure is not null group by problem_id
)
select case when share = 0 then '0 none' when share < 0.25 then '1 under a quarter'
    when share < 0.5 then '2 under a half' when share < 0.75 then '3 under three quarters'
    when share < 1 then '4 most' else '5 all' end as of, count(*) as problems
from problems group by all order by all
"""
AGREEMENT = """
select agreeing, answers, count(*) as problems,
    count(*) filter (agreed_correct) as right, count(agreed_correct) as known
from agreement where answers > 1 group by all order by all
"""
LENGTHS = f"""
with counted as (select thought, tokens from lengths join records using (record_id)),
scale as (select greatest(max(tokens), 1) as most from (
    select quantile_disc(tokens, 0.99) as tokens from counted group by thought
)), binned as (
    select thought, least(tokens * {BINS} // (most + 1), {BINS - 1}) as bin, count(*) as size
    from counted, scale group by all
), bins as (
    select thought, map_from_entries(list((bin, size) order by bin)) as sizes from binned group by thought
)
select thought, count(*) as records, quantile_disc(tokens, 0.5) as median, max(tokens) as longest,
    any_value(sizes) as sizes, any_value(most) as most
from counted join bins using (thought), scale group by thought order by thought
"""


def plots(con: duckdb.DuckDBPyConnection) -> str:
    """Return the statistics of a corpus as tables with plots; `con` has its tables and views."""
    found = (how_hard(con), how_alike(con), how_long(con))
    return "\n\n".join(text for text in found if text)


def how_hard(con: duckdb.DuckDBPyConnection) -> str:
    """Return how many problems have which share of right records."""
    rows = con.execute(DIFFICULTY).fetchall()
    most = max((count for _, count in rows), default=0)
    shown = [(of[2:], f"{count:,}", bar(count, most)) for of, count in rows]
    return _titled("How many of a problem's records are right:", shown, ("right records", "problems", ""))


def how_alike(con: duckdb.DuckDBPyConnection) -> str:
    """Return how many thoughts of a problem agree, and how often they are right then."""
    rows = con.execute(AGREEMENT).fetchall()
    most = max((row[2] for row in rows), default=0)
    shown = [
        (
            f"{agreeing} of {answers}",
            f"{count:,}",
            bar(count, most),
            f"{100 * right / known:.1f} %" if known else "",
        )
        for agreeing, answers, count, right, known in rows
    ]
    said = "How many thoughts of a problem agree on its answer:"
    return _titled(said, shown, ("agree", "problems", "", "the answer is right"))


def how_long(con: duckdb.DuckDBPyConnection) -> str:
    """Return how long the rationales of each thought are, in tokens."""
    rows = con.execute(LENGTHS).fetchall()
    shown = [
        (
            thought,
            f"{records:,}",
            median,
            longest,
            f"`{sparkline([sizes.get(place, 0) for place in range(BINS)])}`",
        )
        for thought, records, median, longest, sizes, _ in rows
    ]
    scale = rows[0][-1] if rows else 0
    said = f"How long rationales are, in words, digits and signs (plots from 0 to {scale}):"
    return _titled(said, shown, ("thought", "records", "median", "longest", ""))


def bar(count: int, most: int) -> str:
    """Return a bar for a number; whatever is not zero is seen."""
    return "█" * -(-WIDTH * count // most) if most else ""


def sparkline(counts: Sequence[int]) -> str:
    """Return a character per number, as high as the number is beside the largest."""
    most = max(counts, default=0) or 1
    return "".join(LEVELS[-(-8 * count // most)] for count in counts)


def _titled(said: str, rows: Sequence[Sequence[object]], headers: tuple[str, ...]) -> str:
    if not rows:
        return ""
    return f"{said}\n\n{tabulate(rows, headers=headers, tablefmt='github', disable_numparse=True)}"
