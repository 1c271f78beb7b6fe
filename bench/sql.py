"""The queries of docs/cookbook.md on many records: `python -m bench.sql 1000000` prints the seconds of each.

The corpus is that of the cookbook, copied as often as needed: every copy has its own ids and texts. Each
query runs three times on two threads, and the fastest counts. `--folder` keeps the corpus for the next run.
"""

import argparse
import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
from tabulate import tabulate

from tests import cookbook
from thoughtmill.factory.core import corpus, database
from thoughtmill.factory.core.connections import connect
from thoughtmill.factory.core.files import write_json

IDS = ("problem_id", "record_id", "completion_id", "parent_id", "request_key", "duplicate_id", "original_id",
       "original_problem_id")  # fmt: skip
SHARED = ("prompts", "samplings", "policy_results", "refused", "sources")
"""The tables that are the same however many problems there are."""


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--folder", type=Path)
    words = parser.parse_args()
    with TemporaryDirectory(prefix="bench-sql-") as kept:
        folder = words.folder or Path(kept)
        if not (folder / "new" / "data" / "corpus.duckdb").exists():
            large(folder, words.records)
        versions = cookbook.opened(folder)
        for con in versions:
            con.execute("set threads = 2")
        (records,) = versions.database.execute("select count(*) from records").fetchone() or (0,)
        rows = [(recipe.question, *measured(versions, recipe.query)) for recipe in cookbook.recipes()]
    rows.sort(key=lambda row: -row[1])
    print(tabulate(rows, headers=("question", "seconds", "CPU seconds"), floatfmt=".2f"))
    slow = sum(seconds >= 1 for _, seconds, _ in rows)
    print(f"{records:,} records, {len(rows)} queries, {slow} of them take a second or more")


def measured(versions: cookbook.Versions, query: str) -> tuple[float, float]:
    """Return the fewest seconds, and processor seconds, of three runs of a query."""
    runs = []
    for _ in range(3):
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        versions.answer(query)
        runs.append((time.perf_counter() - wall_s, time.process_time() - cpu_s))
    return min(wall for wall, _ in runs), min(cpu for _, cpu in runs)


def large(folder: Path, records: int) -> None:
    """Build both versions of the cookbook's corpus with about `records` records each."""
    with TemporaryDirectory(prefix="bench-sql-small-") as name:
        small = cookbook.built(Path(name))
        for version in ("new", "old"):
            data = small / version / "data"
            copies = max(1, round(records / pq.read_metadata(data / "records.parquet").num_rows))
            copied(data, folder / version / "data", copies)
    data = folder / "new" / "data"
    shown = corpus.read_manifest(data)
    begun = time.perf_counter()
    database.build(data, corpus.asked_thoughts(shown), data / "corpus.duckdb", shown["data_version"])
    size = (data / "corpus.duckdb").stat().st_size
    print(f"the database was built in {time.perf_counter() - begun:.0f} s and has {size / 1e6:,.0f} MB")


def copied(source: Path, target: Path, copies: int) -> None:
    """Copy all tables of a corpus, with `copies` of every row that belongs to a problem."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.duckdb", "verified", "*.parquet"))
    shown = corpus.read_manifest(source)
    for path in sorted(source.rglob("*.parquet")):
        if "verified" in path.parts:
            continue
        there = target / path.relative_to(source)
        there.parent.mkdir(parents=True, exist_ok=True)
        if path.stem in SHARED:
            shutil.copy(path, there)
            continue
        names = pq.read_schema(path).names
        changes = [f"printf('%07d-', copy) || {name} as {name}" for name in IDS if name in names]
        if path.stem == "problems":
            changes.append("problem || printf(' (%d)', copy) as problem")
        with connect(threads=2) as con:
            rows = (
                f"select f.* replace ({', '.join(changes)}) from range({copies}) r(copy), read_parquet(?) f"
            )
            form = "format parquet, compression zstd"
            con.execute(f"copy ({rows}) to {corpus.quoted(str(there))} ({form})", [str(path)])
    write_json(target / "manifest.json", shown)


if __name__ == "__main__":
    main()
