"""Measure the teacher engine beside its peers, against one loopback endpoint.

    python -m bench.teacher                              # everything; half an hour
    python -m bench.teacher thoughtmill curator          # these only

The first tables show, per client and concurrency: requests a second, CPU milliseconds a request and peak
memory. The last table shows how clients resume: how many answers that the endpoint had sent are asked again
after each `kill -9`; then one problem is edited and one added, and the table counts how many of these two are
asked, how many others are asked again, and how many answers the client returns. Where the system allows, the
client runs alone on the first core and everything else on the last. Peers are slower, and get fewer requests
and fewer kills. A client that cannot be installed or run has a row with the reason.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from bench.environments import REQUIREMENTS, CannotRun, last_line, python, variables

ROOT = Path(__file__).parents[1]
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
MOMENT_S = 0.1  # the mean latency of the endpoint where clients are killed
VARIANTS = {"openai": ("aiohttp", "httpx")}
CLIENTS = [
    ":".join(filter(None, (name, variant)))
    for name in ("thoughtmill", *REQUIREMENTS)
    for variant in VARIANTS.get(name, ("",))
]


@dataclass(frozen=True)
class Client:
    """One client in its environment, and how much is measured."""

    name: str
    python: Path
    requests: int
    kills: int
    patience_s: float

    def start(self, url: str, requests: int, concurrency: int, folder: Path, changed: bool = False) -> Any:
        """Start it in a new process group; its messages go to the file `said` in `folder`."""
        words = [self.python, "-m", "bench.peers", self.name, url, str(requests), str(concurrency), folder]
        with (folder / "said").open("w") as said:
            process = subprocess.Popen(
                words + ["changed"] * changed,
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                env=variables(self.python),
                start_new_session=True,
            )
        _pin(process.pid, 0)
        return process

    def run(self, url: str, requests: int, concurrency: int, folder: Path, changed: bool = False) -> Any:
        """Run it to its end; return its measurements."""
        process = self.start(url, requests, concurrency, folder, changed)
        try:
            out, _ = process.communicate(timeout=self.patience_s)
        except subprocess.TimeoutExpired as error:
            raise CannotRun(f"no end within {self.patience_s:.0f} s") from error
        finally:
            _kill(process)
        if process.returncode:
            raise CannotRun(last_line((folder / "said").read_text()))
        return json.loads(out.splitlines()[-1])


@contextmanager
def endpoint(mean_s: float) -> Iterator[str]:
    """Run the endpoint in a separate process; yield its URL."""
    words = [sys.executable, "-m", "bench.endpoint", "--mean_s", str(mean_s)]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    _pin(process.pid, -1)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
    finally:
        process.kill()
        process.wait()


def counts(url: str) -> Any:
    """Return the counts of the endpoint."""
    with urllib.request.urlopen(f"{url}/counts") as answer:
        return json.load(answer)


def speed(client: Client, concurrency: int, mean_s: float) -> str:
    """Measure one client at full speed; return the cells of its row."""
    with endpoint(mean_s) as url, tempfile.TemporaryDirectory() as folder:
        took = client.run(url, client.requests, concurrency, Path(folder))
    rate, cpu_ms = took["answers"] / took["seconds"], took["cpu_s"] / client.requests * 1000
    of_ideal = rate * mean_s / min(concurrency, client.requests)
    lost = client.requests - took["answers"]
    return f"{client.requests} | {rate:.0f} | {of_ideal:.0%} | {cpu_ms:.2f} | {took['peak_mb']:.0f} | {lost}"


def resumed(client: Client, concurrency: int, mean_s: float, each: int = 200) -> str:
    """Kill a client repeatedly, let it end, edit one problem and add one; return the cells of its row."""
    chance, requests = random.Random(f"kill/{client.name}"), each * (client.kills + 1)
    killed: list[tuple[float, float]] = []
    with endpoint(mean_s) as url, tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        for _ in range(client.kills):
            enough = counts(url)["answers"] + chance.uniform(0.2, 1.0) * each
            process, moment_s = client.start(url, requests, concurrency, folder), chance.uniform(0, MOMENT_S)
            killed.append(_killed(process, url, enough, client, moment_s))
        client.run(url, requests, concurrency, folder)
        before = counts(url)
        again = sorted(repeats(before["again_s"], killed))
        spread = (
            f"{client.kills} | {sum(again) / client.kills:.2f} | {again[client.kills // 2]} | {again[-1]}"
        )
        try:
            took = client.run(url, requests, concurrency, folder, changed=True)
        except CannotRun as reason:
            return f"{spread} | {reason} | | "
        after = counts(url)
    others = len(after["again_s"]) - len(before["again_s"])
    asked = after["requests"] - before["requests"] - others
    return f"{spread} | {asked} of 2 | {others} | {took['answers']} of {requests + 1}"


def _killed(process: Any, url: str, enough: float, client: Client, moment_s: float) -> tuple[float, float]:
    """Kill a client some time after so many answers; return the times just before the kill and after its end.

    The endpoint says how many answers it has sent right after it sent some; `moment_s` keeps the kill from
    being at that moment each time.
    """
    give_up_s = time.monotonic() + client.patience_s
    while counts(url)["answers"] < enough:
        if process.poll() is not None or time.monotonic() > give_up_s:
            _kill(process)
            raise CannotRun("ended, or hung, before it was killed")
        time.sleep(0.005)
    time.sleep(moment_s)
    killed_s = time.monotonic()
    _kill(process)
    return killed_s, time.monotonic()


def repeats(again_s: list[float], killed: list[tuple[float, float]]) -> list[int]:
    """Return for each kill how many answers, sent since the last kill, were asked again.

    A kill is a pair: the time just before it, and the time when the process had ended. Answers sent between
    the two do not count: the process is dead, though the system has not closed its connections yet.
    """
    since = [0.0, *(gone_s for _, gone_s in killed)]
    return [
        sum(begin_s < at_s < killed_s for at_s in again_s)
        for begin_s, (killed_s, _) in zip(since, killed, strict=False)
    ]


def _kill(process: Any) -> None:
    """Kill a client and all processes that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _pin(process: int, core: int) -> None:
    """Pin a process to one core, so that client and endpoint do not slow each other down."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process, {CORES[core]})


def _table(heads: str, clients: list[str], row: Callable[[str], str]) -> None:
    """Print a row per client, as soon as it is measured."""
    print(f"\n| client | {heads} |\n|{'---|' * (heads.count('|') + 2)}")
    for name in clients:
        try:
            cells = row(name)
        except CannotRun as reason:
            cells = f"{reason}{' |' * heads.count('|')}"
        print(f"| {name} | {cells} |", flush=True)


def main() -> None:
    """Print the tables."""
    words = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    words.add_argument("clients", nargs="*", default=CLIENTS, help=f"of {', '.join(CLIENTS)}; all of them")
    words.add_argument("--peers", type=Path, default=platformdirs.user_cache_path("thoughtmill") / "peers")
    words.add_argument("--requests", type=int, default=5000, help="of Thoughtmill")
    words.add_argument("--peer_requests", type=int, default=2000, help="of each peer")
    words.add_argument("--concurrency", type=int, nargs="*", default=[256, 1024])
    words.add_argument("--mean_s", type=float, default=0.3, help="mean latency of the endpoint")
    words.add_argument("--kills", type=int, default=20, help="of Thoughtmill, at random moments")
    words.add_argument("--peer_kills", type=int, default=2, help="of each peer")
    words.add_argument("--patience_s", type=float, default=300.0, help="after which a client hangs")
    chosen = words.parse_args()
    _pin(os.getpid(), -1)

    def client(name: str) -> Client:
        ours = name.startswith("thoughtmill")
        requests, kills = (
            (chosen.requests, chosen.kills) if ours else (chosen.peer_requests, chosen.peer_kills)
        )
        return Client(name, python(name.partition(":")[0], chosen.peers), requests, kills, chosen.patience_s)

    for concurrency in chosen.concurrency:
        print(f"\n{chosen.mean_s} s on average, {concurrency} at once")
        heads = "requests | requests/s | of the ideal | CPU ms a request | peak MB | lost"
        _table(heads, chosen.clients, lambda name: speed(client(name), concurrency, chosen.mean_s))  # noqa: B023
    if chosen.kills:
        print("\nanswered, then killed and asked again; one problem edited, one added; 64 at once, 0.1 s")
        heads = "kills | mean | median | most | new ones asked | others asked again | answers"
        _table(heads, chosen.clients, lambda name: resumed(client(name), 64, MOMENT_S))


if __name__ == "__main__":
    main()
