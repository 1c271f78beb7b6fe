"""`thoughtmill merge`: shards in any order, killed and run again, give the bytes of one run and pay once."""

import argparse
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fake_endpoint import FakeEndpoint, Turn
from tests.fork_server import forked_by
from tests.test_generate import project
from tests.waiting import until
from thoughtmill.factory import generate, verify
from thoughtmill.factory.commands import merge
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest
from thoughtmill.factory.ledger import Ledger

COUNT = 24
PROBLEMS = [
    {"problem_id": f"ours-train-{number}", "split": "train", "answer": str(7 * (number % 20)),
     "source": "ours", "problem": f"How many are {number % 20} rows of 7?", "solution": None}
    for number in range(COUNT)
]  # fmt: skip
"""The last four repeat the texts of others: their requests are those of the others too."""


def plan(prompt: str, times: int) -> Turn:
    rows = int(prompt.rpartition("How many are ")[2].split(maxsplit=1)[0])
    return Turn(f"ans = {rows} * 7" if rows % 3 else "for ever")


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    with FakeEndpoint(plan) as opened:
        yield opened


def made(folder: Path, url: str) -> Path:
    given: dict[str, Any] = {"base_url": url, "model": "m"}
    project(
        folder,
        {"thoughts": ["pot"], "generate": {"teacher": "openai", "openai": given}, "verify": {"workers": 1}},
        PROBLEMS,
    )
    return folder


@pytest.fixture
def folder(tmp_path: Path, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("THOUGHTMILL_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    monkeypatch.chdir(made(tmp_path / "project", endpoint.url))
    return tmp_path / "project"


def tables_of(folder: Path) -> dict[str, str]:
    found = (*(folder / "data" / "completions").iterdir(), *(folder / "data" / "verified" / "pot").iterdir())
    return {path.name: digest(path) for path in found}


def merged(*ledgers: Path) -> str:
    return merge.call(argparse.Namespace(ledger=ledgers))


def test_shards_in_any_order_merge_into_the_bytes_of_one_run(folder: Path, endpoint: FakeEndpoint) -> None:
    for index in (2, 3, 1):
        generate.main("pot", shard=f"{index}/3")
    for index in (3, 1, 2):
        verify.main("pot", shard=f"{index}/3")
    assert merged() == "merged generate@pot verify@pot"
    assert not any((folder / "data" / "shards").rglob("*.parquet"))
    of_shards = tables_of(folder)
    generate.main("pot")
    verify.main("pot")
    assert tables_of(folder) == of_shards
    assert len(of_shards) == 3
    assert set(endpoint.asked.values()) == {1}  # equal requests of two problems too
    assert len(endpoint.asked) == 20


def test_verify_takes_shards_of_completions_that_are_merged(folder: Path) -> None:
    generate.main("pot")
    for index in (2, 1):
        verify.main("pot", shard=f"{index}/2")
    assert merged() == "merged verify@pot"
    of_shards = tables_of(folder)
    verify.main("pot")
    assert tables_of(folder) == of_shards


def test_a_killed_shard_is_run_again_and_asks_nothing_again(
    folder: Path, endpoint: FakeEndpoint, python: str
) -> None:
    endpoint.plan = lambda prompt, times: Turn("ans = 1", delay_s=0.1 * (len(endpoint.answered) % 5))
    command = [python, "-m", "thoughtmill.factory.generate", "pot", "--shard", "1/2"]
    with subprocess.Popen(command, cwd=folder, env=dict(os.environ), stderr=subprocess.DEVNULL) as process:
        until(lambda: endpoint.answered)
        os.kill(forked_by(process), signal.SIGKILL)
    assert not (folder / "data" / "shards" / "generate" / "pot" / "1-of-2").exists()
    with pytest.raises(ThoughtmillError, match="holds no parts"):
        merged()
    with Ledger() as ledger:
        paid = set(ledger.keys())
    asked = endpoint.asked.copy()
    for index in (1, 2):
        generate.main("pot", shard=f"{index}/2")
    again = endpoint.asked - asked
    with Ledger() as ledger:
        assert paid <= set(ledger.keys())
        assert ledger.count() == 20
    assert sum(again.values()) == 20 - len(paid)
    assert merged() == "merged generate@pot"


def test_ledgers_of_other_machines_are_added(
    folder: Path, endpoint: FakeEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [tmp_path / f"other-{index}.sqlite" for index in (1, 2)]
    for index, ledger in enumerate(others, start=1):
        with monkeypatch.context() as elsewhere:
            elsewhere.setenv("THOUGHTMILL_LEDGER", str(ledger))
            generate.main("pot", shard=f"{index}/2")
    assert merged(*others).endswith("\n20 answers are new to the ledger")
    assert merged(*others).endswith("0 answers are new to the ledger")
    generate.main("pot")
    assert endpoint.asked.total() == 20


def test_shards_of_other_settings_are_not_merged(folder: Path) -> None:
    generate.main("pot", shard="1/1")
    text = (folder / "params.yaml").read_text()
    (folder / "params.yaml").write_text(text.replace('"model": "m"', '"model": "n"'))
    with pytest.raises(ThoughtmillError, match="made from other inputs or settings: run `python -m thoughtm"):
        merged()


def test_verdicts_on_other_completions_are_not_merged(folder: Path, endpoint: FakeEndpoint) -> None:
    generate.main("pot")
    verify.main("pot", shard="1/1")
    text = (folder / "params.yaml").read_text()
    (folder / "params.yaml").write_text(text.replace('"model": "m"', '"model": "n"'))
    generate.main("pot")
    with pytest.raises(ThoughtmillError, match="verify pot read other completions"):
        merged()


def test_nothing_to_merge_is_an_error(folder: Path) -> None:
    with pytest.raises(ThoughtmillError, match="holds no parts"):
        merged()
