"""What a large run would cost, on paper and by simulation: `python -m bench.scale --estimate`.

Costs per record are those that `bench.scale stages` measured on one node (`bench/scale.json`), and those of
the ledger and the teacher's client. The simulation deals shards to nodes that die, with answers that take
different times; it is seeded, and no network is involved.
"""

import heapq
import json
import math
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

MEASURED = Path(__file__).with_name("scale.json")
DAY_S = 86_400
RECORDS_A_PROBLEM = 4
PROMPT_TOKENS, COMPLETION_TOKENS = 700, 100
"""Tokens of a request with exemplars and of its answer, on GSM8K; long thinking takes 20 times as many."""
CLIENT_CPU_S = 0.0005
"""CPU seconds of a request, in the teacher's client (`python -m bench.teacher thoughtmill`)."""
LEDGER_B = 670
"""Bytes of an answer in a ledger (`python -m bench.ledger --rows 100000`: 67 MB)."""
SPREAD = ("generate", "verify", "grow")
"""Stages whose work is spread over nodes; what is spread of `curate` counts as if it were not."""
IN_DATA = ("problems.parquet", "completions", "verified", "records.parquet", "checks.parquet", "derived",
           "release", "report", "corpus.duckdb", "local")  # fmt: skip
DISK_B = 1e12
SQL_S = 0.4
"""Seconds of the slowest query of the cookbook at a million records (`python -m bench.sql 1000000`)."""


class Fleet(NamedTuple):
    """A cluster that generates: nodes, what each asks at once, and how answers and nodes behave."""

    nodes: int = 100
    at_once: int = 256
    shards: int = 800
    requests: int = 1_250_000
    requests_per_s: float = 0.0
    latency_s: float = 8.0
    slow_share: float = 0.01
    slow_times: float = 20.0
    hours_between_deaths: float = 24.0
    lease_s: float = 60.0
    seed: int = 1


class SimulatedRun(NamedTuple):
    """How a simulated run went: hours, the share of them that nodes asked, requests asked again, deaths."""

    hours: float
    busy: float
    asked_again: int
    deaths: int
    last_tenth: float


class _Turn:
    """A node that asks the rest of a shard, until it is done or dies."""

    def __init__(self, node: int, shard: int, left: float, dies_s: float) -> None:
        self.node, self.shard, self.left, self.dies_s = node, shard, left, dies_s


def simulated(fleet: Fleet) -> SimulatedRun:
    """Deal shards to nodes until all are done.

    A node has one shard at a time. It asks `at_once` requests; a limit per second is shared by the nodes that
    ask, as one actor hands out its permits. When a node dies, another takes the shard after `lease_s` and
    asks again for what was in flight. A shard ends with its slowest answer: meanwhile its node asks nothing.
    """
    random = Random(fleet.seed)
    size = fleet.requests // fleet.shards
    most = fleet.at_once / (fleet.latency_s * (1 + fleet.slow_share * (fleet.slow_times - 1)))
    ready = [(0.0, shard, float(size)) for shard in range(fleet.shards)]  # from when, and what is left
    free = [(0.0, node) for node in range(fleet.nodes)]
    asking: list[_Turn] = []
    ends: list[float] = []
    now_s, asking_s, asked_again, deaths = 0.0, 0.0, 0, 0
    while len(ends) < fleet.shards:
        while ready and free and max(ready[0][0], free[0][0]) <= now_s:
            (_, shard, left), (_, node) = heapq.heappop(ready), heapq.heappop(free)
            dies_s = now_s + random.expovariate(1 / (3600 * fleet.hours_between_deaths))
            asking.append(_Turn(node, shard, left, dies_s))
        rate = min(most, fleet.requests_per_s / max(1, len(asking)) if fleet.requests_per_s else most)
        begins_s = max(ready[0][0], free[0][0]) if ready and free else math.inf
        next_s = min([begins_s, *(min(turn.dies_s, now_s + turn.left / rate) for turn in asking)])
        asking_s += len(asking) * (next_s - now_s)
        for turn in asking:
            turn.left -= rate * (next_s - now_s)
        now_s = next_s
        in_flight = min(size, round(rate * fleet.latency_s) + 1)
        for turn in [turn for turn in asking if turn.left <= 1e-6 or turn.dies_s <= now_s]:
            asking.remove(turn)
            slow = any(random.random() < fleet.slow_share for _ in range(in_flight))
            done_s = now_s + fleet.latency_s * (fleet.slow_times if slow else 1)
            if turn.left <= 1e-6 and turn.dies_s > done_s:
                ends.append(done_s)
                heapq.heappush(free, (done_s, turn.node))
                continue
            late = turn.left <= 1e-6 and turn.dies_s > now_s + fleet.latency_s  # only slow answers lack
            lacking = max(1, round(in_flight * fleet.slow_share)) if late else in_flight
            again = min(lacking, size - round(max(0.0, turn.left)))
            deaths, asked_again = deaths + 1, asked_again + again
            heapq.heappush(ready, (turn.dies_s + fleet.lease_s, turn.shard, max(0.0, turn.left) + again))
            heapq.heappush(free, (turn.dies_s + fleet.lease_s, turn.node))
    total_s, ends = max(ends), sorted(ends)
    last_tenth = (total_s - ends[int(0.9 * len(ends))]) / total_s
    return SimulatedRun(total_s / 3600, asking_s / (total_s * fleet.nodes), asked_again, deaths, last_tenth)


