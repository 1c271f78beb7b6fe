"""Runs that are interrupted and killed, in processes of their own."""

import inspect
import multiprocessing
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests import asking
from tests.fake_endpoint import FakeEndpoint, Turn
from tests.waiting import PATIENCE_S, until
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.teachers.endpoint import engine
from thoughtmill.factory.teachers.endpoint.engine import on_interrupt
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.openai import OpenAITeacher

ROOT = Path(__file__).parents[1]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def written(ledger: Path) -> set[str]:
    """Read the keys of all answers that are in the ledger."""
    if not ledger.exists():
        return set()
    with sqlite3.connect(ledger, timeout=30) as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        return {key for (key,) in connection.execute("SELECT request_key FROM results")} if tables else set()


def start(endpoint: FakeEndpoint, ledger: Path, usd: str = "1") -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "tests.asking", endpoint.url, str(ledger), "10000", "16", usd]
    return subprocess.Popen(words, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_ctrl_c_sends_nothing_more_brings_home_what_is_in_flight_and_says_how_to_go_on(ledger: Path) -> None:
    with FakeEndpoint(lambda prompt, times: Turn(delay_s=0.05)) as endpoint:
        process = start(endpoint, ledger)
        until(lambda: sum(endpoint.answered.values()) > 40)
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=PATIENCE_S)
        assert sum(endpoint.asked.values()) == sum(endpoint.answered.values()) == len(written(ledger))
    assert len(out.splitlines()) == len(written(ledger)) < 10_000
    assert process.returncode == 2
    assert "requests are in flight; Ctrl-C again leaves without them" in said
    assert "error: stopped; run the same command again and it asks only for what is missing" in said
    assert "Traceback" not in said


def test_a_second_ctrl_c_leaves_at_once(ledger: Path) -> None:
    with FakeEndpoint(
        lambda prompt, times: Turn(delay_s=0.0 if prompt == "p0" else 2 * PATIENCE_S)
    ) as endpoint:
        process = start(endpoint, ledger)
        until(lambda: endpoint.in_flight > 3 and len(written(ledger)) == 1)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert "stopping" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE_S)  # who waited for answers waited longer
    assert process.returncode == 130
    assert "Traceback" not in said
    assert len(written(ledger)) == 1


def test_the_line_about_ctrl_c_is_not_printed_in_the_midst_of_another_line(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: dict[str, list[str]] = {}

    def say(line: str) -> None:
        said[line] = [frame.function for frame in inspect.stack()]

    def plan(prompt: str, times: int) -> Turn:
        if prompt == "p3":
            os.kill(os.getpid(), signal.SIGINT)
        return Turn()

    monkeypatch.setattr(engine, "say", say)
    with FakeEndpoint(plan) as endpoint:
        settings = EndpointSettings(base_url=endpoint.url, model="tiny", max_concurrency=1)
        with pytest.raises(ThoughtmillError, match="stopped"):
            list(OpenAITeacher(settings, ledger).complete(map(asking.request, range(9))))
    (callers,) = (callers for line, callers in said.items() if line.startswith("stopping: "))
    assert engine.EndpointRun._interrupted.__name__ not in callers


def test_ctrl_c_does_not_wait_for_a_slow_server_of_ones_own(ledger: Path) -> None:
    with FakeEndpoint(
        lambda prompt, times: Turn(delay_s=0.0 if prompt == "p0" else 2 * PATIENCE_S)
    ) as endpoint:
        process = start(endpoint, ledger, usd="0")
        until(lambda: endpoint.in_flight > 3 and len(written(ledger)) == 1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE_S)  # who waited for answers waited longer
    assert "to a server that costs nothing: they have 2 s" in said
    assert "Traceback" not in said
    assert len(written(ledger)) == 1


def test_kill_nine_at_any_moment_any_number_of_times_asks_nothing_again_that_was_written(
    ledger: Path,
) -> None:
    requests, rounds, chance = 1200, 20, random.Random("kill")
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.asking", "thoughtmill.factory.teachers.endpoint.transport"])
    with FakeEndpoint(lambda prompt, times: Turn(text=prompt, delay_s=0.02)) as endpoint:
        for _ in range(rounds):
            before, asked = written(ledger), endpoint.asked.copy()
            process = processes.Process(
                target=asking.main, args=(endpoint.url, str(ledger), str(requests), "16", "1")
            )
            process.start()
            until(lambda asked=asked: endpoint.asked.total() > asked.total())  # type: ignore[misc]
            time.sleep(chance.uniform(0.0, 0.1))
            process.kill()
            process.join()
            again = [prompt for prompt, times in endpoint.asked.items() if times > asked[prompt]]
            assert not before & {asking.key(endpoint.url, prompt) for prompt in again}
        teacher = OpenAITeacher(EndpointSettings(base_url=endpoint.url, transport="raw"), ledger)
        replies = [reply.completion for reply in teacher.complete(map(asking.request, range(requests)))]
        repeated = sum(times - 1 for times in endpoint.asked.values())
    assert 0 < len(before) < requests
    assert sorted(map(str, replies)) == sorted(f"p{i}" for i in range(requests))
    assert len(written(ledger)) == requests
    assert repeated <= rounds * 16, "only what was in flight at a kill may be asked again"


def test_each_interrupt_is_passed_on_with_its_number() -> None:
    asked: list[int] = []
    with on_interrupt(asked.append):
        signal.raise_signal(signal.SIGINT)
        assert asked == [1]
        signal.raise_signal(signal.SIGINT)
    assert asked == [1, 2]


def test_afterwards_an_interrupt_does_what_it_did_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    with on_interrupt(lambda times: None):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_a_thread_that_takes_no_signals_runs_all_the_same() -> None:
    ran: list[threading.Thread] = []

    def run() -> None:
        with on_interrupt(lambda times: None):
            ran.append(threading.current_thread())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert ran == [thread]
