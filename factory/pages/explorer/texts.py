"""The texts of problems and records, page by page, in flat memory."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import duckdb

from thoughtmill.factory.core.scratch import run
from thoughtmill.factory.pages.explorer.values import notes
from thoughtmill.factory.pages.explorer.words import WordIndex
from thoughtmill.factory.pages.queries import Row, rows
from thoughtmill.factory.thoughts import THOUGHTS

TITLES = 256
"""Problems whose first words share a file, at least."""

TITLE = 200
"""Characters of a problem that a list shows."""

PAGE = 1_000_000
"""Bytes of texts that share a file, at least; the problem that passes them is the last of its file."""

MOST_FILES = 2_000
"""Files of titles, and as many of texts, at most: DVC looks at each file in every run."""

BROUGHT_PROBLEMS, BROUGHT_B = 16_384, 100_000_000
"""Problems whose texts are brought at once, and the bytes of their texts, about and at most."""

HELD = 1_000
"""Problems whose texts are held at once."""

CUTS = """
with sized as (select problem_no, problem_id, size + 1500 * (records + 1) as bytes from numbered_problems),
page as (select greatest($size, sum(bytes) // $most + 1) as bytes from sized)
select (coalesce(sum(sized.bytes) over (order by problem_no rows between unbounded preceding
    and 1 preceding), 0) // page.bytes)::integer as page, problem_no, problem_id
from sized cross join page order by problem_no
"""

BRING = """
create or replace temp table brought_problems as
select n.problem_no, p.*, n.doubt
from numbered_problems n join problems p using (problem_id)
where n.problem_no between $first and $last and p.problem_id between $first_id and $last_id
order by n.problem_no;

create or replace temp table brought_records as
select n.record_no, n.problem_no, r.*, n.outcome, n.verified, c.* exclude (
    completion_id, problem_id, thought, sample, failure)
from numbered_records n
join records r using (record_id)
join completions c on c.completion_id = r.completion_id
where n.problem_no between $first and $last
    and r.problem_id between $first_id and $last_id and c.problem_id between $first_id and $last_id
order by n.record_no
"""
"""The texts of some problems: whole groups of rows are read from Parquet, so many at once cost less."""

BRING_CHECKS = """
create or replace temp table brought_checks as
select b.problem_no, b.record_no, c."check", c.passed, c.detail
from brought_records b join checks c using (record_id)
where c.record_id between $first_record and $last_record
order by b.record_no, c."check"
"""

BROUGHT = "select * from brought_{} where problem_no between $first and $last order by {}"

SHOWN = """
with shown as (
    select problem_no, list([thought, outcome, verified::varchar] order by record_no) as records
    from numbered_records where record_id is not null and problem_no between $first and $last
    group by problem_no
)
select n.problem_id, if(length(p.problem) > $length, left(p.problem, $length) || '…', p.problem),
    coalesce(shown.records, [])
from numbered_problems n join problems p using (problem_id) left join shown using (problem_no)
where n.problem_no between $first and $last and p.problem_id between $first_id and $last_id
order by n.problem_no
"""

BOUNDS = "select min(problem_id), max(problem_id) from numbered_problems where problem_no between ? and ?"

INDEXED = ("completion", "reasoning", "rationale", "predicted_answer")
"""The texts of a record whose words are found."""


def cuts(con: duckdb.DuckDBPyConnection) -> list[tuple[int, str]]:
    """Return the number and the identifier of the first problem of each page of texts."""
    query = f"select min(problem_no), min(problem_id) from ({CUTS}) group by page order by page"
    found = con.execute(query, {"size": PAGE, "most": MOST_FILES})
    return [(int(first), str(name)) for first, name in found.fetchall()]


def titles_a_page(problems: int) -> int:
    """Return how many problems a page of titles has.

    >>> titles_a_page(3_400), titles_a_page(1_000_000)
    (256, 500)
    """
    return max(TITLES, -(-problems // MOST_FILES))


def titles(con: duckdb.DuckDBPyConnection, first: int, last: int) -> list[Any]:
    """Return the problems `first` to `last` of a page of titles: identifier, first characters, and for each
    record its thought, outcome, and whether it is verified.
    """
    found = con.execute(SHOWN, {**_bounds(con, first, last), "length": TITLE})
    return [[name, text, records] for name, text, records in found.fetchall()]


def _bounds(con: duckdb.DuckDBPyConnection, first: int, last: int) -> dict[str, Any]:
    """Return the numbers of problems with the identifiers between which they are: few others are read."""
    names = con.execute(BOUNDS, [first, last]).fetchone() or ()
    return dict(zip(("first", "last", "first_id", "last_id"), (first, last, *names), strict=True))


def most_pages(con: duckdb.DuckDBPyConnection, pages: int) -> int:
    """Return how many of so many pages are brought at once, at least one."""
    ((count, size),) = con.execute("select count(*), sum(size) from numbered_problems").fetchall()
    return max(1, int(pages * min(BROUGHT_PROBLEMS / max(1, count), BROUGHT_B / max(1, size or 0))))


def bring(con: duckdb.DuckDBPyConnection, first: int, last: int) -> None:
    """Read the problems `first` to `last` with all their records into temporary tables, for `problems`."""
    run(con, BRING, **_bounds(con, first, last))
    names = "select coalesce(min(record_id), ''), coalesce(max(record_id), '') from brought_records"
    ((low, high),) = con.execute(names).fetchall()
    con.execute(BRING_CHECKS, {"first_record": low, "last_record": high})


def problems(
    con: duckdb.DuckDBPyConnection,
    first: int,
    last: int,
    checks: Mapping[str, int],
    index: WordIndex | None = None,
) -> Iterator[Row]:
    """Yield the problems `first` to `last` with all their records; note their words in an index, if any.

    They are among those that were brought. `checks` has the places of checks.
    """
    for start in range(first, last + 1, HELD):
        yield from _problems(con, start, min(start + HELD - 1, last), checks, index)


def _problems(
    con: duckdb.DuckDBPyConnection,
    first: int,
    last: int,
    checks: Mapping[str, int],
    index: WordIndex | None,
) -> Iterator[Row]:
    records = _records(con, first, last, checks)
    grouped = {
        number: list(group) for number, group in groupby(records, key=lambda record: record["problem_no"])
    }
    for problem in rows(con, BROUGHT.format("problems", "problem_no"), first=first, last=last):
        number = problem.pop("problem_no")
        held = grouped.get(number, [])
        if index is not None:
            index.add_problem(number, *(problem[name] for name in ("problem", "answer", "problem_id")))
            for record in held:
                index.add_record(record["record_no"], *(record[name] for name in INDEXED))
        yield problem | {"records": [_shown(record) for record in held]}


def _records(con: duckdb.DuckDBPyConnection, first: int, last: int, checks: Mapping[str, int]) -> list[Row]:
    found = rows(con, BROUGHT.format("records", "record_no"), first=first, last=last)
    query = BROUGHT.format("checks", 'record_no, "check"')
    listed = con.execute(query, {"first": first, "last": last}).fetchall()
    grouped = {
        number: [
            [checks[check], _state(passed), *([detail] if detail else [])]
            for _, _, check, passed, detail in group
        ]
        for number, group in groupby(listed, key=lambda row: row[1])
    }
    for record in found:
        record["checks"] = grouped.get(record["record_no"], [])
    return found


def _state(passed: bool | None) -> int:
    return 2 if passed is None else int(passed)


def _shown(record: Row) -> Row:
    """Return what the page shows of a record, without what is missing; an untouched rationale is `true`."""
    kind = THOUGHTS.named(record["thought"]).KIND if record["thought"] in THOUGHTS else ""
    shown = {
        name: value
        for name, value in record.items()
        if value is not None and name not in ("record_no", "problem_no")
    }
    shown["notes"] = notes(kind, record["rationale"])
    if record["rationale"] is not None and record["rationale"] == record["completion"]:
        shown["rationale"] = True
    return shown


def page_of(found: Sequence[tuple[int, str]], page: int, total: int) -> tuple[int, int]:
    """Return the first and the last problem of a page.

    >>> page_of([(0, "a"), (7, "h")], 0, 9), page_of([(0, "a"), (7, "h")], 1, 9)
    ((0, 6), (7, 8))
    """
    after = found[page + 1][0] if page + 1 < len(found) else total
    return found[page][0], after - 1
