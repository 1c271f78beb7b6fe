"""Show a problem with its records, their verdicts and failed checks."""

import argparse
import textwrap

import duckdb

from thoughtmill.factory.core import corpus
from thoughtmill.factory.core.errors import ThoughtmillError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the problem."""
    parser.add_argument("problem_id", help="for example: embedded-train-0")


def call(words: argparse.Namespace) -> str:
    """Show one problem."""
    with corpus.here() as con:
        return shown(con, words.problem_id)


def shown(con: duckdb.DuckDBPyConnection, problem_id: str) -> str:
    """Return a problem with its gold answer, and each record with its verdict and failed checks.

    A record shows its rationale, or its completion where no rationale could be read.
    """
    records = con.execute(
        "select record_id, coalesce(rationale, completion), predicted_answer, failure, correct, kept,"
        " drop_reason, model from lineage where problem_id = ? order by record_id",
        [problem_id],
    ).fetchall()
    return "\n\n".join([heading(con, problem_id), *(_record(con, *record) for record in records)])


def heading(con: duckdb.DuckDBPyConnection, problem_id: str, width: int = 100) -> str:
    """Return a problem with its source and its gold answer; an unknown problem is a `ThoughtmillError`."""
    found = con.execute(
        "select problem, answer, split, source, license from problems where problem_id = ?", [problem_id]
    ).fetchone()
    if found is None:
        near = con.execute(
            "select problem_id from problems order by levenshtein(problem_id, ?), problem_id limit 1",
            [problem_id],
        ).fetchone()
        hint = f"; the nearest is {near[0]}" if near else ""
        raise ThoughtmillError(f"no problem {problem_id}{hint}")
    problem, answer, split, source, license_ = found
    gold = "gold answer: unknown" if answer is None else f"gold answer: {answer}"
    about = f"{problem_id}  ({source}, {split}, {license_})"
    return "\n\n".join([about, textwrap.fill(problem, width), gold])


def _record(
    con: duckdb.DuckDBPyConnection,
    record_id: str,
    text: str | None,
    predicted_answer: str | None,
    failure: str | None,
    correct: bool | None,
    kept: bool,
    drop_reason: str | None,
    model: str,
) -> str:
    unknown = "no answer to compare" if predicted_answer is None else "no verdict"
    verdict = failure or {True: "correct", False: "incorrect", None: unknown}[correct]
    fate = "kept" if kept else f"not kept: {drop_reason}"
    heading = f"{record_id} by {model}: {verdict}, {fate}"
    if predicted_answer is not None:
        heading += f"; its answer is {predicted_answer}"
    lines = [heading, textwrap.indent(text or "(nothing came back)", "    ")]
    failed = con.execute(
        'select "check", detail from checks where record_id = ? and passed = false order by "check"',
        [record_id],
    ).fetchall()
    lines += [f"  ! {check}: {detail}" for check, detail in failed]
    return "\n".join(lines)
