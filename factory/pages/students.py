"""The section `students`: what students answer by policy, what it costs, and what the papers claim of it.

It shows what the stage `evaluate` of `train/` wrote; nothing here knows how students are run.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import UndefinedError

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import existing
from thoughtmill.factory.pages.charts import Part, stacked
from thoughtmill.factory.pages.frontier import Point, frontier
from thoughtmill.factory.pages.markup import ReportSection, render
from thoughtmill.factory.pages.queries import Row

PARTS = 1000
"""Bars are made of shares; this many parts are the whole."""

TONES = {"right": "good", "format": "none", "arithmetic": "failure-0", "logical": "wrong"}
CEILING = "pass@"
"""The prefix of policies that see the gold answer, which are left out of the frontier."""


def answered(file: Path, data_version: str) -> ReportSection:
    """Return the section of the answers in a file `students.json`; refuse a file of another form."""
    try:
        return students(
            json.loads(existing(file, "run `dvc repro` in train/").read_text("utf-8")), data_version
        )
    except (ValueError, LookupError, TypeError, UndefinedError) as error:
        raise ThoughtmillError(f"{file} is torn or of an older form: run `dvc repro` in train/") from error


def students(shown: Mapping[str, Any], data_version: str) -> ReportSection:
    """Return the section of what `data/students.json` holds, on the page of the corpus `data_version`."""
    names = list(dict.fromkeys(row["test_set"] for row in shown["policies"]))
    sets = [_test_set(name, shown) for name in names]
    return ReportSection(
        "students", "Students", render("students.html", sets=sets, shown=shown, here=data_version)
    )


def _test_set(name: str, shown: Mapping[str, Any]) -> Row:
    policies = [_resolved(row) for row in shown["policies"] if row["test_set"] == name]
    points = [
        Point(_named(row["policy"], row, shown), row["accuracy"], row["mean_new_tokens"])
        for row in policies
        if not row["policy"].startswith(CEILING)
    ]
    return {
        "name": name,
        "problems": policies[0]["problems"],
        "policies": policies,
        "frontier": frontier(f"Accuracy of each policy against its new tokens a problem, on {name}", points),
        "claims": [row for row in shown["claims"] if row["test_set"] == name],
        "rounds": [
            _agreed(row, _named("", row, shown)) for row in shown["rounds"] if row["test_set"] == name
        ],
        "mistakes": [
            _mistaken(row, shown["meanings"]) for row in shown["mistakes"] if row["test_set"] == name
        ],
    }


def _resolved(row: Row) -> Row:
    parts = [Part("resolved", round(PARTS * row["resolved"]), "plain")]
    return row | {"bar": stacked(f"Resolved by {row['policy']}", parts, PARTS, counted=False)}


def _named(what: str, row: Row, shown: Mapping[str, Any]) -> str:
    """Return a name with its base where the page shows several."""
    return f"{what} {row['base']}".strip() if len(shown["bases"]) > 1 else what


def _agreed(row: Row, of: str) -> Row:
    right = round(PARTS * row["agreed"] * (row["accuracy"] or 0))
    parts = [Part("right", right, "good"), Part("wrong", round(PARTS * row["agreed"]) - right, "wrong")]
    label = f"{of} round {row['round']}".strip()
    return row | {"label": label, "bar": stacked(f"Agreed by {label}", parts, PARTS, counted=False)}


def _mistaken(row: Row, meanings: Mapping[str, str]) -> Row:
    parts = [Part(name, row[name], TONES[name]) for name in ("right", *meanings)]
    return row | {"bar": stacked(f"Samples of {row['role']}", parts, sum(part.size for part in parts))}
