"""Size, time and memory of the report, and how fast it is in a browser: `python -m bench.report 800000`.

Repeats the corpus of this project (or of the data folder that is named second) under other identifiers until
it has that many records, writes its report in a process of its own, opens it from the file system in headless
Chromium, and prints how long the first view and filters take there. `--keep FOLDER` keeps what it builds.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from itertools import chain
from pathlib import Path

import duckdb

from bench.memory import measured
from tests.browsers import chromium, shown_s
from thoughtmill.factory.core import corpus

ROOT = Path(__file__).parents[1]
KEYS = ("problem_id", "parent_id", "record_id", "completion_id")
"""The columns that hold identifiers, which begin with the problem's."""

QUERIES = {
    "a thought": "#thought=pot",
    "a failure": "#outcome=truncated",
    "a thought, an outcome and a split": "#thought=cot&outcome=incorrect&split=test",
    "a failed check": "#failed=steps",
    "a range of lengths": "#min_characters=100&max_characters=200",
    "a frequent word": "#q=the",
    "three words": "#q=marbles+bags+left",
    "the beginning of a word": "#q=choc*",
    "words and a failed check": "#q=marbles&failed=numbers_used",
    "nothing again": "#",
}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", type=int)
    parser.add_argument("data", type=Path, nargs="?", default=ROOT / "data")
    parser.add_argument("--keep", type=Path)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = words.keep or Path(name)
        if not (folder / "data" / "manifest.json").exists():
            repeat(words.data, folder, words.records)
        cost = measured(folder, ["report"])
        files = [path for path in (folder / "data" / "report").rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files) / 2**20
        print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        spent = f"{cost.wall_s:.0f} s, peak {cost.peak_mib:.0f} MiB"
        print(f"written in {spent}: {len(files)} files, {size:.0f} MiB")
        browse((folder / "data" / "report" / "explore.html").as_uri())


def repeat(data: Path, folder: Path, records: int) -> None:
    """Write a corpus of about that many records: copies of another under other identifiers."""
    manifest = json.loads((data / "manifest.json").read_text("utf-8"))
    with duckdb.connect(config={"memory_limit": "2GB", "threads": 2}) as con:
        held = con.execute(f"select count(*) from '{data}/records.parquet'").fetchone()
        copies = -(-records // (held or (1,))[0])
        for path in chain(*corpus.files(data, corpus.asked_thoughts(manifest)).values()):
            if path.exists():
                target = folder / "data" / path.relative_to(data)
                target.parent.mkdir(parents=True, exist_ok=True)
                how = "(format parquet, row_group_size 16384)"
                con.execute(f"{_copied(con, path, copies)} to '{target}' {how}")
    for name in ("params.yaml", "dvc.yaml"):
        (folder / name).write_text((ROOT / name).read_text("utf-8"))
    manifest["data_version"] = f"{manifest['data_version'][:12]}-times-{copies}"
    (folder / "data" / "manifest.json").write_text(json.dumps(manifest))


def _copied(con: duckdb.DuckDBPyConnection, path: Path, copies: int) -> str:
    columns = [row[0] for row in con.execute(f"describe select * from '{path}'").fetchall()]
    keys = [name for name in columns if name in KEYS]
    if not keys:
        return f"copy (select * from '{path}')"
    renamed = ", ".join(f"format('{{:03}}-{{}}', copy, {name}) as {name}" for name in keys)
    order = ", ".join(keys[:1] + [name for name in columns if name in ("thought", "sample", "check")])
    order = order.replace("check", '"check"')
    return f"copy (select * replace ({renamed}) from '{path}', range({copies}) t(copy) order by {order})"


def browse(address: str) -> None:
    """Open a report in Chromium and print how long views take, each the median of three browsers."""
    first: list[float] = []
    cold: list[float] = []
    warm: dict[str, list[float]] = {name: [] for name in QUERIES}
    for _ in range(3):
        with chromium() as driver:
            driver.get(address)
            first.append(shown_s(driver))
            begun = time.monotonic()
            while not driver.execute_script("return document.body.dataset.ready"):
                time.sleep(0.02)
            cold.append(time.monotonic() - begun)
            for name, query in QUERIES.items():
                driver.execute_script(
                    "performance.clearMarks(); performance.mark('asked'); location.hash = arguments[0]", query
                )
                warm[name].append(shown_s(driver))
    print(f"first view: {1000 * statistics.median(first):.0f} ms")
    print(f"all columns are there after another {1000 * statistics.median(cold):.0f} ms")
    for name, seconds in warm.items():
        print(f"{name}: {1000 * statistics.median(seconds):.0f} ms")


if __name__ == "__main__":
    sys.exit(main())
