"""Generate in shards on Ray: the bytes of one run, nothing paid twice whoever dies, one budget for all."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.kills import AT_ONCE, KINDS, Kills
from tests.fake_endpoint import FakeEndpoint, Turn
from tests.ray_nodes import ray_nodes
from tests.test_generate import project
from tests.test_vllm_teacher import stand_in
from thoughtmill.factory import generate
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest
from thoughtmill.factory.ledger import Ledger

pytest.importorskip("ray", reason="the extra `ray` is not installed")

COUNT = 36
PROBLEMS = [
    {"problem_id": f"ours-train-{number:02}", "split": "train", "answer": str(7 * number), "source": "ours",
     "problem": f"How many are {number} rows of 7?", "solution": None}
    for number in range(COUNT)
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[Any]:
    """Three nodes, once for all tests of this file."""
    with ray_nodes(3, cpus=1, gpus=1) as started:
        yield started


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    with FakeEndpoint(lambda prompt, times: Turn("ans = 7")) as opened:
        yield opened


def begun(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch, **openai: Any) -> Path:
    given = {
        "thoughts": ["pot"],
        "executor": "ray",
        "ray": {"workers": 2},
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


def test_on_each_gpu_a_worker_starts_one_server_of_vllm_for_all_its_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = begun(tmp_path / "project", "http://localhost/v1", monkeypatch)
    given = json.loads((tmp_path / "project" / "params.yaml").read_text())
    given["ray"] = {"resources": {"GPU": 1}}
    given["generate"] |= {
        "teacher": "vllm",
        "vllm": {"model": "big", "command": [str(stand_in(tmp_path / "vllm")), "serve"]},
    }
    (tmp_path / "project" / "params.yaml").write_text(json.dumps(given))
    generate.main("pot")
    texts = [row["completion"].rpartition(" ") for row in tables.rows_of(path)]
    assert {text for text, *_ in texts} == {"big on 0 in"}
    assert len(texts) == COUNT
    assert 2 <= len({pid for *_, pid in texts}) <= 3
    locally(tmp_path / "project")  # from the ledger, without a server
    assert [row["completion"].rpartition(" ") for row in tables.rows_of(path)] == texts


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


def test_whoever_is_killed_no_answer_is_asked_for_again_and_none_is_lost(
    tmp_path: Path, endpoint: FakeEndpoint, cluster: Any
) -> None:
    endpoint.plan = lambda prompt, times: Turn("ans = 7", delay_s=0.2)
    run = Kills(tmp_path, cluster, endpoint.url, endpoint.answered.total, requests=150)
    run.project(max_usd=100.0)
    run.run(KINDS, each=20)
    assert run.killed == list(KINDS)
    assert run.completions() == 150
    in_flight = sum(AT_ONCE if kind == "driver" else AT_ONCE // 3 * 2 for kind in KINDS)
    assert endpoint.asked.total() <= 150 + in_flight
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.count() == 150
    assert list((tmp_path / "data" / "ledger").glob("*.parquet"))
