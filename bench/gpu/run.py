"""Run the packed folder offline: `python3 FOLDER/run.py STEP…`; it needs only Python 3.12 with torch.

Everything is unpacked once into a work folder, where it stays for the next call; so do pieces of the base.
Each step is a process of its own with a limit of time and a log; `steps.json` says after each how it ended.
What a step prints as JSON is kept there. The folders are FOLDER, `/tmp/thoughtmill` (`--work`)
and `$OUT` or `out` (`--out`).

    base            put the base together once all its pieces are there
    shape           write a base of its shape instead, with random weights and its tokenizer
    card            what the card can do at best: a matrix product, a copy
    smoke           the embedded base through finetune, infer and evaluate in small
    papers          `bench.papers`: all roles trained, the test sets answered
    samples         the page of the papers' tables, and the samples as archives
    greedy          GSM8K's test problems by all greedy policies of the students of `papers`
    growth          `bench.taught`: students that learn from different growths, and what they answer
    profile         what training and answering wait for, as they are
    train, infer    `bench.train --gpu` and `bench.infer --gpu`
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ARCHIVES = ("code", "wheels", "corpus", "growth", "shape")
LIMITS = {
    "base": 60, "shape": 60, "card": 40, "smoke": 150, "profile": 120, "train": 420, "infer": 120,
    "papers": 580, "samples": 60, "greedy": 90,
    "growth": 300,
}  # fmt: skip
TAIL = 25
BESIDE = (".git", ".venv", ".gpu", "bases")


def main() -> None:
    """Unpack, then run each step."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", default="/tmp/thoughtmill", type=Path)
    parser.add_argument("--out", default=os.environ.get("OUT", "out"), type=Path)
    parser.add_argument("--code", type=Path, help="a checkout to use instead of code.tar.xz")
    parser.add_argument("--limit", type=int, help="seconds for each step, instead of its own")
    parser.add_argument("steps", nargs="*", metavar="STEP[:WORD[:WORD]]", help="a step and its words")
    given = parser.parse_args()
    work = given.work.resolve()
    given.out.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    unpack(work, given.code)
    print(f"unpacked in {time.monotonic() - begun:.1f} s", flush=True)
    results = {}
    for asked in given.steps:
        step, *words = asked.split(":")
        name = asked.replace(":", "-").replace("/", "-")
        results[name] = run(work, given.out, step, words, name, given.limit or LIMITS[step])
        (given.out / "steps.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    failed = [name for name, one in results.items() if one["status"] != 0]
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


def unpack(work: Path, code: Path | None) -> None:
    """Unpack each archive in this folder under `work`, unless that was done before."""
    work.mkdir(parents=True, exist_ok=True)
    if code is not None:
        shutil.rmtree(work / "code", ignore_errors=True)
        shutil.copytree(code, work / "code", symlinks=True, ignore=shutil.ignore_patterns(*BESIDE))
    for piece in sorted(HERE.glob("base.*")):
        shutil.copy(piece, work)
    for name in ARCHIVES:
        packed, target = HERE / f"{name}.tar.xz", work / name
        if packed.is_file() and not (target.is_dir() and name != "code"):
            if name == "code" and code is not None:
                continue
            shutil.rmtree(target, ignore_errors=True)
            with tarfile.open(packed) as file:
                file.extractall(target, filter="fully_trusted")  # our own; programs among it stay executable


def run(work: Path, out: Path, step: str, words: list[str], name: str, limit: int) -> dict[str, object]:
    """Run one step within its limit of time; return its status and its results."""
    site = work / "wheels"
    given = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(work / "code"), str(site)]),
        "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1",
        "MONTY_BIN": str(site / "bin" / "monty"),
        "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false",
        "OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": "4",
        "TORCHINDUCTOR_CACHE_DIR": str(work / "inductor"), "TRITON_CACHE_DIR": str(work / "triton"),
    }  # fmt: skip
    command = [sys.executable, "-m", "bench.gpu.steps", step, str(work), str(out.resolve()), *words]
    log, begun = out / f"{name}.log", time.monotonic()
    with log.open("w", encoding="utf-8") as file:
        started = subprocess.Popen(
            command, cwd=work / "code", env=given, stdout=file, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            status = started.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            status = -started.wait()
    lines = log.read_text("utf-8", errors="replace").splitlines()
    wall_s = round(time.monotonic() - begun, 1)
    print(f"== {name}: status {status}, {wall_s} s of {limit}", *lines[-TAIL:], sep="\n", flush=True)
    return {"status": status, "wall_s": wall_s, "found": results_in(lines)}


def results_in(lines: list[str]) -> dict[str, object]:
    """Merge the JSON objects among some lines, in order; skip lines that are cut."""
    found: dict[str, object] = {}
    for line in lines:
        try:
            one = json.loads(line) if line.startswith("{") else {}
        except ValueError:
            continue
        found |= one
    return found


if __name__ == "__main__":
    main()