def on_paper(records: int, tokens_a_day: float) -> Iterator[tuple[str, str]]:
    """Yield what a corpus of that many records costs, each with its amount."""
    noted = measured()
    times = records / (RECORDS_A_PROBLEM * noted["problems"])
    requests_a_day = tokens_a_day / (PROMPT_TOKENS + COMPLETION_TOKENS)
    rate = requests_a_day / DAY_S
    yield "requests, all records", f"{records:,}"
    yield "requests a day; a second", f"{requests_a_day:,.0f}; {rate:.1f}"
    yield f"requests at once, at {Fleet().latency_s:g} s each", f"{rate * Fleet().latency_s:.0f}"
    yield "cores that the client needs", f"{rate * CLIENT_CPU_S:.3f}"
    yield "days of asking", f"{records / requests_a_day:.0f}"
    yield "ledgers", _gb(records * LEDGER_B)
    for name, amount in noted["bytes"].items():
        yield f"`data/{name}`" if name in IN_DATA else name, _gb(times * amount)
    for name, cpu_s in cpu_by_stage(noted).items():
        yield (
            f"`{name}`" + ("" if name in SPREAD else ", in one process"),
            f"{times * cpu_s / 3600:.1f} CPU h",
        )
    yield "slowest query of the cookbook", f"{SQL_S * records / 1e6:.0f} s"


def measured() -> dict[str, Any]:
    """Return what `bench.scale stages` noted of one node."""
    noted: dict[str, Any] = json.loads(MEASURED.read_text("utf-8"))
    return noted


def cpu_by_stage(noted: dict[str, Any]) -> dict[str, float]:
    """Return the CPU seconds of each stage, those of all thoughts together."""
    found: dict[str, float] = {}
    for name, cost in noted["stages"].items():
        if name.split()[0] not in {"check", "dvc"}:
            found[name.split()[0]] = found.get(name.split()[0], 0.0) + cost["cpu_s"]
    return found


def limits() -> list[tuple[float, str]]:
    """Return what a corpus outgrows, each with the records at which it does, the first first."""
    noted = measured()
    records = RECORDS_A_PROBLEM * noted["problems"]
    found = [
        (records * DAY_S / cpu_s, f"`{name}`, in one process, takes a day")
        for name, cpu_s in cpu_by_stage(noted).items()
        if name not in SPREAD
    ]
    found.append((60 / SQL_S * 1e6, "the slowest query of the cookbook takes a minute"))
    found.append(
        (records * DISK_B / sum(noted["bytes"].values()), "everything, DVC's cache too, is a terabyte")
    )
    found.append((DISK_B / LEDGER_B, "the merged ledger, one SQLite file, is a terabyte"))
    return sorted(found)


def _gb(size: float) -> str:
    return f"{size / 1e9:,.1f} GB"


def estimate() -> Iterator[str]:
    """Yield the lines of the three tables."""
    yield "| 100 million records, a billion tokens a day | |"
    yield "|---|---|"
    for name, amount in on_paper(100_000_000, 1e9):
        yield f"| {name} | {amount} |"
    yield ""
    yield "| at million records | what is outgrown |"
    yield "|---|---|"
    for size, what in limits():
        yield f"| {size / 1e6:,.0f} | {what} |"
    yield ""
    yield "| shards | limit, requests/s | a node dies every | hours | nodes busy | asked again | last tenth |"
    yield "|---|---|---|---|---|---|---|"
    for shards in (8, 100, 800):
        yield _row(Fleet(shards=shards))
    for shards in (8, 100, 800):
        yield _row(Fleet(shards=shards, requests_per_s=14.5))
    yield _row(Fleet(shards=100, hours_between_deaths=1.0))


def _row(fleet: Fleet) -> str:
    found = simulated(fleet)
    limit = f"{fleet.requests_per_s:g}" if fleet.requests_per_s else "none"
    return (
        f"| {fleet.shards} | {limit} | {fleet.hours_between_deaths:g} h | {found.hours:.2f} "
        f"| {found.busy:.0%} | {found.asked_again:,} | {found.last_tenth:.0%} |"
    )
