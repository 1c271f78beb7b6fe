"""Solvers side by side with what others use: `python -m bench.solvers`. Figures are ratios, not promises.

Programs come from `--programs` (JSON lines with `completion`), else from real ones beside the repository,
else they are made here. Speed is in processor time, children included, over programs that end within the time
limit. The time that an executor takes to start is subtracted. Each program runs several times. Safety is the
share of the attacks of `tests/attacks.py` that reach no goal.
"""

import argparse
import contextlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tabulate import tabulate

from bench.executors import EXECUTORS, Ready, ready
from tests.attacks import ATTACKS
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.program.fences import FENCES
from thoughtmill.factory.solvers.programs import Programs, extract

REPLAY = Path(__file__).parents[1].parent / "shared" / "data" / "replay" / "pot.jsonl"
LATE_S = 6.0
SLOW = {"fresh python -I": 40} | {f"thoughtmill, {name} only": 400 for name in FENCES}
COPIES = 8
SECTIONS = ("problems", "equations", "answers", "math")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=Path, default=REPLAY, help="JSON lines with `completion`")
    parser.add_argument("--no-safety", action="store_true", help="measure speed only")
    arguments = parser.parse_args()
    real = _ending(read_programs(arguments.programs))
    programs = [ready(f"{program}\n# {copy}") for copy in range(COPIES) for program in real]
    speeds = {name: _per_second(name, programs[: SLOW.get(name)]) for name in EXECUTORS}
    rows = []
    for name, speed in speeds.items():
        safety = "-" if arguments.no_safety else _safety(name)
        rows.append([name, speed, 1000 / speed, speed / speeds["tora style"], safety])
    print(f"{len(programs)} programs, {len(ATTACKS)} attacks")
    headers = ["executor", "programs/s/core", "ms each", "against tora style", "attacks stopped"]
    print(tabulate(rows, headers, floatfmt=("", ".0f", ".2f", ".2f", "")))
    for section in SECTIONS:
        subprocess.run([sys.executable, "-m", f"bench.solvers_{section}"], check=True)


def read_programs(path: Path) -> list[str]:
    """Return the programs of a file, or made ones where there is none."""
    if not path.exists():
        numbers = random.Random("1/programs")
        made = "bags = {}\nsize = {}\ntotal = bags * size\nans = total - {} / 4"
        return [made.format(*(numbers.randint(2, 99) for _ in range(3))) for _ in range(1000)]
    with path.open(encoding="utf-8") as lines:
        found = [extract(json.loads(line)["completion"]) for line in lines]
    return [program for program in found if program]


def _ending(programs: Sequence[str]) -> list[str]:
    """Return the programs that end in time: a loop costs every executor the same, its time limit."""
    with Programs(Limits(long_wall_s=0.5)) as opened:
        return [program for program in programs if opened.run(program).failure != "timeout"]


def _per_second(name: str, programs: Sequence[Ready]) -> float:
    """Return how many programs an executor runs in a second of one core: the best of three runs."""
    times = []
    for _ in range(3 if len(programs) > 300 else 1):
        times.append(_taken_s(name, programs) - _taken_s(name, []))
    return len(programs) / min(times)


def _taken_s(name: str, programs: Sequence[Ready]) -> float:
    started = processor_s()
    EXECUTORS[name](programs)
    return processor_s() - started


def processor_s() -> float:
    """Return the processor time of this process and of all it has started and seen end, seconds."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def _safety(name: str) -> str:
    """Return how many attacks an executor stops, of how many."""
    harms = {attack: _harm(name, attack) for attack in ATTACKS}
    if any(harm.startswith("missing") for harm in harms.values()):
        return "not on this system"
    for attack, harm in harms.items():
        if harm != "stopped":
            print(f"{name}: {attack}: {harm}", file=sys.stderr)
    return f"{sum(harm == 'stopped' for harm in harms.values())}/{len(harms)}"


def _harm(name: str, attack: str) -> str:
    """Run one attack in a session of its own, and kill that session after it."""
    with tempfile.TemporaryFile() as output:  # a pipe would stay open in whatever the attack leaves behind
        command = [sys.executable, "-m", "bench.executors", name, attack]
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            process.wait(LATE_S)
        except subprocess.TimeoutExpired:
            return "it was late"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        output.seek(0)
        printed = output.read().decode(errors="replace").strip()
        return printed.splitlines()[-1] if printed and process.returncode == 0 else "it killed its host"


if __name__ == "__main__":
    main()
