"""Workers: results in order, and a killed process costs the one item that killed it."""

import os
import signal
from collections.abc import Iterator

from factory import workers
from factory.workers import Crew

_offset = 0


def begin(offset: int) -> None:
    global _offset  # noqa: PLW0603  what a process pool's initializer is for
    _offset = offset


def work(item: int) -> int:
    if item < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return item + _offset


def lost(item: int) -> int:
    return -1000


def crew() -> Crew[int, int]:
    return Crew(work, lost, 2, begin, (100,))


def test_results_come_in_the_order_of_the_items() -> None:
    count = 3 * workers.CHUNK + 5
    assert list(crew().spread(range(count))) == [item + 100 for item in range(count)]


def test_nothing_to_do_starts_no_process() -> None:
    started = crew()
    assert list(started.spread([])) == []
    assert started.pool is None


def test_an_item_that_kills_its_process_is_lost_and_no_other() -> None:
    items = list(range(workers.CHUNK * 3))
    items[70] = -1
    expected = [-1000 if item < 0 else item + 100 for item in items]
    assert list(crew().spread(items)) == expected


def test_only_a_bounded_number_of_items_is_taken_ahead() -> None:
    taken = 0

    def endless() -> Iterator[int]:
        nonlocal taken
        for item in range(10**6):
            taken += 1
            yield item

    results = crew().spread(endless())
    assert next(results) == 100
    results.close()
    assert taken <= (2 * workers.AHEAD + 1) * workers.CHUNK
