"""Cost of every stage as problems grow: `python -m bench.memory 200000`.

    python -m bench.memory PROBLEMS [FOLDER]

Builds a corpus of that many embedded problems, all thoughts, in a folder, else a temporary one: stage by
stage, in separate processes. Prints for each stage the CPU seconds of all its processes, the seconds on
the clock, and two peaks in MiB: of its largest process, and of all its processes together.
"""

import ctypes
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import yaml

from thoughtmill.factory.commands.init import init

ROOT = Path(__file__).parents[1]
STAGES = ("check", "seed", "generate", "verify", "grow", "curate", "tabulate", "release", "report")
EACH = ("generate", "verify")
LOOK_EVERY_S = 0.5
PR_SET_CHILD_SUBREAPER = 36


class Cost(NamedTuple):
    """What a stage took: CPU and clock in seconds, peaks in MiB; shared memory counts in each process."""

    cpu_s: float
    wall_s: float
    peak_mib: float
    together_mib: float


def project(folder: Path, problems: int) -> tuple[str, ...]:
    """Make a project of that many embedded problems in a new folder; return its thoughts."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text("utf-8"))
    told = params["seed"]["embedded"]
    told["train"] = problems - sum(count for name, count in told.items() if name not in ("seed", "train"))
    init(folder)
    (folder / "params.yaml").write_text(yaml.safe_dump(params), "utf-8")
    return tuple(params["thoughts"])


def commands(thoughts: tuple[str, ...]) -> Iterator[list[str]]:
    """Yield the words of every stage: its name, and perhaps the thought."""
    for stage in STAGES:
        for thought in thoughts if stage in EACH else [None]:
            yield [stage, *([thought] if thought else [])]


def measured(folder: Path, words: list[str]) -> Cost:
    """Run a stage in a folder and return what it took."""
    return cost_of(folder, [sys.executable, "-m", f"thoughtmill.factory.{words[0]}", *words[1:]])


def cost_of(folder: Path, command: list[str]) -> Cost:
    """Run a command in a folder and return what it took; its errors are in `stages.log`."""
    begun = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    before = adopting()
    with (folder / "stages.log").open("a") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    looked = _Look(process.pid)
    status, cpu_s, peak_mib = ended(process.pid, before)
    looked.end()
    if status != 0:
        raise SystemExit(f"{' '.join(command)} failed: see {folder / 'stages.log'}")
    return Cost(cpu_s, time.monotonic() - begun, peak_mib, looked.peak_mib)


def adopting() -> set[int]:
    """Become the parent of what children leave behind, on Linux; return the children that are there.

    The server that forks a stage's workers ends after the stage, whose own figures lack theirs.
    """
    if prctl := getattr(ctypes.CDLL(None), "prctl", None):
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    return _children()


def ended(process: int, before: set[int]) -> tuple[int, float, float]:
    """Wait for a child and for what it leaves behind.

    Return its exit status, the CPU seconds of all, and the peak of the largest in MiB.
    """
    _, status, usage = os.wait4(process, 0)
    usages = [usage]
    while new := sorted(_children() - before):
        usages += [os.wait4(child, 0)[2] for child in new]
    return status, sum(map(_cpu_s, usages)), max(each.ru_maxrss for each in usages) / 1024


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


def _cpu_s(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


class _Look(threading.Thread):
    """Looks at the memory of a process and its descendants every half second, and keeps the peak."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.ended, self.peak_mib = pid, threading.Event(), 0.0
        self.start()

    def run(self) -> None:
        while not self.ended.wait(LOOK_EVERY_S):
            self.peak_mib = max(self.peak_mib, sum(self._sizes()) / 2**20)

    def _sizes(self) -> Iterator[int]:
        try:
            parent = psutil.Process(self.pid)
            every = [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        for process in every:
            try:
                yield process.memory_info().rss
            except psutil.NoSuchProcess:
                continue

    def end(self) -> None:
        """Stop looking."""
        self.ended.set()
        self.join()


def main() -> None:
    """Print one line a stage."""
    problems = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(sys.argv[2] if len(sys.argv) > 2 else name) / "project"
        print(
            f"{problems} problems, {os.cpu_count()} cores; CPU s, s, MiB of the largest process, MiB of all"
        )
        for words in commands(project(folder, problems)):
            cost = measured(folder, words)
            print(f"{' '.join(words):20} " + " ".join(f"{amount:8.1f}" for amount in cost), flush=True)


if __name__ == "__main__":
    main()
