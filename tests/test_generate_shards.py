"""Generate in shards on Ray: the bytes of one run, nothing paid twice whoever dies, one budget for all."""

import contextlib
import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.fake_endpoint import FakeEndpoint, Turn
from tests.ray_nodes import three_nodes
from tests.test_generate import project
from thoughtmill.factory import generate
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest
from thoughtmill.factory.ledger import Ledger
from thoughtmill.schemas import Completions

pytest.importorskip("ray", reason="the extra `ray` is not installed")

COUNT = 36
PROBLEMS = [
    {"problem_id": f"ours-train-{number:02}", "split": "train", "answer": str(7 * number), "source": "ours",
     "problem": f"How many are {number} rows of 7?", "solution": None}
    for number in range(COUNT)
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """Three nodes, once for all tests of this file."""
    with three_nodes(cpus=1):
        yield


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    with FakeEndpoint(lambda prompt, times: Turn("ans = 7")) as opened:
        yield opened


def begun(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch, **openai: Any) -> Path:
    given = {
        "thoughts": ["pot"],
        "executor": "ray",
        "ray": {"workers": 3},
        "generate": {"teacher": "openai", "shards": 6, "openai": {"base_url": url, "model": "m", **openai}},
    }
    project(folder, given, PROBLEMS)
    monkeypatch.setenv("THOUGHTMILL_LEDGER", str(folder.parent / "ledger.sqlite"))
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    monkeypatch.chdir(folder)
    return folder / "data" / "completions" / "pot.parquet"


def locally(folder: Path) -> None:
    given = json.loads((folder / "params.yaml").read_text())
    (folder / "params.yaml").write_text(json.dumps({**given, "executor": "local"}))
    generate.main("pot")


def test_shards_on_ray_give_the_bytes_of_one_run_and_leave_one_ledger(
    tmp_path: Path, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = begun(tmp_path / "project", endpoint.url, monkeypatch)
    generate.main("pot")
    spread = digest(path)
    assert not any(each.is_file() for each in (tmp_path / "project" / "data" / "shards").rglob("*.sqlite"))
    with Ledger() as ledger:
        assert ledger.count() == COUNT
    generate.main("pot")
    assert digest(path) == spread
    locally(tmp_path / "project")
    assert digest(path) == spread
    assert endpoint.asked.total() == COUNT


def test_the_budget_holds_for_all_shards_together(
    tmp_path: Path, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    price = {"m": {"prompt": 0.0, "completion": 1000.0}}
    begun(tmp_path / "project", endpoint.url, monkeypatch, prices=price, max_usd=0.5)
    with pytest.raises(ThoughtmillError, match="max_usd is used up"):
        generate.main("pot")
    with Ledger() as ledger:
        spent = ledger.cost_usd((key, 1.0) for key in list(ledger.keys()))
    assert spent <= 0.5


KILLS = int(os.environ.get("THOUGHTMILL_TEST_KILLS", "3"))


def kill(leases: Path, killed: list[int], done: threading.Event) -> None:
    """Kill processes that hold a ledger, one after the other."""
    random = Random(3)
    while len(killed) < KILLS and not done.wait(0.2):
        held = [path.read_text() for path in leases.glob("*.lease")]
        holders = [pid for text in held if text and (pid := int(text.partition(":")[2])) not in killed]
        if holders:
            killed.append(random.choice(holders))
            with contextlib.suppress(ProcessLookupError):
                os.kill(killed[-1], signal.SIGKILL)


def test_when_workers_are_killed_no_answer_is_asked_for_again_and_none_is_lost(
    tmp_path: Path, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.plan = lambda prompt, times: Turn("ans = 7", delay_s=0.2)
    path = begun(tmp_path / "project", endpoint.url, monkeypatch, max_concurrency=3)
    killed, done = list[int](), threading.Event()
    leases = tmp_path / "project" / "data" / "shards" / "ledger" / "pot"
    killer = threading.Thread(target=kill, args=(leases, killed, done))
    killer.start()
    try:
        for _ in range(KILLS + 1):
            with contextlib.suppress(ThoughtmillError):  # a shard that was killed too often: run again
                generate.main("pot")
                break
    finally:
        done.set()
        killer.join()
    assert len(killed) >= min(3, KILLS)
    assert len(tables.TableReader(path, Completions)) == COUNT
    assert endpoint.asked.total() <= COUNT + len(killed)  # one was in flight at each kill
    with Ledger() as ledger:
        assert ledger.count() == COUNT
    locally(tmp_path / "project")
    assert endpoint.asked.total() <= COUNT + len(killed)
