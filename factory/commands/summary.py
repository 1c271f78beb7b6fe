"""The corpus in a screen: which data this is, what each thought yielded, how far the thoughts agree."""

import argparse
import json
from pathlib import Path

import duckdb
from tabulate import tabulate

from thoughtmill.factory.core import corpus
from thoughtmill.factory.core.files import existing, root

PROBLEMS = """
select p.source, p.split, count(distinct p.problem_id) as problems, count(record_id) as records,
    count(record_id) filter (r.correct) as correct, count(record_id) filter (r.kept) as kept
from problems p left join records r using (problem_id)
group by all order by all
"""
THOUGHTS = """
select thought, count(*) as records, count(*) filter (failure is null) as solved,
    count(*) filter (correct) as correct, count(*) filter (kept) as kept,
    coalesce(first(failure order by failures desc, failure) filter (failure is not null), '-') as often
from records left join (
    select thought, failure, count(*) as failures from records where failure is not null group by all
) using (thought, failure)
group by thought order by thought
"""
AGREEMENT = """
select agreeing as thoughts_that_agree, count(*) as problems, count(*) filter (agreed_correct) as right,
    round(avg(agreed_correct::integer), 4) as share_right
from agreement group by agreeing order by agreeing desc
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare nothing: the corpus is the one of this project."""


def call(words: argparse.Namespace) -> str:
    """Sum the corpus up."""
    with corpus.here() as con:
        return summary(con, root() / "data")


def summary(con: duckdb.DuckDBPyConnection, data: Path) -> str:
    """Return the summary of a corpus; `con` has its tables and views, `data` is the folder it lies in."""
    shown = json.loads(existing(data / "manifest.json", "run `dvc repro`").read_text("utf-8"))
    parts = [_table(con, query) for query in (PROBLEMS, THOUGHTS, AGREEMENT)]
    return "\n\n".join(
        [
            f"corpus, data version {shown['data_version'][:12]}",
            *parts,
            "the report: data/report/index.html    the release: data/release/    ask: thoughtmill sql '...'",
        ]
    )


def _table(con: duckdb.DuckDBPyConnection, query: str) -> str:
    done = con.execute(query)
    return tabulate(done.fetchall(), headers=[column[0] for column in done.description])
