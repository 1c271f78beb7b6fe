"""The executor `ray`: it keeps what the local pool promises, and writes the same bytes."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests import stages
from tests.ray_nodes import ray_nodes
from tests.test_workers import begin, lost, work
from tests.waiting import until
from thoughtmill.factory import curate, grow, seed, verify
from thoughtmill.factory.core import progress_files, ray_cluster
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.executors import ray as executor
from thoughtmill.factory.core.executors.ray import RayPool
from thoughtmill.factory.core.files import digest, running
from thoughtmill.factory.core.ray_cluster import RaySettings

pytest.importorskip("ray", reason="the extra `ray` is not installed")

ROOT = Path(__file__).parents[1]
SPLITS = ("validation", "validation_compositions", "test_numbers", "test_compositions", "test_templates")
PARAMS: dict[str, Any] = {
    "thoughts": ["cot", "pot"],
    "seed": {
        "sources": [{"set": "embedded"}],
        "embedded": {"seed": 1, "train": 30, **dict.fromkeys(SPLITS, 4)},
    },
    "generate": {"embedded": {"error_rate": 0.2, "seed": 1}},
    "grow": {"redraw": 1},
}


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """Two nodes, once for all tests of this file."""
    with ray_nodes(2, cpus=3):
        yield


def pool(workers: int = 2) -> RayPool[int, int]:
    return RayPool(work, lost, workers, begin, (100,))


@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    count = 20 * executor.CHUNK + 5
    assert list(pool(workers).spread(range(count))) == [item + 100 for item in range(count)]


def test_an_item_that_kills_its_process_is_lost_and_no_other() -> None:
    items = list(range(executor.CHUNK * 6))
    items[70] = items[300] = -1
    expected = [-1000 if item < 0 else item + 100 for item in items]
    assert list(pool().spread(items)) == expected


def test_a_single_item_pays_for_no_death_but_its_own() -> None:
    crew = executor._Crew(RayPool(work, lost, 1, begin, (100,), RaySettings(workers=1)), executor.DEEP)
    try:
        killing, alone, again = (crew.submit(items) for items in ([-1, 1], [2], [-1, 3]))
        assert crew.result(alone) == [102]
        assert (crew.result(killing), alone.deaths, crew.result(again)) == (None, 0, None)
        suspects = crew.submit_each([-1, 4])
        assert [crew.result(each) for each in suspects] == [None, [104]]
        assert [each.deaths for each in suspects] == [executor.MOST_DEATHS, 0]
    finally:
        crew.close()


def test_only_a_bounded_number_of_items_is_taken_ahead() -> None:
    taken = 0

    def endless() -> Iterator[int]:
        nonlocal taken
        for item in range(10**6):
            taken += 1
            yield item

    results = pool().spread(endless())
    for item in range(1000):
        assert next(results) == item + 100
    results.close()  # type: ignore[attr-defined]  it is a generator
    assert taken <= 1000 + (2 * executor.AHEAD + 1) * executor.CHUNK


def test_other_work_does_not_come_before_the_workers_that_ray_starts_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "RAY_worker_niceness"
    for given, found in ((None, "0"), ("15", "15")):  # whoever sets it means it
        monkeypatch.delenv(name) if given is None else monkeypatch.setenv(name, given)
        ray_cluster.joined(RaySettings(), 1)
        assert os.environ[name] == found


class LateNodes:
    """Nodes that are late, the first few; then they are there."""

    def __init__(self, late: int, said: str = "The current node timed out during startup. This") -> None:
        self.late, self.said, self.starts = late, said, 0

    def __call__(self) -> str:
        self.starts += 1
        if self.starts <= self.late:
            raise Exception(self.said)  # noqa: TRY002  Ray raises it so
        return "a node"


def test_a_node_that_is_late_is_started_again_and_at_last_given_up() -> None:
    assert ray_cluster.started(LateNodes(2)) == "a node"
    with pytest.raises(ThoughtmillError, match="no node has started here in 3 tries"):
        ray_cluster.started(LateNodes(3))


def test_a_node_that_fails_otherwise_is_not_started_again() -> None:
    other = LateNodes(1, "no such port")
    with pytest.raises(Exception, match="no such port"):
        ray_cluster.started(other)
    assert other.starts == 1


class DeadNodes:
    """What Ray says of nodes: which are alive."""

    def __init__(self, *alive: bool) -> None:
        self.alive = alive

    def nodes(self) -> list[dict[str, bool]]:
        return [{"Alive": each} for each in self.alive]


def test_a_cluster_whose_nodes_died_is_waited_for_and_the_only_node_that_was_started_here_is_not() -> None:
    ray_cluster.check_alive(DeadNodes(False, True), RaySettings())
    ray_cluster.check_alive(DeadNodes(False, False), RaySettings(address="auto"))
    with pytest.raises(ThoughtmillError, match="the node that was started here has died"):
        ray_cluster.check_alive(DeadNodes(False), RaySettings())


def test_who_waits_for_a_node_that_died_here_ends_with_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    monkeypatch.setattr(ray, "nodes", DeadNodes(False).nodes)
    nowhere = RaySettings(workers=1, resources={"a resource that no node has": 1})
    with pytest.raises(ThoughtmillError, match="nothing is lost: run the same command again"):
        list(RayPool(work, lost, 1, begin, (0,), nowhere).spread([1]))


def broken() -> None:
    raise ZeroDivisionError("cannot begin")


def test_a_worker_that_cannot_begin_raises_its_own_error() -> None:
    with pytest.raises(ZeroDivisionError):
        list(RayPool(work, lost, 1, broken, ()).spread([1]))


def fail(items: list[int]) -> list[int]:
    raise ZeroDivisionError("a bug")


def test_a_bug_in_the_work_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        list(RayPool(fail, lost, 1, begin, (0,)).spread([1]))


def built(folder: Path, given: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Run the stages that spread work in a project; return the digests of its tables."""
    data = folder / "data"
    data.mkdir(parents=True)
    shutil.copy(ROOT / "data" / "exemplars.jsonl", data)
    (folder / "dvc.yaml").touch()
    (folder / "params.yaml").write_text(json.dumps({**PARAMS, **given}))
    monkeypatch.chdir(folder)
    seed.main()
    stages.generate_and_verify()
    grow.main()
    curate.main()
    return digests(data)


