"""Workers: results in order, and a killed process costs the one item that killed it."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.waiting import until
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.executors import local as workers
from thoughtmill.factory.core.executors.local import WorkerPool
from thoughtmill.factory.core.files import running

ROOT = Path(__file__).parents[1]
_offset = 0
FOLDER = Path()
SLOW = """
import multiprocessing, os, pathlib, signal, sys, time

def work(items): return items
def lost(item): return item
def begin(): pass

if sys.argv[0] != "-c" or "forkserver" in str(sys.orig_argv):  # the fork server imports this module
    pathlib.Path({begun!r}).touch()
    time.sleep(1)

def main():
    from thoughtmill.factory.core.executors.local import WorkerPool

    signal.signal(signal.SIGINT, lambda *_: None)
    list(WorkerPool(work, lost, 1, begin).spread([1]))
"""


def begin(offset: int) -> None:
    global _offset  # noqa: PLW0603  what a process pool's initializer is for
    _offset = offset


def work(items: list[int]) -> list[int]:
    if min(items) < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return [item + _offset for item in items]


def note(folders: list[str]) -> list[int]:
    (Path(folders[0]) / str(os.getpid())).touch()
    time.sleep(0.05 * len(folders))
    return [0] * len(folders)


def lost(item: int) -> int:
    return -1000


def pool() -> WorkerPool[int, int]:
    return WorkerPool(work, lost, 2, begin, (100,))


def test_results_come_in_the_order_of_the_items() -> None:
    count = 3 * workers.CHUNK + 5
    assert list(pool().spread(range(count))) == [item + 100 for item in range(count)]


def test_nothing_to_do_starts_no_process() -> None:
    before = multiprocessing.active_children()
    results = pool().spread(iter([]))
    assert next(results, None) is None
    assert multiprocessing.active_children() == before


def test_an_item_that_kills_its_process_is_lost_and_no_other() -> None:
    items = list(range(workers.CHUNK * 3))
    items[70] = -1
    expected = [-1000 if item < 0 else item + 100 for item in items]
    assert list(pool().spread(items)) == expected


def test_processes_that_died_hold_no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "CHUNK", 1)
    monkeypatch.setattr(workers, "AHEAD", 1)
    results = WorkerPool(work, lost, 1, begin, (100,)).spread([0, -1, -1, -1, 0])
    assert next(results) == 100
    before = len(os.listdir("/dev/fd"))
    assert [next(results) for _ in range(4)] == [-1000, -1000, -1000, 100]
    assert len(os.listdir("/dev/fd")) <= before
    assert next(results, None) is None


def test_only_a_bounded_number_of_items_is_taken_ahead() -> None:
    taken = 0

    def endless() -> Iterator[int]:
        nonlocal taken
        for item in range(10**6):
            taken += 1
            yield item

    results = pool().spread(endless())
    assert next(results) == 100
    results.close()
    assert taken <= (2 * workers.AHEAD + 1) * workers.CHUNK


def half(items: list[int]) -> list[int]:
    """Return the results, of which this process then writes a half: for ever, or dies if there is a -1."""

    def cut(connection: Connection, content: memoryview, write: object = None) -> None:
        os.write(connection.fileno(), bytes(content)[: len(content) // 2])
        if -1 in items:
            os._exit(1)
        (FOLDER / "half").touch()
        signal.pause()

    if Path() != FOLDER or -1 in items:
        Connection._send = cut  # type: ignore[attr-defined]
    return items


def test_a_worker_that_dies_while_it_writes_a_result_costs_the_item_that_it_wrote() -> None:
    items = list(range(workers.CHUNK * 3))
    items[70] = -1
    found = list(WorkerPool(half, lost, 2, begin, (0,)).spread(items))
    assert found == [-1000 if item < 0 else item for item in items]


def halt(folder: str) -> None:
    global FOLDER  # noqa: PLW0603  what a process pool's initializer is for
    FOLDER = Path(folder)


def test_a_worker_that_is_killed_while_it_writes_a_result_does_not_keep_the_pool_from_its_end(
    tmp_path: Path,
) -> None:
    def items() -> Iterator[int]:
        yield from range(workers.CHUNK)
        until((tmp_path / "half").exists)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(WorkerPool(half, lost, 1, halt, (str(tmp_path),)).spread(items()))


def test_an_interrupt_while_the_fork_server_imports_shows_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW.format(begun=str(tmp_path / "begun")))
    command = [sys.executable, "-c", "import slow; slow.main()"]
    env = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    with subprocess.Popen(
        command, env=env, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        until((tmp_path / "begun").exists)
        os.killpg(process.pid, signal.SIGINT)
        assert process.stderr is not None
        assert process.stderr.read() == ""


def fail(items: list[int]) -> list[int]:
    raise ZeroDivisionError("a bug")


def test_a_bug_in_the_work_is_raised_here_and_says_where_it_is() -> None:
    with pytest.raises(ZeroDivisionError, match="a bug") as caught:
        list(WorkerPool(fail, lost, 2, begin, (0,)).spread([1]))
    assert "in fail" in "".join(caught.value.__notes__)


class Unsendable(Exception):
    """An error that pickles, but is not made again from its text alone."""

    def __init__(self, text: str, lock: object) -> None:
        super().__init__(text)
        self.lock = lock


def fail_unsendably(items: list[object]) -> list[int]:
    raise Unsendable("a bug", None if items[0] else threading.Lock())


@pytest.mark.parametrize("pickles", [True, False])
def test_a_bug_whose_error_cannot_be_sent_is_raised_here_and_loses_no_item(pickles: bool) -> None:
    with pytest.raises(RuntimeError, match=r"Unsendable: a bug") as caught:
        list(WorkerPool(fail_unsendably, lost, 1, begin, (0,)).spread([pickles]))
    assert "in fail_unsendably" in "".join(caught.value.__notes__)


def broken() -> None:
    raise ZeroDivisionError("cannot begin")


def test_workers_that_cannot_begin_lose_no_item() -> None:
    with pytest.raises(ThoughtmillError, match="no worker process can begin"):
        list(WorkerPool(work, lost, 2, broken).spread([1]))


def test_a_program_without_a_file_ends_with_a_line_that_says_why() -> None:
    program = (
        "from tests import test_workers as here\n"
        "list(here.WorkerPool(here.work, here.lost, 1, here.begin, (0,)).spread([1]))\n"
    )
    found = subprocess.run(
        [sys.executable, "-"], input=program, capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert found.returncode == 1
    assert found.stderr.splitlines()[-1].endswith(workers.CANNOT_BEGIN)


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from tests import test_workers as here\n"
        "if __name__ == '__main__':\n"
        "    pool = here.WorkerPool(here.note, here.lost, 2, here.begin, (0,))\n"
        "    list(pool.spread([sys.argv[1]] * 500))\n"
    )
    (tmp_path / "main.py").write_text(program)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(tmp_path / "main.py"), str(tmp_path)]
    with subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL) as process:
        until(lambda: any(tmp_path.glob("[0-9]*")))
        pids = [int(path.name) for path in tmp_path.glob("[0-9]*")]
        process.kill()
    until(lambda: not any(map(running, pids)))


def knows(items: list[str]) -> list[bool]:
    return [item in sys.modules for item in items]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers are not forked")
def test_workers_are_forked_with_the_modules_of_their_work_and_no_others() -> None:
    program = (
        "import thoughtmill.factory.core.tables; from tests import test_workers as here\n"
        "import multiprocessing.forkserver as server\n"
        "print(*here.WorkerPool(here.knows, here.lost, 1, here.begin, (0,)).spread(['pytest', 'pandas']))\n"
        "print(*server._forkserver._preload_modules)"
    )
    words = [sys.executable, "-c", program]
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told == "True False\ntests.test_workers\n"


def stall(items: list[int]) -> list[int]:
    if max(items) >= workers.CHUNK:
        time.sleep(100_000)
    return items


def test_who_stops_early_waits_for_no_item_under_way() -> None:
    results = WorkerPool(stall, lost, 2, begin, (0,)).spread(range(3 * workers.CHUNK))
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]  it is a generator


def test_who_stops_early_ends_no_process_but_the_pools_own() -> None:
    child = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,))
    child.start()
    try:
        results = WorkerPool(stall, lost, 2, begin, (0,)).spread(range(3 * workers.CHUNK))
        next(results)
        results.close()  # type: ignore[attr-defined]  it is a generator
        child.join(1)
        assert child.is_alive()
    finally:
        child.kill()
        child.join()
