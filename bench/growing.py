"""Whole corpora of growing size: what every stage costs, and what DVC does again after an edit.

`python -m bench.scale stages` runs it; the figures go to `costs.json` beside each project.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.memory import Cost, commands, cost_of, measured, project
from thoughtmill.factory.core import tables
from thoughtmill.schemas import Problems

DVC = [sys.executable, "-m", "dvc"]
SMALL_B = 20_000
"""Files under this size do not grow with the problems."""
EDITED = "pot"
"""The thought whose verdicts are made again after an edit."""
VERIFIED = re.compile(rf"verify {EDITED}, part (\d+): .*, done")


def grown(folder: Path, problems: int) -> Iterator[str]:
    """Build a corpus of that many problems in a new folder, then edit it; yield a line for each figure."""
    thoughts = project(folder, problems)
    costs: dict[str, Cost] = {}
    for words in commands(thoughts):
        cost = costs[" ".join(words)] = measured(folder, words)
        _note(folder, problems, costs)
        yield f"{problems:>9} {' '.join(words):20} " + " ".join(f"{amount:8.1f}" for amount in cost)
    costs["dvc commit"] = cost_of(folder, [*DVC, "commit", "-f", "-q", "dvc.yaml"])
    costs["dvc repro, no-op"] = cost_of(folder, [*DVC, "repro", "-q"])
    _note(folder, problems, costs)
    no_op = costs["dvc repro, no-op"]
    yield f"{problems:>9} dvc repro, no-op     {no_op.cpu_s:8.1f} {no_op.wall_s:8.1f} {no_op.peak_mib:8.1f}"
    parts = len(list((folder / "data" / "completions" / f"{EDITED}.parquet").glob("*")) or [0])
    yield f"{problems:>9} an edit of a problem verifies {again(folder)} of {parts} parts of `{EDITED}` again"


def again(folder: Path) -> int:
    """Edit the gold answer of one problem; return how many parts of a thought DVC has verified again."""
    path = folder / "data" / "problems.parquet"
    rows = tables.TableReader(path, Problems)
    middle = len(rows) // 2
    edited = (
        {**row, "answer": "2" if row["answer"] == "1" else "1"} if at == middle else row
        for at, row in enumerate(rows)
    )
    tables.write(path, Problems, edited)
    subprocess.run([*DVC, "commit", "-f", "-q", "seed"], cwd=folder, check=True)
    found = subprocess.run([*DVC, "repro", f"verify@{EDITED}"], cwd=folder, check=True, capture_output=True)
    whole = f"verify {EDITED}: ".encode() in found.stderr
    return len(set(VERIFIED.findall(found.stderr.decode()))) or int(whole)


def _note(folder: Path, problems: int, costs: dict[str, Cost]) -> None:
    stages = {name: {"cpu_s": round(c.cpu_s, 1), "peak_mib": round(c.peak_mib)} for name, c in costs.items()}
    noted: dict[str, Any] = {"problems": problems, "stages": stages, **sizes(folder)}
    (folder.parent / "costs.json").write_text(json.dumps(noted, indent=1) + "\n")


def sizes(folder: Path) -> dict[str, Any]:
    """Return the bytes of what a project holds, and the number of files of its report."""
    found = {path.name: _size(path) for path in sorted((folder / "data").iterdir())}
    small = {name for name, size in found.items() if size < SMALL_B}
    found = {name: size for name, size in found.items() if name not in small}
    caches = {"DVC's cache": _size(folder / ".dvc" / "cache")}
    files = [path for path in (folder / "data" / "report").rglob("*") if path.is_file()]
    return {"bytes": {**found, **caches}, "report_files": len(files)}


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return sum(file.stat().st_size for file in files)
