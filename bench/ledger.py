"""Measure a large ledger: how long it takes to open and to query, and how much memory and disk it needs.

    python -m bench.ledger --rows 1000000

writes that many answers to a ledger in a temporary folder, in transactions of 1,000, and prints the longest
write-ahead log; then it opens the ledger and prints milliseconds and megabytes.
"""

import argparse
import hashlib
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from thoughtmill.factory.ledger import Ledger, ResultRow

BODY = b'{"choices": [{"message": {"content": "' + b"Each box holds 6. " * 16 + b'"}}]}'
NAMES = "here", "tiny", "cot", "b" * 64


def row(number: int) -> ResultRow:
    """Return an answer with a key like a request's."""
    key = hashlib.sha256(str(number).encode()).hexdigest()
    return ResultRow(key, *NAMES, BODY, "stop", 120, 0, 130, 0.25, 1.5, 1.7e9)


def fill(path: Path, rows: int, group: int = 1000) -> float:
    """Write so many answers; return the longest write-ahead log, in megabytes."""
    longest = 0
    with Ledger(path) as ledger:
        for begin in range(0, rows, group):
            ledger.write(row(number) for number in range(begin, min(begin + group, rows)))
            longest = max(longest, ledger.wal.stat().st_size)
    return longest / 1e6


def timed_ms(act: Callable[[], object]) -> float:
    """Return the milliseconds that a call takes."""
    began_s = time.perf_counter()
    act()
    return (time.perf_counter() - began_s) * 1000


def main() -> None:
    """Print the measurements."""
    words = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    words.add_argument("--rows", type=int, default=1_000_000)
    chosen = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        print(f"longest write-ahead log: {fill(path, chosen.rows):.0f} MB")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        opened: list[Ledger] = []
        print(f"open: {timed_ms(lambda: opened.append(Ledger(path))):.1f} ms")
        print(f"look for one answer: {timed_ms(lambda: opened[0].known('0' * 64)):.1f} ms")
        print(f"typical tokens per thought: {timed_ms(lambda: opened[0].typical('tiny')):.1f} ms")
        opened[0].close()
        more_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(f"memory: {more_kb / 1024:.1f} MB more; file: {path.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
