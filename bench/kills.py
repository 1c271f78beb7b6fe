"""Kill workers, nodes and drivers of `generate` on Ray, and count what is asked again.

    python -m bench.kills 20

Three nodes on this machine, each a process, ask the loopback endpoint of `bench.teacher`. Workers, nodes and
the driver are killed by turns, at random moments; a node that was killed is replaced, and a driver is started
again. The first line is of a run that ends. The second is of a run whose `max_usd` ends it.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any

from bench.teacher import ROOT, counts, endpoint
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.files import running
from thoughtmill.factory.core.ray_cluster import STORE_B, started
from thoughtmill.schemas import Problems

KINDS = ("worker", "node", "driver")
AT_ONCE = 12
ANSWER_USD = 0.13
"""The cost of an answer: 130 tokens; a request may cost 512."""
PRICES = {"m": {"prompt": 0.0, "completion": 1000.0}}
PATIENCE_S = 1800.0


@dataclass
class Kills:
    """A run of `generate` under kills, and what was killed in it."""

    folder: Path
    cluster: Any
    url: str
    answers: Callable[[], int]
    requests: int
    random: Random = field(default_factory=lambda: Random("kills"))
    killed: list[str] = field(default_factory=list)
    driver: "subprocess.Popen[str] | None" = None
    said: str = ""

    def project(self, max_usd: float, shards: int = 6) -> None:
        """Write the project that generates."""
        same = {"split": "train", "answer": "7", "answer_kind": "number", "source": "ours", "license": "mit"}
        unknown = dict.fromkeys(("solution", "subject", "level", "parent_id", "growth"))
        rows = [
            {"problem_id": f"p{at:05}", "problem": f"How many are {at} rows of 7?", **same, **unknown}
            for at in range(self.requests)
        ]
        tables.write(self.folder / "data" / "problems.parquet", Problems, rows)
        exemplars = (ROOT / "data" / "exemplars.jsonl").read_bytes()
        (self.folder / "data" / "exemplars.jsonl").write_bytes(exemplars)
        (self.folder / "dvc.yaml").write_text("stages: {}\n")
        openai = {
            "base_url": self.url, "model": "m", "prices": PRICES, "max_usd": max_usd,
            "max_concurrency": AT_ONCE,
        }  # fmt: skip
        given = {
            "thoughts": ["pot"], "executor": "ray", "ray": {"address": self.cluster.address, "workers": 3},
            "generate": {
                "teacher": "openai", "shards": shards, "openai": openai,
                "sampling": {"pot": {"max_tokens": 512}},
            },
        }  # fmt: skip
        (self.folder / "params.yaml").write_text(json.dumps(given))

    def run(self, kinds: Sequence[str], each: int) -> None:
        """Generate, and kill one of each kind after `each` answers or so; raise if it does not end."""
        give_up_s = time.monotonic() + PATIENCE_S
        wanted = iter(kinds)
        kind, enough = next(wanted, None), self._later(each)
        while time.monotonic() < give_up_s:
            if self.driver is None:
                self._start()
            elif self.driver.poll() is not None:
                if self._ended():
                    return
            elif kind is not None and self.answers() >= enough and self._kill(kind):
                kind, enough = next(wanted, None), self._later(each)
            time.sleep(0.02)
        raise TimeoutError(f"{self.folder}: no end after {PATIENCE_S:.0f} s: {self.said}")

    def _later(self, each: int) -> float:
        return self.answers() + self.random.uniform(0.2, 1.0) * each

    def _start(self) -> None:
        words = [sys.executable, "-m", "thoughtmill.factory.generate", "pot"]
        environment = {
            **os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "key", "RAY_ADDRESS": "",
            "THOUGHTMILL_LEDGER": str(self.folder / "ledger.sqlite"),
        }  # fmt: skip
        self.driver = subprocess.Popen(
            words,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.DEVNULL,  # Ray tells of every death there
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def _ended(self) -> bool:
        """Say whether the run is over: by success, or because `max_usd` is spent; else it goes on."""
        assert self.driver is not None
        _, self.said = self.driver.communicate()
        over = self.driver.returncode == 0 or "max_usd is used up" in self.said
        self.driver = None
        return over

    def _kill(self, kind: str) -> bool:
        """Kill something of a kind; say whether there was one."""
        if kind == "driver":
            assert self.driver is not None
            os.killpg(self.driver.pid, signal.SIGKILL)
            self.driver.communicate()
            self.driver = None
        elif kind == "node":
            others = sorted(self.cluster.worker_nodes, key=lambda node: str(node.node_id))
            self.cluster.remove_node(self.random.choice(others), allow_graceful=False)
            self.cluster.add_node(wait=False, **SIZE)
        elif not self._kill_worker():
            return False
        self.killed.append(kind)
        return True

    def _kill_worker(self) -> bool:
        leases = sorted((self.folder / "data" / "shards" / "ledger" / "pot").glob("*.lease"))
        held = [int(text.rpartition(":")[2]) for path in leases if (text := path.read_text())]
        alive = [pid for pid in held if running(pid)]
        if alive:
            with suppress(ProcessLookupError):
                os.kill(self.random.choice(alive), signal.SIGKILL)
        return bool(alive)

    def completions(self) -> int:
        """Return the number of rows of the table that was made."""
        path = self.folder / "data" / "completions" / "pot.parquet"
        return sum(row["failure"] is None for row in tables.rows_of(path)) if path.exists() else 0


SIZE = {"num_cpus": 1, "object_store_memory": STORE_B, "include_dashboard": False}


@contextmanager
def nodes() -> Iterator[Any]:
    """Start three nodes of one core each."""
    from ray.cluster_utils import Cluster

    cluster = started(lambda: Cluster(initialize_head=True, head_node_args=SIZE))
    try:
        for _ in range(2):
            started(lambda: cluster.add_node(wait=False, **SIZE))
        yield cluster
    finally:
        cluster.shutdown()


def measured(cluster: Any, kills: int, requests: int, max_usd: float, each: int) -> str:
    """Run under kills; return a line with what was killed, asked and spent."""
    with endpoint(0.3) as url, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        run = Kills(Path(folder), cluster, url, lambda: int(counts(url)["answers"]), requests)
        run.project(max_usd)
        run.run(list(islice(cycle(KINDS), kills)), each)
        came = counts(url)
        words = ", ".join(f"{run.killed.count(kind)} {kind}s" for kind in KINDS)
        return (
            f"{len(run.killed)} kills ({words}): {came['requests']} requests for {requests} problems, "
            f"{run.completions()} rows, {len(came['again_s'])} answers asked again, "
            f"${came['answers'] * ANSWER_USD:.2f} of ${max_usd:.2f} spent"
        )


def main() -> None:
    """Print the two lines."""
    kills = int(sys.argv[1]) if sys.argv[1:] else 20
    requests = 40 * kills + 100
    with nodes() as cluster:
        print(measured(cluster, kills, requests, requests * ANSWER_USD * 3, 35), flush=True)
        print(measured(cluster, max(1, kills // 4), requests, requests * ANSWER_USD / 2, 35), flush=True)


if __name__ == "__main__":
    main()
