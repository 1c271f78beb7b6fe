"""Run one client in its environment.

    python -m bench.peers CLIENT URL REQUESTS CONCURRENCY FOLDER [changed]

prints one line of JSON: answers, seconds and CPU seconds, all without imports, and the peak memory of the
largest process. CLIENT is a module of this package, with its variant after a colon.
"""

import importlib
import json
import resource
import sys
import time
from pathlib import Path

from bench.peers import PeerJob, problems

WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def cpu_s() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, WHO))


def peak_mb() -> float:
    """Return the peak memory of the largest of these processes, in megabytes."""
    scale = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss: bytes there, kilobytes elsewhere
    return max(resource.getrusage(who).ru_maxrss for who in WHO) * scale / 1e6


def main(client: str, url: str, requests: str, concurrency: str, folder: str, changed: str = "") -> None:
    """Run one client and print what it took."""
    name, _, variant = client.partition(":")
    module = importlib.import_module(f"bench.peers.{name}")
    if hasattr(module, "prepare"):
        module.prepare(variant)
    job = PeerJob(url, problems(int(requests), bool(changed)), int(concurrency), Path(folder), variant)
    began_s, began_cpu_s = time.perf_counter(), cpu_s()
    answers = module.ask(job)
    spent = {"seconds": time.perf_counter() - began_s, "cpu_s": cpu_s() - began_cpu_s}
    print(json.dumps({"answers": answers, "peak_mb": peak_mb(), **spent}))


if __name__ == "__main__":
    main(*sys.argv[1:])
