"""The section `yield`: what became of the records of each thought, and why records are not kept."""

from itertools import groupby

import duckdb

from factory.pages.charts import Part, stacked
from factory.pages.markup import Section, render
from factory.pages.queries import Row, rows
from schemas.fields import DROP_REASONS, FAILURES

FAILURE_TONES = 8
"""How many colours `style.css` has for failures."""

MEANINGS = {
    "correct": "its answer is the gold answer",
    "no gold needed": "it passed, and has no answer to compare",
    "incorrect": DROP_REASONS["incorrect"],
} | FAILURES
"""Every outcome in words, in the order in which a bar shows them."""


def yields(con: duckdb.DuckDBPyConnection) -> Section:
    """Return a bar of outcomes per thought, each with its exact numbers."""
    found = rows(con, 'select thought, outcome, records, kept from "yield" order by thought, outcome')
    tone = tones({row["outcome"] for row in found})
    found.sort(key=lambda row: (row["thought"], list(MEANINGS).index(row["outcome"])))
    thoughts = [
        _thought(name, list(group), tone)
        for name, group in groupby(found, key=lambda row: str(row["thought"]))
    ]
    return Section("yield", "Yield", render("yields.html", thoughts=thoughts, tones=tone, meanings=MEANINGS))


def tones(outcomes: set[str]) -> dict[str, str]:
    """Return the colour class of each outcome, the same in every bar; failures share eight.

    >>> tones({"correct", "timeout", "empty"})
    {'correct': 'good', 'empty': 'failure-0', 'timeout': 'failure-1'}
    """
    known = {"correct": "good", "no gold needed": "good", "incorrect": "wrong"}
    failures = [outcome for outcome in FAILURES if outcome in outcomes]
    named = {outcome: f"failure-{index % FAILURE_TONES}" for index, outcome in enumerate(failures)}
    return {outcome: (known | named)[outcome] for outcome in MEANINGS if outcome in outcomes}


def _thought(name: str, outcomes: list[Row], tone: dict[str, str]) -> Row:
    total = sum(row["records"] for row in outcomes)
    parts = [Part(row["outcome"], row["records"], tone[row["outcome"]]) for row in outcomes]
    verified = sum(part.size for part in parts if part.tone == "good")
    bar = stacked(f"Outcomes of {name}", parts, total)
    return {"name": name, "outcomes": outcomes, "records": total, "verified": verified, "bar": bar}


def drops(con: duckdb.DuckDBPyConnection) -> Section:
    """Return how many records of each thought are kept, and how many are not, for each reason."""
    found = rows(
        con,
        "select thought, coalesce(drop_reason, 'kept') as reason, count(*) as records from records"
        " group by thought, reason order by thought, reason",
    )
    counts = {(row["reason"], row["thought"]): row["records"] for row in found}
    meanings = {"kept": "it goes into the released training set"} | DROP_REASONS
    present = {row["reason"] for row in found}
    return Section(
        "kept",
        "Kept and dropped",
        render(
            "drops.html",
            thoughts=sorted({row["thought"] for row in found}),
            reasons={reason: words for reason, words in meanings.items() if reason in present},
            counts=counts,
        ),
    )
