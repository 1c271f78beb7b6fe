"""`bench.scale`: what a large run costs on paper, its simulation, and the work that is compared."""

import json
import os
from itertools import islice
from pathlib import Path

import pytest

from bench import cluster, growing, spreading
from bench.cluster import Fleet, simulated


def test_a_simulation_is_the_same_each_time_and_takes_at_least_as_long_as_its_requests() -> None:
    fleet = Fleet(nodes=10, shards=40, requests=100_000)
    found = simulated(fleet)
    assert found == simulated(fleet)
    fastest_s = fleet.requests * fleet.latency_s / (fleet.nodes * fleet.at_once)
    assert found.hours * 3600 > fastest_s
    assert 0 < found.busy < 1
    assert simulated(fleet._replace(requests_per_s=5.0)).hours * 3600 > fleet.requests / 5.0


def test_permits_that_a_node_does_not_use_go_to_the_others() -> None:
    fleet = Fleet(nodes=10, shards=15, requests=60_000, requests_per_s=5.0, hours_between_deaths=1e9)
    assert simulated(fleet).hours * 3600 < 1.02 * fleet.requests / fleet.requests_per_s


def test_only_what_was_in_flight_is_asked_again() -> None:
    safe = Fleet(nodes=10, shards=40, requests=100_000, hours_between_deaths=1e9)
    assert simulated(safe)[2:4] == (0, 0)
    found = simulated(safe._replace(hours_between_deaths=0.1))
    assert found.deaths > 0
    assert found.asked_again <= found.deaths * safe.at_once
    assert found.hours > simulated(safe).hours


def test_fewer_shards_than_nodes_leave_nodes_idle() -> None:
    few, enough = (simulated(Fleet(nodes=20, shards=shards, requests=200_000)) for shards in (4, 20))
    assert few.busy < 0.25 < enough.busy
    assert few.hours > 2 * enough.hours


def test_the_tables_name_every_stage_and_what_is_outgrown_first_comes_first() -> None:
    lines = list(cluster.estimate())
    for stage in ("seed", "generate", "verify", "curate", "tabulate", "release", "report"):
        assert any(line.startswith(f"| `{stage}`") for line in lines), stage
    sizes = [size for size, _ in cluster.limits()]
    assert sizes == sorted(sizes)


def test_twice_the_records_cost_twice_as_much() -> None:
    one, two = (dict(cluster.on_paper(records, 1e9)) for records in (10**6, 2 * 10**6))
    assert float(two["days of asking"]) == pytest.approx(2 * float(one["days of asking"]), abs=1)
    assert one["requests a day; a second"] == two["requests a day; a second"]


def test_repetitions_of_real_records_have_other_numbers(tmp_path: Path) -> None:
    row = {"problem": "2 boxes of 12 cost 3.5 each.", "completion": "ans = 12 * 3.5"}
    for name in ("cot", "pot"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(row) + "\n")
    first, second = list(islice(spreading.jobs(tmp_path), 6))[::3]
    assert (first.thought, first.completion) == ("cot", "ans = 12 * 3.5")
    assert (second.problem, second.completion) == ("2 boxes of 13 cost 3.5 each.", "ans = 13 * 3.5")


def test_sizes_are_those_of_files_and_small_ones_do_not_count(tmp_path: Path) -> None:
    report = tmp_path / "data" / "report"
    report.mkdir(parents=True)
    (report / "page.html").write_bytes(os.urandom(growing.SMALL_B))
    (tmp_path / "data" / "checked.json").write_text("{}")
    found = growing.sizes(tmp_path)
    assert found == {"bytes": {"report": growing.SMALL_B, "DVC's cache": 0}, "report_files": 1}
