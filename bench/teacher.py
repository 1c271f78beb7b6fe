"""Measure the teacher engine side by side with other clients, against one loopback endpoint.

    python -m bench.teacher                    # Thoughtmill and the openai package
    python -m bench.teacher --peers            # and litellm and curator, in environments made on demand

Per client and concurrency: requests a second, CPU milliseconds a request and peak memory; then how much of
what had been sent to it a client asks for again after each `kill -9`, and how many requests it sends when one
problem is edited and one added. Where the system allows, the client runs on the first core alone, all else on
the last.
"""

import argparse
import json
import os
import random
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
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
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


def resumed(name: str, requests: int, concurrency: int, mean_s: float, kills: int) -> str:
    """Kill a client so many times, let it end, edit one problem and add one; return a row."""
    chance = random.Random(f"kill/{name}")
    killed: list[tuple[float, float]] = []
    with endpoint(mean_s) as url, tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        for _ in range(kills):
            enough = counts(url)["answers"] + chance.uniform(0.2, 1.0) * requests / (kills + 1)
            process = start(name, url, requests, concurrency, folder)
            while counts(url)["answers"] < enough:
                time.sleep(0.005)
            killed_s = time.monotonic()
            process.kill()
            process.wait()
            killed.append((killed_s, time.monotonic()))
        finish(start(name, url, requests, concurrency, folder))
        asked = counts(url)
        finish(start(name, url, requests, concurrency, folder, changed=True))
        changed = counts(url)["requests"] - asked["requests"]
    again = sorted(repeats(asked["again_s"], killed))
    figures = f"{sum(again) / kills:.2f} | {again[kills // 2]} | {again[-1]} | {changed}"
    return f"| {name} | {kills} | {figures} |"


def repeats(again_s: list[float], killed: list[tuple[float, float]]) -> list[int]:
    """Return for each kill how many answers sent before it, and after the last, were asked for again.

    A kill is the time just before it and the time when the process was gone: what the endpoint sends between
    the two reaches a process that is dead, though the system has not closed its connections yet.
    """
    since = [0.0, *(gone_s for _, gone_s in killed)]
    return [
        sum(begin_s < at_s < killed_s for at_s in again_s)
        for begin_s, (killed_s, _) in zip(since, killed, strict=False)
    ]


def _pin(process: int, core: int) -> None:
    """Keep a process to one core, so that client and endpoint do not take from each other."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process, {CORES[core]})


def main() -> None:
    """Print both tables."""
    words = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    words.add_argument("--requests", type=int, default=5000)
    words.add_argument("--concurrency", type=int, nargs="+", default=[256, 1024])
    words.add_argument("--mean_s", type=float, default=0.3, help="mean latency of the endpoint")
    words.add_argument("--kills", type=int, default=20, help="per client, at random moments")
    words.add_argument("--peers", nargs="*", choices=list(PEERS), help="all of them, or those named")
    words.add_argument("--clients", nargs="*", choices=OURS, default=list(OURS))
    chosen = words.parse_args()
    peers = [] if chosen.peers is None else chosen.peers or list(PEERS)
    names = [*chosen.clients, *peers]
    _pin(os.getpid(), -1)
    print(f"{chosen.requests} requests of {chosen.mean_s} s on average\n")
    print("| client | at once | requests/s | CPU ms a request | peak MB | lost |\n|---|---|---|---|---|---|")
    for concurrency in chosen.concurrency:
        ideal = min(concurrency, chosen.requests) / chosen.mean_s
        print(f"| ideal | {concurrency} | {ideal:.0f} | | | |")
        for name in names:
            print(speed(name, chosen.requests, concurrency, chosen.mean_s), flush=True)
    print("\nasked again though answered before a kill -9, at 64 at once, 0.1 s on average\n")
    print("| client | kills | mean | median | most | asked when one is edited, one added |")
    print("|---|---|---|---|---|---|")
    for name in names:
        print(resumed(name, 200 * (chosen.kills + 1), 64, 0.1, chosen.kills), flush=True)


if __name__ == "__main__":
    main()
