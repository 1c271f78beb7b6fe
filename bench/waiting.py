"""Threads that wait: how long a training takes if they sleep (`PASSIVE`, our default) or spin (`ACTIVE`).

    python -m bench.waiting            # on this machine as it is, then with a busy process per core

The embedded base learns in 3 steps of 1,280 tokens on two threads, in a new process each time.
"""

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tabulate import tabulate

STEPS = 3


def main() -> None:
    """Print a table: a row for each load, a column for each way to wait."""
    rows = []
    for name, processes in (("as it is", 0), ("a busy process per core", os.cpu_count() or 1)):
        with busy(processes):
            rows.append([name, *(f"{seconds(policy):.1f}" for policy in ("PASSIVE", "ACTIVE"))])
    print(tabulate(rows, ["machine", "sleep, s", "spin, s"], "pipe", disable_numparse=True))


def seconds(policy: str) -> float:
    """Return how long a training takes in a process whose threads wait in one way."""
    given = os.environ | {"OMP_WAIT_POLICY": policy, "OMP_NUM_THREADS": "2"}
    words = [sys.executable, "-m", "bench.waiting", "--train"]
    done = subprocess.run(
        words, env=given, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[-1])


def train() -> None:
    """Train, and print the seconds of all steps but the first."""
    import torch

    from thoughtmill.train.students.bases import load_base

    base = load_base("train/embedded/base").model
    optimizer = torch.optim.AdamW(base.parameters())
    ids_BT = torch.arange(8 * 160).reshape(8, 160) % 1000
    begun = 0.0
    for step in range(STEPS + 1):
        begun = time.monotonic() if step == 1 else begun
        base(input_ids=ids_BT, labels=ids_BT).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print(time.monotonic() - begun)


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Keep some processes calculating."""
    started = [multiprocessing.Process(target=spin, daemon=True) for _ in range(processes)]
    for process in started:
        process.start()
    yield
    for process in started:
        process.kill()


def spin() -> None:
    """Calculate for ever."""
    while True:
        pass


if __name__ == "__main__":
    train() if "--train" in sys.argv else main()
