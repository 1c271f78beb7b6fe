"""Pipes keep their deadline, whatever happens at the other end."""

import contextlib
import fcntl
import os
import resource
import threading
import time
from collections.abc import Iterator

import pytest

from thoughtmill.factory.core import pipes

Ends = tuple[int, int]
LONG = bytes(range(256)) * 4000
"""Many times what a pipe holds."""


@pytest.fixture
def ends() -> Iterator[Ends]:
    found = os.pipe()
    yield found
    for end in found:
        with contextlib.suppress(OSError):  # a test has closed it
            os.close(end)


def soon() -> float:
    return time.monotonic() + 0.05


def test_a_long_text_arrives_whole(ends: Ends) -> None:
    came: list[bytes] = []

    def reader() -> None:
        while piece := pipes.read(ends[0], 65536, time.monotonic() + 60):
            came.append(piece)

    thread = threading.Thread(target=reader)
    thread.start()
    pipes.write(ends[1], LONG, time.monotonic() + 60)
    os.close(ends[1])
    thread.join()
    assert b"".join(came) == LONG


def test_writing_to_one_who_does_not_read_is_late(ends: Ends) -> None:
    with pytest.raises(TimeoutError):
        pipes.write(ends[1], LONG, soon())


def test_writing_to_one_who_is_gone_says_so(ends: Ends) -> None:
    os.close(ends[0])
    with pytest.raises(BrokenPipeError):
        pipes.write(ends[1], b"x", time.monotonic() + 60)


def test_reading_from_one_who_does_not_write_is_late_and_from_one_who_is_gone_is_nothing(ends: Ends) -> None:
    with pytest.raises(TimeoutError):
        pipes.read(ends[0], 1, soon())
    os.close(ends[1])
    assert pipes.read(ends[0], 1, time.monotonic() + 60) == b""


def test_a_descriptor_above_1024_is_as_good_as_any(ends: Ends) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], 2048), before[1]))
    high = [fcntl.fcntl(end, fcntl.F_DUPFD, 1500) for end in ends]
    try:
        pipes.write(high[1], b"42", time.monotonic() + 60)
        assert pipes.read(high[0], 100, time.monotonic() + 60) == b"42"
    finally:
        for end in high:
            os.close(end)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
