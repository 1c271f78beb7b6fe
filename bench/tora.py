"""ToRA's executor in our own words: `python bench/tora.py TIMEOUT_S < programs.json`, in its own environment.

The idea of `python_executor.py` of ToRA (Gou et al., arXiv 2309.17452), which Qwen's evaluation took over:
a process pool of `pebble` for a batch, one task a program with a time limit of its own; in the worker a guard
of regular expressions, `exec` in fresh globals under a `timeout_decorator` alarm, the standard output caught,
and the result tried for pickling. Reads a list of programs, prints the list of what they print.
"""

import contextlib
import functools
import io
import json
import os
import pickle
import re
import sys
import traceback
from typing import Any

from pebble import ProcessPool
from timeout_decorator import timeout

INPUT, SYSTEM = r"(\s|^)?input\(", r"(\s|^)?os\.system\("


class Runtime:
    """The globals of a program; each task sends a fresh copy through the pipe."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}

    def run(self, program: str) -> None:
        """Run a program, unless it shows one of two calls that are known to do harm."""
        if re.search(INPUT, program) or re.search(SYSTEM, program):
            raise RuntimeError
        exec(program, self.names)


def execute(lines: list[str], runtime: Runtime, timeout_s: float) -> tuple[str, str]:
    """Run one program in a worker; return what it printed and how it ended."""
    try:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            timeout(timeout_s)(runtime.run)("\n".join(lines))
        printed.seek(0)
        result = printed.read()
        pickle.dumps(result)
        return result, "Done"
    except BaseException:  # noqa: BLE001  as the executor that this stands for does
        return "", traceback.format_exc().split("\n")[-2]


def apply(programs: list[str], timeout_s: float) -> list[str]:
    """Run a batch through a pool of its own."""
    tasks = [program.strip().split("\n") for program in programs]
    task = functools.partial(execute, runtime=Runtime(), timeout_s=timeout_s)
    results: list[tuple[str, str]] = []
    if not tasks:
        return []
    with ProcessPool(max_workers=min(len(tasks), os.cpu_count() or 1)) as pool:
        done = pool.map(task, tasks, timeout=timeout_s).result()
        while True:
            try:
                results.append(next(done))
            except StopIteration:
                break
            except TimeoutError:
                results.append(("", "Timeout Error"))
            except Exception as error:  # noqa: BLE001  as the executor that this stands for does
                results.append(("", str(error)))
    return [str(result).strip() for result, _ in results]


def main() -> None:
    """Run what comes on standard input."""
    print(json.dumps(apply(json.load(sys.stdin), float(sys.argv[1]))))


if __name__ == "__main__":
    main()
