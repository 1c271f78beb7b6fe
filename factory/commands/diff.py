"""Compare two versions of a corpus: problems, verdicts and why they moved, checks, yield and cost."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from tabulate import tabulate

from thoughtmill.factory.commands.sql import answered
from thoughtmill.factory.commands.versions import attach, folder_of
from thoughtmill.factory.core.connections import connect
from thoughtmill.factory.core.errors import NotInProject
from thoughtmill.factory.core.files import root
from thoughtmill.factory.core.printable import show

VIEWS = Path(__file__).with_suffix(".sql")
SECTIONS = {
    "problems": "select change, count(*) as problems from moved_problems group by all order by all",
    "records": """
        select thought, cause, old_outcome, new_outcome, count(*) as records,
            count(*) filter (new_kept) - count(*) filter (old_kept) as kept
        from moved_records group by all order by records desc, thought, cause, old_outcome, new_outcome
    """,
    "checks": """
        select "check", count(*) filter (old_passed is null) as added,
            count(*) filter (new_passed is null) as lost,
            count(*) filter (new_passed and not old_passed) as now_passed,
            count(*) filter (old_passed and not new_passed) as now_failed
        from moved_checks group by all order by all
    """,
    "yield": """
        with each as (
            select 'old' as version, thought, 100.0 * correct::int as correct, kept
            from old.records
            union all by name
            select 'new' as version, thought, 100.0 * correct::int as correct, kept
            from new.records
        )
        select thought, count(*) filter (version = 'old') as old_records,
            count(*) filter (version = 'new') as new_records,
            round(sum(correct) filter (version = 'old') / count(*) filter (version = 'old'), 1)
                as old_correct_percent,
            round(sum(correct) filter (version = 'new') / count(*) filter (version = 'new'), 1)
                as new_correct_percent,
            count(*) filter (version = 'old' and kept) as old_kept,
            count(*) filter (version = 'new' and kept) as new_kept
        from each group by thought order by thought
    """,
    "cost": """
        select o.completions as old_completions, n.completions as new_completions,
            o.cost_usd as old_cost_usd, n.cost_usd as new_cost_usd
        from (select count(*) as completions, round(sum(cost_usd), 4) as cost_usd from old.completions) o,
            (select count(*) as completions, round(sum(cost_usd), 4) as cost_usd from new.completions) n
    """,
    "agreement": """
        with counted as (
            select version, problem_id, max(records) as agreeing from (
                select version, problem_id, predicted_answer, count(distinct thought) as records from (
                    select 'old' as version, * from old.records
                    union all by name
                    select 'new' as version, * from new.records
                ) where predicted_answer is not null group by all
            ) group by all
        )
        select agreeing as thoughts_that_agree, count(*) filter (version = 'old') as old_problems,
            count(*) filter (version = 'new') as new_problems
        from counted group by all order by all
    """,
}
MOVED = ("problems", "records", "checks")
SHOWN = 40


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the two versions and what to print."""
    for name in ("old", "new"):
        parser.add_argument(
            name, help="a folder, owner/name@revision on the Hub, or a git revision of this project"
        )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--sql",
        metavar="QUERY",
        help="query the schemas old and new, and the views moved_problems, moved_records and moved_checks",
    )
    parser.add_argument("--exit-code", action="store_true", help="exit with 1 if anything moved")


def call(words: argparse.Namespace) -> str:
    """Compare two versions."""
    with opened(words.old, words.new) as (con, versions):
        if words.sql:
            return answered(con, words.sql, "json" if words.json else "table")
        found = {name: con.sql(query) for name, query in SECTIONS.items()}
        moved = any(len(found[name]) for name in MOVED)
        text = _json(versions, found) if words.json else _text(versions, found, moved)
    if words.exit_code and moved:
        show(text)
        sys.exit(1)
    return text


@contextmanager
def opened(old: str, new: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, dict[str, str]]]:
    """Yield two versions as the schemas `old` and `new`, views of what moved, and their data versions."""
    try:
        project: Path | None = root()
    except NotInProject:
        project = None
    with tempfile.TemporaryDirectory(prefix="diff-") as kept, connect() as con:
        versions = {
            name: attach(con, name, folder_of(source, project, Path(kept) / name), described=False)
            for name, source in (("old", old), ("new", new))
        }
        con.execute(VIEWS.read_text("utf-8"))
        yield con, versions


def _json(versions: dict[str, str], found: dict[str, duckdb.DuckDBPyRelation]) -> str:
    shown = {
        name: [dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()]
        for name, rows in found.items()
    }
    return json.dumps({"data_versions": versions, **shown}, ensure_ascii=False, indent=1)


def _text(versions: dict[str, str], found: dict[str, duckdb.DuckDBPyRelation], moved: bool) -> str:
    parts = [f"{versions['old'][:12]} -> {versions['new'][:12]}" + ("" if moved else ": nothing moved")]
    for name, rows in found.items():
        held: list[tuple[Any, ...]] = rows.fetchall()
        if held and moved:
            more = f"\n… {len(held) - SHOWN} more; --json shows them" if len(held) > SHOWN else ""
            heading = [column.replace("_", " ") for column in rows.columns]
            parts.append(f"{name}\n{tabulate(held[:SHOWN], headers=heading, missingval='-')}{more}")
    return "\n\n".join(parts)
