"""Measure the bytes that a push sends after a small change of a table: `python -m bench.push [PROBLEMS]`.

Reads `data/problems.parquet` and repeats it with other texts. The server is a stand-in for the Hub on
loopback; the client is the Hub's own, which sends only chunks that the Hub does not have.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tabulate import tabulate

from tests.hub import Hub
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.files import digest, root, write_json
from thoughtmill.schemas import TABLES

PROBLEMS = 100_000
CHANGES: dict[str, Callable[[float], bool]] = {
    "nothing": lambda place: place < 1,
    "1 % added at the end": lambda place: place < 1.01,
    "1 % removed from the middle": lambda place: place < 1 and not 0.5 <= place < 0.51,
    "1 % removed everywhere": lambda place: place < 1 and round(place * PROBLEMS) % 100 != 0,
}
"""Which rows the second push has, by their place in the table: from 0 to 1 in the first push."""


def main() -> None:
    """Push a table and each change of it, and print the bytes of content that were sent."""
    problems = int(sys.argv[1]) if len(sys.argv) > 1 else PROBLEMS
    shown = []
    for change, chosen in CHANGES.items():
        with tempfile.TemporaryDirectory() as name, Hub() as hub:
            first = _pushed(hub, Path(name), rows(problems, CHANGES["nothing"]))
            shown.append((change, first / 1e6, _pushed(hub, Path(name), rows(problems, chosen)) / 1e6))
    print(f"{problems:,} problems")
    print(tabulate(shown, headers=("change", "first push, MB", "second push, MB"), floatfmt=".2f"))


def rows(problems: int, chosen: Callable[[float], bool]) -> Iterator[tables.Row]:
    """Yield the chosen rows of a table of so many problems, and of one percent more."""
    known = list(tables.rows_of(root() / "data" / "problems.parquet"))
    for number in range(problems * 101 // 100):
        row = known[number % len(known)]
        if chosen(number / problems):
            text = f"{row['problem']} ({number * 7919 % 10007})"
            yield {**row, "problem_id": f"bench-train-{number:08}", "problem": text}


def _pushed(hub: Hub, folder: Path, wanted: Iterator[tables.Row]) -> int:
    """Push a release of one table in a process of its own; return the bytes of content that came."""
    table = folder / "release" / "tables" / "problems.parquet"
    tables.write(table, TABLES["problems"], wanted)
    proof = {"tables/problems.parquet": digest(table)}
    release = {"data_version": digest(table), "files": {}, "release": proof}
    there = folder / "release" / "manifest.json"
    earlier = json.loads(there.read_text())["data_version"] if there.exists() else ""
    write_json(there, release)
    words = ["push", "mill/corpus", "--folder", str(there.parent), "--replace", earlier]
    environment = os.environ | {"HF_ENDPOINT": hub.host, "HF_HOME": str(folder / "home"), "HF_TOKEN": "token"}
    before = hub.sent
    command = [sys.executable, "-m", "thoughtmill", *words]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return hub.sent - before


if __name__ == "__main__":
    main()
