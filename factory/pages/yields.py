"""The section `yield`: the outcomes of each thought's records, and why records are not kept."""

from itertools import groupby

import duckdb

from thoughtmill.factory.pages.charts import Part, stacked
from thoughtmill.factory.pages.markup import ReportSection, render
from thoughtmill.factory.pages.queries import Row, rows
from thoughtmill.schemas.fields import DROP_REASONS, FAILURES

FAILURE_TONES = 8
"""How many colours `style.css` has for failures."""

MEANINGS = {
    "correct": "its answer is the gold answer",
    "supported": "rules without an answer, and another thought of their problem is verified",
    "agreed": "there is no gold answer, and other thoughts or samples have its answer",
    "checked": "rules without an answer, and no thought of their problem is verified",
    "right_by_chance": DROP_REASONS["right_by_chance"],
    "incorrect": DROP_REASONS["incorrect"],
    "unverified": DROP_REASONS["unverified"],
} | FAILURES
"""Every outcome in words, in the order in which a bar shows them."""


def yields(con: duckdb.DuckDBPyConnection) -> ReportSection:
    """Return a bar of outcomes per thought, each with its exact numbers."""
    found = rows(con, 'select thought, outcome, records, kept from "yield" order by thought, outcome')
    tone = tones([{row["outcome"] for row in group} for _, group in groupby(found, _thought_of)])
    found.sort(key=lambda row: (row["thought"], list(MEANINGS).index(row["outcome"])))
    thoughts = [_thought(name, list(group), tone) for name, group in groupby(found, _thought_of)]
    return ReportSection(
        "yield", "Yield", render("yields.html", thoughts=thoughts, tones=tone, meanings=MEANINGS)
    )


def tones(thoughts: list[set[str]]) -> dict[str, str]:
    """Return the colour class of each outcome, the same in all bars; `thoughts` holds the outcomes of each.

    There are more failures than colours people tell apart: two failures of one thought share one only when
    none is left.

    >>> tones([{"correct", "timeout"}, {"correct", "empty"}])
    {'correct': 'good', 'empty': 'failure-0', 'timeout': 'failure-1'}
    """
    found = {"correct": "good", "supported": "good", "agreed": "good", "checked": "none"}
    found |= {"right_by_chance": "wrong", "incorrect": "wrong", "unverified": "none"}
    uses = {f"failure-{number}": 0 for number in range(FAILURE_TONES)}
    for failure in (name for name in FAILURES if any(name in outcomes for outcomes in thoughts)):
        beside = {found.get(other) for outcomes in thoughts if failure in outcomes for other in outcomes}
        found[failure] = min(uses, key=lambda tone: (tone in beside, uses[tone]))
        uses[found[failure]] += 1
    return {name: found[name] for name in MEANINGS if any(name in outcomes for outcomes in thoughts)}


def _thought_of(row: Row) -> str:
    return str(row["thought"])


def _thought(name: str, outcomes: list[Row], tone: dict[str, str]) -> Row:
    total = sum(row["records"] for row in outcomes)
    parts = [Part(row["outcome"], row["records"], tone[row["outcome"]]) for row in outcomes]
    verified = sum(row["records"] for row in outcomes if row["outcome"] in ("correct", "supported"))
    bar = stacked(f"Outcomes of {name}", parts, total)
    return {"name": name, "outcomes": outcomes, "records": total, "verified": verified, "bar": bar}


def drops(con: duckdb.DuckDBPyConnection) -> ReportSection:
    """Return how many records of each thought are kept, and how many are not, for each reason."""
    found = rows(
        con,
        "select thought, coalesce(drop_reason, 'kept') as reason, count(*) as records from records"
        " group by thought, reason order by thought, reason",
    )
    counts = {(row["reason"], row["thought"]): row["records"] for row in found}
    meanings = {"kept": "it goes into the released training set"} | DROP_REASONS
    present = {row["reason"] for row in found}
    return ReportSection(
        "kept",
        "Kept and dropped",
        render(
            "drops.html",
            thoughts=sorted({row["thought"] for row in found}),
            reasons={reason: words for reason, words in meanings.items() if reason in present},
            counts=counts,
        ),
    )
