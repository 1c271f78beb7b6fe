"""Locks between processes that ask for the same."""

import hashlib
import multiprocessing
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests import asking
from tests.fake_endpoint import FakeEndpoint, Turn
from tests.fork_server import forked_by
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.ledger import Ledger
from thoughtmill.factory.ledger.locks import Locks
from thoughtmill.factory.teachers.endpoint.pending import spent_usd
from thoughtmill.factory.teachers.endpoint.prices import Price
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.openai import OpenAITeacher

ROOT = Path(__file__).parents[1]
KEYS = [hashlib.sha256(bytes([number])).hexdigest() for number in range(200)]
HIGHEST = "f" * 64


def tried(path: Path, keys: list[str], answer: Connection) -> None:
    locks = Locks(path)
    answer.send([locks.lock(key) for key in keys])
    answer.recv()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Callable[[list[str]], list[bool]]:
    """Say which keys another process could lock."""
    processes = multiprocessing.get_context("forkserver")

    def lock(keys: list[str]) -> list[bool]:
        here, there = processes.Pipe()
        process = processes.Process(target=tried, args=(tmp_path / "ledger.sqlite", keys, there))
        process.start()
        could: list[bool] = here.recv()
        process.kill()
        process.join()
        return could

    return lock


def test_what_one_process_has_locked_no_other_can_lock_until_it_is_unlocked(
    tmp_path: Path, elsewhere: Callable[[list[str]], list[bool]]
) -> None:
    locks = Locks(tmp_path / "ledger.sqlite")
    ours = [*KEYS[::2], HIGHEST]
    assert all(locks.lock(key) for key in ours)
    assert elsewhere([*KEYS, HIGHEST]) == [key not in ours for key in [*KEYS, HIGHEST]]
    assert all(locks.lock(key) for key in KEYS), "a killed process has nothing locked"
    locks.unlock(KEYS[3])
    assert elsewhere(KEYS[2:5]) == [False, True, False]
    locks.close()
    assert all(elsewhere(KEYS))


def test_a_lock_can_be_waited_for(tmp_path: Path) -> None:
    processes = multiprocessing.get_context("forkserver")
    here, there = processes.Pipe()
    process = processes.Process(target=tried, args=(tmp_path / "ledger.sqlite", KEYS[:1], there))
    process.start()
    assert here.recv() == [True]
    locks = Locks(tmp_path / "ledger.sqlite")
    assert not locks.lock(KEYS[0])
    threading.Timer(0.1, process.kill).start()
    locks.wait(KEYS[0])
    process.join(10)
    assert process.exitcode is not None


def spending(path: Path, settings: EndpointSettings, answer: Connection) -> None:
    locks = Locks(path)
    with Ledger(path) as ledger:
        answer.send(spent_usd([asking.request(0)], settings, ledger, locks))
        answer.recv()


def test_two_runs_at_once_never_spend_from_one_budget(tmp_path: Path) -> None:
    path, processes = tmp_path / "ledger.sqlite", multiprocessing.get_context("forkserver")
    here, there = processes.Pipe()
    with FakeEndpoint() as endpoint:
        price = Price(prompt=1.0, completion=1.0)
        settings = EndpointSettings(
            base_url=endpoint.url, transport="raw", prices={"tiny": price}, max_usd=1.0
        )
        ours, again, other = [
            OpenAITeacher(settings, path, [asking.request(number), asking.request(1)]) for number in (0, 0, 2)
        ]
        process = processes.Process(target=spending, args=(path, settings, there))
        process.start()
        assert here.recv() == 0.0
        with pytest.raises(ThoughtmillError, match="another run spends from the same max_usd"):
            list(ours.complete([asking.request(1)]))
        assert not endpoint.asked
        assert len(list(other.complete([asking.request(2)]))) == 1, "another corpus has its own budget"
        process.kill()
        process.join()
        assert len(list(again.complete([asking.request(1)]))) == 1


def test_locks_take_no_room(tmp_path: Path) -> None:
    locks = Locks(tmp_path / "ledger.sqlite")
    assert all(map(locks.lock, KEYS))
    assert [(path.name, path.stat().st_size) for path in tmp_path.iterdir()] == [("ledger.sqlite-locks", 0)]


def start(python: str, endpoint: FakeEndpoint, ledger: Path, requests: int) -> subprocess.Popen[str]:
    words = [python, "-m", "tests.asking", endpoint.url, str(ledger), str(requests), "16", "1"]
    return subprocess.Popen(words, cwd=ROOT, text=True, stdout=subprocess.PIPE)


def test_two_runs_at_once_that_need_the_same_ask_for_it_once(python: str, tmp_path: Path) -> None:
    with FakeEndpoint(lambda prompt, times: Turn(text=prompt, delay_s=0.05)) as endpoint:
        runs = [start(python, endpoint, tmp_path / "ledger.sqlite", 200) for _ in range(2)]
        said = [run.communicate(timeout=600)[0].splitlines() for run in runs]
        assert sum(endpoint.asked.values()) == 200
    assert [sorted(lines) for lines in said] == [sorted(f"p{i} p{i}" for i in range(200))] * 2


def test_what_a_killed_run_was_asking_another_asks_at_once(python: str, tmp_path: Path) -> None:
    with FakeEndpoint(lambda prompt, times: Turn(delay_s=60 if times == 1 else 0)) as endpoint:
        killed = start(python, endpoint, tmp_path / "ledger.sqlite", 4)
        while endpoint.in_flight < 4:
            assert killed.poll() is None
            time.sleep(0.01)
        os.kill(forked_by(killed), signal.SIGKILL)
        killed.communicate()
        said, _ = start(python, endpoint, tmp_path / "ledger.sqlite", 4).communicate(timeout=600)
        assert endpoint.asked == {f"p{i}": 2 for i in range(4)}
    assert len(said.splitlines()) == 4
