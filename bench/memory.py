"""Peak memory of every stage as problems grow: `python -m bench.memory 200000`.

Builds a corpus of that many embedded problems, all thoughts, in a temporary folder, stage by stage in
processes of their own, and prints seconds, rows and the peak of each stage's largest process (MiB).
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
STAGES = ("seed", "generate", "verify", "curate", "tabulate", "release", "report")
EACH = ("generate", "verify")


def main() -> None:
    """Print one line a stage."""
    problems = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    told = params["seed"]["embedded"]
    others = sum(count for name, count in told.items() if name not in ("seed", "train"))
    told["train"] = problems - others
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        (folder / "params.yaml").write_text(yaml.safe_dump(params))
        shutil.copyfile(ROOT / "dvc.yaml", folder / "dvc.yaml")
        shutil.copyfile(ROOT / "data" / "exemplars.jsonl", folder / "data" / "exemplars.jsonl")
        print(f"{problems} problems, {os.cpu_count()} cores")
        for stage in STAGES:
            for thought in params["thoughts"] if stage in EACH else [None]:
                words = [stage] + ([thought] if thought else [])
                seconds, peak_mib = measured(folder, words)
                print(f"{' '.join(words):20} {seconds:8.1f} s {peak_mib:8.0f} MiB", flush=True)


def measured(folder: Path, words: list[str]) -> tuple[float, float]:
    """Return the wall seconds of a stage and the peak resident memory of its largest process, in MiB."""
    command = [sys.executable, "-m", f"factory.{words[0]}", *words[1:]]
    begun = time.monotonic()
    process = subprocess.Popen(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{' '.join(words)} failed")
    return time.monotonic() - begun, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
