"""What it costs to grow past one machine: `python -m bench.scale`.

    python -m bench.scale stages 20000 100000      every stage, a run of DVC without work, and an edit
    python -m bench.scale --estimate               100 nodes, 100 million records: on paper and by simulation
    python -m bench.scale placing 100000 400000    seconds and peak memory of placing problems, in `curate`
    python -m bench.scale parts 20000              what an edit of one problem makes `verify` do again
    python -m bench.scale ray 20000 FOLDER         Ray beside the local pool, two workers, without its start

Each figure is of a process of its own. `THOUGHTMILL_SCALE` names the folder of the corpora of
`stages`, which are kept there; else they are temporary.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

from bench.cluster import estimate
from bench.growing import grown
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.files import digest
from thoughtmill.factory.core.partitions import parts
from thoughtmill.factory.curate import CurateSettings
from thoughtmill.factory.problems.placing import placed
from thoughtmill.schemas import Problems

WORDS = (
    "ann bob pens has buys sells more than each how many are left rows of cake train goes fast slow".split()
)
PAIRS = 3


def problems(count: int) -> Iterator[dict[str, Any]]:
    """Yield made-up problems with families, lost parents and repeats."""
    random = Random(7)
    for number in range(count):
        kind = random.random()
        text = " ".join(random.choices(WORDS, k=random.randrange(15, 45))) + f" {random.randrange(10**6)}"
        yield {
            "problem_id": f"p{number:08}",
            "problem": f"repeat {random.randrange(50)} {' '.join(WORDS)}" if kind < 0.02 else text,
            "split": "train" if random.random() < 0.9 else "test_numbers",
            "source": random.choice("abc"),
            "parent_id": f"p{random.randrange(number):08}" if kind > 0.7 and number else None,
        }


def placing(count: int) -> str:
    """Place that many problems; return a digest of the verdicts, seconds and the peak in MiB."""
    begun, content = time.monotonic(), sha256()
    with placed(problems(count), CurateSettings(ngram=6, max_overlap=0.3)) as found:
        for name, placement in found:
            content.update(f"{name} {placement.split} {placement.drop_reason}".encode())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = time.monotonic() - begun
    return f"{count} problems: {seconds:.1f} s, {peak:.0f} MiB, verdicts {content.hexdigest()[:12]}"


def edited(count: int) -> str:
    """Write that many problems in parts, add 1 % in one place, edit one; return what changed."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "problems.parquet"
        rest = {"answer": "1", "answer_kind": "number", "license": "MIT"}
        unknown = dict.fromkeys(("subject", "level", "solution", "growth"))
        rows = [{**row, **rest, **unknown, "parent_id": None} for row in problems(count)]
        middle = len(rows) // 2
        near = rows[middle]["problem_id"]
        added = [{**row, "problem_id": f"{near}-{at:05}"} for at, row in enumerate(rows[: count // 100])]
        one = [*rows[:middle], {**rows[middle], "answer": "2"}, *rows[middle + 1 :]]
        before = _digests(path, rows)
        shares = [len(_digests(path, changed) - before) for changed in (one, [*rows, *added])]
        edits, additions = shares
        return (
            f"{count} problems in {len(before)} parts: an edit changes {edits}, 1 % more change {additions}"
        )


def _digests(path: Path, rows: list[dict[str, Any]]) -> set[str]:
    tables.write(path, Problems, rows)
    return {digest(part) for part in parts(path)}


def stages(words: list[str]) -> None:
    """Print the costs of whole corpora, each of so many problems."""
    with tempfile.TemporaryDirectory(prefix="scale-") as temporary:
        folder = Path(os.environ.get("THOUGHTMILL_SCALE") or temporary)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        print("problems, stage: CPU s, s, MiB of its largest process, MiB of all its processes")
        for word in words:
            for line in grown(folder / word / "project", int(word)):
                print(line, flush=True)


def main() -> None:
    """Print a line for each figure; a figure that is alone has a process for itself."""
    what, *words = sys.argv[1:]
    if what == "--estimate":
        print("\n".join(estimate()))
    elif what == "stages":
        stages(words)
    elif what == "here":
        kind, *rest = words
        figures = {
            "placing": lambda: placing(int(rest[0])),
            "parts": lambda: edited(int(rest[0])),
        }
        print(figures[kind](), flush=True)
    else:
        runs = [["bench.scale", "here", what, word] for word in words]
        if what == "ray":
            runs = [["bench.spreading", name, *words] for name in ("local", "ray")] * PAIRS
        for run in runs:
            subprocess.run([sys.executable, "-m", *run], check=True)


if __name__ == "__main__":
    main()
