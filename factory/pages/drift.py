"""The section `drift`: what moved between an older version of the corpus and this one."""

from collections.abc import Mapping, Sequence
from typing import Any

from thoughtmill.factory.pages.charts import Part, stacked
from thoughtmill.factory.pages.markup import ReportSection, render
from thoughtmill.factory.pages.queries import Row

SHOWN = 30
"""Rows of a table at most."""

SHARES = 1000


def drift(versions: Mapping[str, str], found: Mapping[str, Sequence[Row]]) -> ReportSection:
    """Return the section of what `thoughtmill diff` found: its rows by the names of its sections.

    The bars are the share of each thought's records that is correct, the older version's above.
    """
    thoughts = [row | {"bars": [_bar(row, version) for version in ("old", "new")]} for row in found["yield"]]
    others = {name: _table(rows) for name, rows in found.items() if name != "yield" and rows}
    body = render("drift.html", versions=versions, thoughts=thoughts, tables=others, shown=SHOWN)
    return ReportSection("drift", "Drift between versions", body)


def _bar(row: Row, version: str) -> object:
    percent = row[f"{version}_correct_percent"] or 0
    label = f"Correct in {row['thought']}, {version}"
    return stacked(label, [Part("correct", round(percent * SHARES / 100), "good")], SHARES, counted=False)


def _table(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "heads": [name.replace("_", " ") for name in rows[0]],
        "rows": [list(row.values()) for row in rows],
    }