def on_ray(workers: int) -> dict[str, object]:
    return {"executor": "ray", "ray": {"workers": workers}}


def digests(data: Path) -> dict[str, str]:
    found = {path.relative_to(data).as_posix(): digest(path) for path in data.rglob("*.parquet")}
    return {name: of for name, of in found.items() if not name.startswith("local/")}  # seconds are no output


def test_stages_write_the_bytes_of_the_local_pool_on_two_nodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = built(tmp_path / "local", {"executor": "local"}, monkeypatch)
    assert "grown/growths.parquet" in expected
    assert built(tmp_path / "ray", on_ray(2), monkeypatch) == expected
    for count, run in {1: partial(verify.main, "pot"), 4: grow.main, 3: curate.main}.items():
        (tmp_path / "ray" / "params.yaml").write_text(json.dumps({**PARAMS, **on_ray(count)}))
        run()
    assert digests(tmp_path / "ray" / "data") == expected


PARENT = """
import sys
from tests import test_workers as here
from thoughtmill.factory.core.executors.ray import RayPool

if __name__ == "__main__":
    list(RayPool(here.note, here.lost, 1, here.begin, (0,)).spread([sys.argv[1]] * 50_000))
"""


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(PARENT)
    command = [sys.executable, str(tmp_path / "main.py"), str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        until(lambda: any(tmp_path.glob("[0-9]*")))
        pids = [int(path.name) for path in tmp_path.glob("[0-9]*")]
        process.kill()
    until(lambda: not any(map(running, pids)))


def wait_or_die(items: list[str]) -> list[int]:
    """Die once over `b`; over `a`, wait until `b` is done."""
    folder, name = os.path.split(items[0])
    if name == "b" and not os.path.exists(os.path.join(folder, "died")):
        Path(folder, "died").touch()
        os._exit(9)
    Path(folder, f"{name} is done").touch()
    while name == "a" and not os.path.exists(os.path.join(folder, "b is done")):
        time.sleep(0.05)
    return [len(items)]


def test_an_item_whose_worker_died_is_done_again_before_its_turn(tmp_path: Path) -> None:
    items = [str(tmp_path / name) for name in "ab"]
    assert list(RayPool(wait_or_die, lost, 2, begin, (0,)).spread(items)) == [1, 1]


class Waited(Exception):
    """What a pool waits for."""


def test_a_pool_without_room_says_what_it_waits_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def said(_: object, what: str) -> None:
        raise Waited(what)

    monkeypatch.setattr(progress_files.WaitLine, "waits", said)
    settings = RaySettings(workers=1, resources={"CPU": 1, "press": 2})
    with pytest.raises(Waited, match="a node with CPU 1, press 2 free; the cluster has CPU 6, press 0"):
        list(RayPool(work, lost, 1, begin, (0,), settings).spread([1]))


def test_nothing_to_do_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_cluster, "joined", lambda *_: pytest.fail("it started Ray"))
    assert list(pool().spread([])) == []
