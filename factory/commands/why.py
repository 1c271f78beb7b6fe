"""Show all that happened to a problem on one screen: gold, thoughts, drop reasons, relatives, students."""

import argparse
import textwrap
from collections.abc import Iterator
from typing import Any

import duckdb

from thoughtmill.factory.commands.show import heading
from thoughtmill.factory.core import corpus

WIDTH = 100
SHOWN = 6

FEATURES = """
select template, composition, subject, level, steps from problems left join features using (problem_id)
where problem_id = $problem
"""
GOLDS = """
select detail from doubtful_golds where problem_id = $problem
"""
RELATIVES = """
select root_id, parent_id, d.growth, generation from descent d join problems using (problem_id)
where problem_id = $problem
"""
CHILDREN = "select problem_id from problems where parent_id = $problem order by problem_id"
ATTEMPTS = """
select growth, coalesce(problem_id, reason) from growths where parent_id = $problem order by growth, number
"""
REPEATS = """
select 'repeats ' || original_id || ' (' || kind || ')' from duplicates where duplicate_id = $problem
union all
select 'is repeated by ' || duplicate_id || ' (' || kind || ')' from duplicates
where original_problem_id = $problem and duplicate_id <> $problem and kind in ('problem', 'held_out')
union all
select 'repeats a problem of ' || benchmark || ' (' || how || ', ' || score || '): ' || benchmark_problem
from contamination where problem_id = $problem
"""
SIDES = "select sides, right_side from disagreement where problem_id = $problem"
RECORDS = """
select record_id, teacher, model, outcome, predicted_answer, kept, drop_reason,
    (
        select string_agg("check" || coalesce(' (' || detail || ')', ''), '; ' order by "check") from checks c
        where c.record_id = r.record_id and not passed and "check" not in ('agreement', 'equal_by')
    ) as failed,
    (select original_id from duplicates where duplicate_id = r.record_id limit 1) as original
from records r join completions using (completion_id) join verdicts using (record_id)
where r.problem_id = $problem order by r.thought, r.sample
"""
STUDENTS = """
select run, role, count(*), count(*) filter (correct),
    array_to_string(list_slice(list_sort(list(distinct coalesce(predicted_answer, failure))), 1, 5), ', ')
from predictions where problem_id = $problem group by run, role order by run, role
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the problem."""
    parser.add_argument("problem_id", metavar="PROBLEM", help="for example: embedded-train-0")


def call(words: argparse.Namespace) -> str:
    """Say what happened to one problem."""
    with corpus.here() as con:
        return why(con, words.problem_id)


def why(con: duckdb.DuckDBPyConnection, problem_id: str) -> str:
    """Return what happened to a problem: a paragraph for each thing of which there is something to say."""
    parts = [
        heading(con, problem_id, WIDTH),
        _lines(_about(con, problem_id)),
        _lines(_records(con, problem_id), "Records"),
        _lines(_students(con, problem_id), "Students"),
    ]
    return "\n\n".join(filter(None, parts))


def _rows(con: duckdb.DuckDBPyConnection, query: str, problem_id: str) -> list[tuple[Any, ...]]:
    return con.execute(query, {"problem": problem_id}).fetchall()


def _lines(lines: Iterator[str], title: str = "") -> str:
    found = [textwrap.shorten(line, WIDTH + 60, placeholder=" …") for line in lines]
    return "\n".join([title, *(f"  {line}" for line in found)] if title and found else found)


def _about(con: duckdb.DuckDBPyConnection, problem_id: str) -> Iterator[str]:
    """Yield what is known of the problem itself: its kind, gold answer, family, duplicates, agreement."""
    names = ("template", "composition", "subject", "level", "steps")
    for row in _rows(con, FEATURES, problem_id):
        known = [f"{name} {value}" for name, value in zip(names, row, strict=True) if value is not None]
        if known:
            yield ", ".join(known)
    for (doubt,) in _rows(con, GOLDS, problem_id):
        yield f"the gold answer is in doubt: {doubt}"
    for root, parent, growth, generation in _rows(con, RELATIVES, problem_id):
        if parent is not None:
            made = f"made by {growth or 'its source'} from {parent}"
            yield f"{made}, generation {generation} of the family of {root}"
    children = [name for (name,) in _rows(con, CHILDREN, problem_id)]
    if children:
        more = f" and {len(children) - SHOWN} more" if len(children) > SHOWN else ""
        yield f"children: {', '.join(children[:SHOWN])}{more}"
    for growth, outcome in _rows(con, ATTEMPTS, problem_id):
        if outcome not in children:
            yield f"{growth}: {outcome}"
    for (line,) in _rows(con, REPEATS, problem_id):
        yield line
    for sides, right in _rows(con, SIDES, problem_id):
        yield f"thoughts disagree: {sides}; right: {right or 'none'}"


def _records(con: duckdb.DuckDBPyConnection, problem_id: str) -> Iterator[str]:
    """Yield a line for each record: who wrote it, its verdict, its fate and the checks that failed."""
    for record_id, teacher, model, outcome, answer, kept, reason, failed, original in _rows(
        con, RECORDS, problem_id
    ):
        who = teacher if teacher == model else f"{teacher} ({model})"
        fate = "kept" if kept else f"not kept: {reason}" + (f", as {original}" if original else "")
        said = f", answer {answer}" if answer is not None else ""
        name = record_id.removeprefix(f"{problem_id}/")
        yield f"{name} by {who}: {outcome}{said}; {fate}" + (f"; fails {failed}" if failed else "")


def _students(con: duckdb.DuckDBPyConnection, problem_id: str) -> Iterator[str]:
    """Yield a line for each run and role of students."""
    for run, role, samples, right, answers in _rows(con, STUDENTS, problem_id):
        yield f"{run}, {role}: {right} of {samples} right; {answers}"
