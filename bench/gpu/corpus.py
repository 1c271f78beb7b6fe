"""Build GSM8K's thoughts for the packed folder: all problems and thoughts, by the embedded teacher.

`build(DATA, FOLDER)` reads the sets under DATA (`gsm8k/train.jsonl` and the like; those that are missing are
left out) and leaves a project's `data` in FOLDER, with its `params.yaml`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
THOUGHTS = ("knowledge", "cot", "pot", "eot")
TEACHER = {"error_rate": 0.15, "seed": 1}
"""Pairs learn from hints, half of which are wrong; a second sample replaces records lost by errors."""
SAMPLES = 2
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


def build(data: Path, folder: Path) -> None:
    """Run the stages from `seed` to `tabulate` in a new folder, and remove what training does not need."""
    (folder / "data").mkdir(parents=True)
    shutil.copy(ROOT / "data" / "exemplars.jsonl", folder / "data")
    shutil.copy(ROOT / "dvc.yaml", folder)
    sources = [
        {"set": name, "split": split, "file": str(fewer(data / file, FEWER.get(name), folder))}
        for (name, split), file in FILES.items()
        if (data / file).is_file()
    ]
    params = {
        "thoughts": list(THOUGHTS),
        "seed": {"sources": sources},
        "generate": {"teacher": "embedded", "samples": SAMPLES, "embedded": TEACHER},
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
    each = [[stage, thought] for thought in THOUGHTS for stage in ("generate", "verify")]
    for stage, *words in [["seed"], *each, ["grow"], ["curate"], ["tabulate"]]:
        command = [sys.executable, "-m", f"{PACKAGE}.{stage}", *words]
        subprocess.run(command, cwd=folder, env=given, check=True)


def fewer(file: Path, count: int | None, folder: Path) -> Path:
    """Return a file of rows, or one in the folder with about `count` of them at equal distances."""
    if count is None:
        return file.resolve()
    rows = file.read_text("utf-8").splitlines(keepends=True)
    part = folder.resolve() / "data" / f"{file.parent.name}-{file.name}"  # what is in `data` is removed
    part.write_text("".join(rows[:: max(1, len(rows) // count)]), "utf-8")
    return part
