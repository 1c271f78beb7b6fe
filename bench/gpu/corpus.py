"""Build GSM8K's thoughts: all problems and thoughts, by the embedded teacher.

    python -m bench.gpu.corpus DATA FOLDER SET…

This reads the sets under DATA (`gsm8k/train.jsonl` and the like; those that are missing are left out) and
leaves a project's `data` in FOLDER, with its `params.yaml`. The teacher makes no errors. For the packed
folder `build` takes all sets, and a teacher whose errors become hints for pairs.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import yaml

from thoughtmill.factory.core import stage

ROOT = Path(__file__).parents[2]
THOUGHTS = ("knowledge", "cot", "pot", "eot")
ERROR_RATE, SAMPLES = 0.15, 2
"""Pairs learn from hints, half of which are wrong; a second sample replaces records lost by errors."""
FILES = {
    ("gsm8k", "train"): "gsm8k/train.jsonl",
    ("gsm8k", "test"): "gsm8k/test.jsonl",
    ("svamp", "test"): "svamp/SVAMP.json",
    ("asdiv", "test"): "asdiv/asdiv.jsonl",
    ("multiarith", "test"): "multiarith/multiarith.jsonl",
    ("math", "test"): "math/test.jsonl",
}
FEWER = {"math": 1000}
"""The rows taken from a set, spread over its file, which is sorted by subject."""
KEPT = ("problems.parquet", "records.parquet", "manifest.json")
PACKAGE = "thoughtmill.factory"


def main(data: str, folder: str, *sets: str) -> None:
    """Build a corpus of some sets without errors."""
    build(Path(data), Path(folder), sets, 0.0, 1)


def build(
    data: Path,
    folder: Path,
    sets: Collection[str] | None = None,
    error_rate: float = ERROR_RATE,
    samples: int = SAMPLES,
) -> None:
    """Run the stages from `seed` to `tabulate` in a new folder, and remove what training does not need.

    `sets` are the problem sets to take; None takes all that are there.
    """
    (folder / "data").mkdir(parents=True)
    shutil.copy(ROOT / "data" / "exemplars.jsonl", folder / "data")
    shutil.copy(ROOT / "dvc.yaml", folder)
    sources = [
        {"set": name, "split": split, "file": str(fewer(data / file, FEWER.get(name), folder))}
        for (name, split), file in FILES.items()
        if (sets is None or name in sets) and (data / file).is_file()
    ]
    params = {
        "thoughts": list(THOUGHTS),
        "seed": {"sources": sources},
        "generate": {
            "teacher": "embedded",
            "samples": samples,
            "embedded": {"error_rate": error_rate, "seed": 1},
        },
        "curate": {"seed": 1},
    }
    (folder / "params.yaml").write_text(yaml.safe_dump(params), "utf-8")
    run_stages(folder)
    for path in (folder / "data").iterdir():
        if path.name not in KEPT:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def run_stages(folder: Path, **environment: str) -> None:
    """Run the stages from `seed` to `tabulate` in a project."""
    given = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    each = [[name, thought] for thought in THOUGHTS for name in ("generate", "verify")]
    for name, *words in [["seed"], *each, ["grow"], ["curate"], ["tabulate"]]:
        command = [sys.executable, "-m", f"{PACKAGE}.{name}", *words]
        subprocess.run(command, cwd=folder, env=given, check=True)


def fewer(file: Path, count: int | None, folder: Path) -> Path:
    """Return a file of rows, or one in the folder with about `count` of them at equal distances."""
    if count is None:
        return file.resolve()
    rows = file.read_text("utf-8").splitlines(keepends=True)
    part = folder.resolve() / "data" / f"{file.parent.name}-{file.name}"  # what is in `data` is removed
    part.write_text("".join(rows[:: max(1, len(rows) // count)]), "utf-8")
    return part


if __name__ == "__main__":
    stage.run(main)
