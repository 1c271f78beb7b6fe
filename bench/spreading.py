"""Ray beside the local pool on the same work: `python -m bench.scale ray 20000 FOLDER` with real records.

`FOLDER` holds `cot.jsonl` and `pot.jsonl` with `problem` and `completion`. A third of the work are programs,
a third chains, and a third the same programs read as equations; each repetition has other numbers. The pools
take turns. CPU seconds are those of all processes of a pool, Ray's own among them; starts do not count.
"""

import itertools
import json
import re
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import psutil

from thoughtmill.factory.core.executors.local import WorkerPool
from thoughtmill.factory.core.executors.ray import RayPool
from thoughtmill.factory.core.ray_cluster import RaySettings, joined
from thoughtmill.factory.solvers.programs import fence_for
from thoughtmill.factory.thoughts import solving
from thoughtmill.factory.thoughts.solving import Job, VerifySettings

WORKERS = 2
WARM = 512
NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")
SETTLE_S = 3.0


def jobs(folder: Path) -> Iterator[Job]:
    """Yield jobs without end: each row as it is, then with larger numbers, and so on."""
    texts = {
        thought: [json.loads(line) for line in (folder / f"{file}.jsonl").open(encoding="utf-8")]
        for thought, file in (("cot", "cot"), ("pot", "pot"), ("eot", "pot"))
    }
    for more in itertools.count():
        for rows in zip(*texts.values(), strict=False):
            for thought, row in zip(texts, rows, strict=True):
                problem, completion = (changed(row[name], more) for name in ("problem", "completion"))
                yield Job(thought, problem, "number", completion)


def changed(text: str, more: int) -> str:
    """Return a text in which every whole number from 3 on is larger.

    >>> changed("2 boxes of 12 cost 3.5 each", 1)
    '2 boxes of 13 cost 3.5 each'
    """
    return NUMBER.sub(lambda found: str(int(found[0]) + more) if int(found[0]) > 2 else found[0], text)


def spread(name: str, count: int, folder: Path) -> str:
    """Solve records with an executor of two workers, after a few to warm up; return its figures."""
    settings = VerifySettings(workers=WORKERS)
    make = WorkerPool if name == "local" else RayPool
    if name == "ray":
        joined(RaySettings(), WORKERS)
    begin = solving._begin, (settings, fence_for(settings.limits), None)
    work = solving.partial(solving._with_solvers, solving.solve)
    given = itertools.islice(jobs(folder), count + WARM)
    results = make(work, solving._lost, WORKERS, *begin).spread(given)
    for _ in itertools.islice(results, WARM):
        pass
    time.sleep(SETTLE_S)  # Ray's processes go on starting for a while
    cpu_s, begun, content = _cpu_s(), time.monotonic(), sha256()
    for _, solved in zip(range(count), results, strict=False):
        content.update(f"{solved.rationale} {solved.outcome.answer} {solved.outcome.failure}".encode())
    wall_s, spent_s = time.monotonic() - begun, _cpu_s() - cpu_s
    load = psutil.getloadavg()[0]
    return (
        f"{name}: {count} records in {wall_s:.1f} s, {spent_s:.1f} CPU s, load {load:.1f}, "
        f"verdicts {content.hexdigest()[:12]}"
    )


def _cpu_s() -> float:
    """Return the CPU seconds of this process and all its descendants so far."""
    own = psutil.Process()
    total = 0.0
    for process in (own, *own.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


if __name__ == "__main__":
    print(spread(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])), flush=True)
