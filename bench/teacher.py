"""Measure the teacher engine side by side with other clients, against one loopback endpoint.

    python -m bench.teacher                    # Thoughtmill and the openai package
    python -m bench.teacher --peers            # and litellm and curator, in environments made on demand

Per client and concurrency: requests a second, CPU milliseconds a request and peak memory; then what it asks
again after `kill -9` half-way, and how many requests it sends when one problem is edited and one added. Where
the system allows, the client runs on the first core alone and the endpoint on the last.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ENVIRONMENTS = HERE / ".venvs"
OURS = ("thoughtmill_raw", "thoughtmill", "openai_aiohttp", "openai")
# litellm reads its cache with modules of its proxy, and one of those imports soundfile.
PEERS = {"litellm": ("litellm[proxy]", "diskcache", "soundfile"), "curator": ("bespokelabs-curator",)}


@contextmanager
def endpoint(mean_s: float) -> Iterator[str]:
    """Run the endpoint in a process of its own; yield its URL."""
    words = [sys.executable, str(HERE / "endpoint.py"), "--mean_s", str(mean_s)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    _pin(process.pid, -1)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
    finally:
        process.kill()
        process.wait()


def counts(url: str) -> dict[str, int]:
    """Ask the endpoint what it has seen."""
    with urllib.request.urlopen(f"{url}/counts") as answer:
        counted: dict[str, int] = json.load(answer)
    return counted


def start(name: str, url: str, requests: int, concurrency: int, folder: Path, changed: bool = False) -> Any:
    """Start a client in the environment that has it."""
    words = [python(name), str(HERE / "clients.py"), name, url, str(requests), str(concurrency), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)} if name in OURS else os.environ
    process = subprocess.Popen(
        words + ["changed"] * changed,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    _pin(process.pid, 0)
    return process


def finish(process: Any) -> dict[str, float]:
    """Wait for a client; return what it measured of itself."""
    out, _ = process.communicate(timeout=1800)
    if process.returncode:
        raise SystemExit(
            f"a client failed with exit status {process.returncode}; run bench/clients.py by hand"
        )
    measured: dict[str, float] = json.loads(out.splitlines()[-1])
    return measured


def python(name: str) -> str:
    """Return the Python that has a client; a peer's environment is made the first time."""
    if name in OURS:
        return sys.executable
    folder = ENVIRONMENTS / name
    found = folder / "bin" / "python"
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([str(found), "-m", "pip", "install", "--quiet", *PEERS[name]], check=True)
        (folder / "ready").touch()
    return str(found)


def speed(name: str, requests: int, concurrency: int, mean_s: float) -> str:
    """Measure one client at full speed; return a row of the table."""
    with endpoint(mean_s) as url, tempfile.TemporaryDirectory() as folder:
        took = finish(start(name, url, requests, concurrency, Path(folder)))
    rate, cpu_ms = took["answers"] / took["seconds"], took["cpu_s"] / requests * 1000
    figures = f"{rate:.0f} | {cpu_ms:.2f} | {took['peak_mb']:.0f} | {requests - took['answers']:.0f}"
    return f"| {name} | {concurrency} | {figures} |"


def resumed(name: str, requests: int, concurrency: int, mean_s: float) -> str:
    """Kill a client half-way, run it again, then with one problem edited and one added; return a row."""
    with endpoint(mean_s) as url, tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        process = start(name, url, requests, concurrency, folder)
        while counts(url)["answers"] < requests / 2:
            time.sleep(0.005)
        process.kill()
        process.wait()
        delivered = counts(url)["answers"]
        finish(start(name, url, requests, concurrency, folder))
        again = counts(url)
        finish(start(name, url, requests, concurrency, folder, changed=True))
        asked = counts(url)["requests"] - again["requests"]
    return f"| {name} | {delivered} | {again['again']} | {asked} |"


def _pin(process: int, core: int) -> None:
    """Keep a process to one core, so that client and endpoint do not take from each other."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(process, {cores[core]})


def main() -> None:
    """Print both tables."""
    words = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    words.add_argument("--requests", type=int, default=5000)
    words.add_argument("--concurrency", type=int, nargs="+", default=[256, 1024])
    words.add_argument("--mean_s", type=float, default=0.3, help="mean latency of the endpoint")
    words.add_argument("--peers", nargs="*", choices=list(PEERS), help="all of them, or those named")
    words.add_argument("--clients", nargs="*", choices=OURS, default=list(OURS))
    chosen = words.parse_args()
    peers = [] if chosen.peers is None else chosen.peers or list(PEERS)
    names = [*chosen.clients, *peers]
    print(f"{chosen.requests} requests of {chosen.mean_s} s on average\n")
    print("| client | at once | requests/s | CPU ms a request | peak MB | lost |\n|---|---|---|---|---|---|")
    for concurrency in chosen.concurrency:
        ideal = min(concurrency, chosen.requests) / chosen.mean_s
        print(f"| ideal | {concurrency} | {ideal:.0f} | | | |")
        for name in names:
            print(speed(name, chosen.requests, concurrency, chosen.mean_s), flush=True)
    print("\n| client | delivered at kill -9 | of these asked again | asked when one is edited, one added |")
    print("|---|---|---|---|")
    for name in names:
        print(resumed(name, 2000, 64, 0.1), flush=True)


if __name__ == "__main__":
    main()
