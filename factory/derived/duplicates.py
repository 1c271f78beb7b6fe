"""Derive `duplicates`: `curate` says of problems and records that they repeat others; this says which."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from thoughtmill.factory.core import tables
from thoughtmill.factory.core.families import parents_of
from thoughtmill.factory.core.partitions import parts
from thoughtmill.factory.problems.kept_out import digest, ngrams
from thoughtmill.factory.solvers.steps import steps

PROBLEMS = """
select problem_id, any_value(split) as split, bool_or(drop_reason = 'contaminated') as contaminated
from read_parquet(?) group by problem_id
"""
RECORDS = """
select record_id, problem_id, thought, rationale, drop_reason from read_parquet($records)
where failure is null and correct is not false and rationale is not null and (problem_id, thought) in (
    select (problem_id, thought) from read_parquet($records)
    where drop_reason in ('duplicate_rationale', 'same_calculations')
)
order by problem_id, thought, sample
"""


def duplicates(problems: Iterable[tables.Row], records: Path, ngram: int) -> Iterator[tables.Row]:
    """Yield a row for every problem and record that repeats another one; `problems` is read several times.

    `ngram` is `curate.ngram`: the words in a row that are compared with held-out problems.
    """
    with tables.connect() as con:
        rows = con.execute(PROBLEMS, [_files(records)]).fetchall()
    splits = {problem_id: split for problem_id, split, _ in rows}
    yield from _problems(problems, splits)
    contaminated = {problem_id for problem_id, _, dropped in rows if dropped}
    if contaminated:
        yield from _held_out(problems, splits, contaminated, ngram)
    yield from _records(records)


def _row(kind: str, duplicate: str, original: str, problem: str, original_problem: str) -> tables.Row:
    return {
        "kind": kind,
        "duplicate_id": duplicate,
        "original_id": original,
        "problem_id": problem,
        "original_problem_id": original_problem,
    }


def _problems(problems: Iterable[tables.Row], splits: Mapping[str, str]) -> Iterator[tables.Row]:
    """Yield problems with the text of an earlier one; texts of train and of held-out problems are apart."""
    first: dict[tuple[bool, bytes], str] = {}
    for problem in problems:
        problem_id = problem["problem_id"]
        trained = splits.get(problem_id, problem["split"]) == "train"
        original = first.setdefault((trained, digest(problem["problem"].split())), problem_id)
        if original != problem_id:
            yield _row("problem", problem_id, original, problem_id, original)


def _held_out(
    problems: Iterable[tables.Row], splits: Mapping[str, str], contaminated: set[str], ngram: int
) -> Iterator[tables.Row]:
    """Yield the contaminated problems, each with the held-out problem that shares most of its n-grams.

    A child of a contaminated problem shares none itself, perhaps: then its parent is looked at.
    """
    parents = parents_of(problems)
    looked_at = contaminated | {parents[name] for name in contaminated if name in parents}
    wanted = {
        problem["problem_id"]: ngrams(problem["problem"], ngram)
        for problem in problems
        if problem["problem_id"] in looked_at
    }
    best: dict[str, tuple[int, str]] = {}
    for problem in problems:
        if splits.get(problem["problem_id"], problem["split"]) == "train":
            continue
        grams = ngrams(problem["problem"], ngram)
        for name, own in wanted.items():
            shared = len(own & grams)
            if shared > best.get(name, (0, ""))[0]:
                best[name] = shared, problem["problem_id"]
    for name in sorted(contaminated):
        found = best.get(name) or best.get(parents.get(name, ""))
        if found is not None:
            yield _row("held_out", name, found[1], name, found[1])


def _records(records: Path) -> Iterator[tables.Row]:
    """Yield records that say what an earlier sample of their problem and thought says."""
    with tables.connect() as con:
        rows = con.execute(RECORDS, {"records": _files(records)}).fetchall()
    said: dict[tuple[str, ...], str] = {}
    for record_id, problem_id, thought, rationale, reason in rows:
        words = "rationale", problem_id, thought, rationale
        if said.setdefault(words, record_id) != record_id and reason == "duplicate_rationale":
            yield _row("rationale", record_id, said[words], problem_id, problem_id)
        elif reason in {None, "held_out", "same_calculations"}:
            calculations = "calculations", problem_id, thought, *calculated(rationale)
            original = said.setdefault(calculations, record_id)
            if reason == "same_calculations":
                yield _row("calculations", record_id, original, problem_id, problem_id)


def _files(table: Path) -> list[str]:
    return [str(part) for part in parts(table)]


def calculated(rationale: str) -> tuple[str, ...]:
    """Return the calculations of a chain, as `curate` compares them."""
    return tuple("".join(f"{step.expression}={step.result}".split()) for step in steps(rationale))
