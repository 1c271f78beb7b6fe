"""Summarise a corpus on a screen: its version, verified records by split and thought, and agreement."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
from tabulate import tabulate

from thoughtmill.factory.core import corpus
from thoughtmill.factory.core.files import root
from thoughtmill.factory.core.printable import fitted
from thoughtmill.factory.pages.figures import count, part_of
from thoughtmill.factory.pages.queries import LEVELS, SPLITS, THOUGHTS, Row, rows

FAILURES = """
select thought, arg_max(outcome, records) as outcome, max(records) as records
from (from "yield" where outcome in (select failure from records) order by outcome desc) group by thought
"""

TOLD = """
select * from (
    select count(*) as rows, 'refused' as of from refused
    union all select count(*), 'doubtful_golds' from doubtful_golds
) where rows > 0 order by of desc
"""
"""How many rows were refused, and how many gold answers are worth a second look."""

WORDS = {"refused": "refused rows", "doubtful_golds": "doubtful gold answers"}

DROPPED = """
select drop_reason as reason, count(*) as records, (select count(*) from records) as of
from records where drop_reason <> 'held_out' group by drop_reason order by records desc, drop_reason
"""
"""Why records are not kept, other than that their problem is held out."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare no arguments."""


def call(words: argparse.Namespace) -> str:
    """Summarise the corpus."""
    with corpus.here() as con:
        return summary(con, root() / "data")


def summary(con: duckdb.DuckDBPyConnection, data: Path) -> str:
    """Return the summary of a corpus; `con` has its tables and views, `data` is its folder.

    A record is verified when its answer is the gold answer, rules when another thought of their problem is.
    """
    version = corpus.read_manifest(data)["data_version"][:12]
    often = {row["thought"]: f"{row['outcome']} ({count(row['records'])})" for row in rows(con, FAILURES)}
    splits = [(row["source"], row["split"], count(row["problems"]), *_kept(row)) for row in rows(con, SPLITS)]
    thoughts = [(row["thought"], *_kept(row), often.get(row["thought"], "")) for row in rows(con, THOUGHTS)]
    told = [
        f"{WORDS[row['of']]}: {count(row['rows'])}    see: thoughtmill sql 'from {row['of']}'"
        for row in rows(con, TOLD)
    ]
    levels = [(_level(row), count(row["problems"]), _right(row)) for row in rows(con, LEVELS)]
    return "\n\n".join(
        [
            f"corpus, data version {version}",
            _table(splits, "set", "split", "problems", "verified records", "kept"),
            _table(thoughts, "thought", "verified records", "kept", "most frequent failure"),
            _table(levels, "thoughts that agree", "problems", "right"),
            *_dropped(rows(con, DROPPED)),
            *told,
            "the report: data/report/index.html    the release: data/release/    ask: thoughtmill sql '...'",
        ]
    )


def _dropped(found: Sequence[Row]) -> Iterator[str]:
    """Yield the share of records that do not hold up or are not used, with the reasons."""
    if found:
        share = part_of(sum(row["records"] for row in found), found[0]["of"])
        yield f"dropped: {share}: " + ", ".join(f"{count(row['records'])} {row['reason']}" for row in found)


def _kept(row: Row) -> tuple[str, str]:
    return part_of(row["verified"], row["records"]), count(row["kept"])


def _level(row: Row) -> str:
    return f"{row['agreeing']} of {row['answers']}" if row["answers"] else "no answer"


def _right(row: Row) -> str:
    return part_of(row["correct"], row["problems"]) if row["answers"] else ""


def _table(cells: Sequence[tuple[str, ...]], *headers: str) -> str:
    numbers = [i for i, header in enumerate(headers) if header in ("problems", "kept")]
    align = ["right" if i in numbers else "left" for i, _ in enumerate(headers)]
    table = tabulate(cells, headers=headers, colalign=align, disable_numparse=True)
    return fitted(table, headers, cells)
