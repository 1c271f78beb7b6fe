"""The restricted interpreter says how each program ended, and forgets it."""

import itertools
import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.waiting import PATIENCE_S
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.program import monty as module
from thoughtmill.factory.solvers.program.monty import Monty
from thoughtmill.factory.solvers.program.screen import Screened


@pytest.fixture(scope="module")
def monty() -> Iterator[Monty]:
    opened = Monty(Limits(wall_s=0.2, memory_mb=64, output_kb=4))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("body", "tail", "kind"),
    [
        ("x = 2", "x * 3", "number"),
        ("print('18 dollars')", "", "text"),
        ("x = 1", "", "text"),
        ("x = True", "x", "other"),
        ("x = 1 / 0", "x", "raised"),
        ("while True: pass", "", "timeout"),
        ("x = [0] * 10 ** 9", "x", "memory"),
        ("for i in range(2000): print('flood')", "", "output"),
        ("open('/etc/passwd')", "", "forbidden"),
        ("x = (", "", "unparsable"),
    ],
)
def test_each_end_has_its_word(monty: Monty, body: str, tail: str, kind: str) -> None:
    assert monty.run(Screened(body, tail, plain=True, heavy=False))[0] == kind


def test_a_program_sees_nothing_of_the_one_before(monty: Monty) -> None:
    monty.run(Screened("x = 1", "x", plain=True, heavy=False))
    assert monty.run(Screened("", "x", plain=True, heavy=False))[0] == "raised"


def test_programs_that_share_a_session_come_to_what_they_come_to_alone(monty: Monty) -> None:
    programs = [
        Screened("x = 6", "x * 7", plain=True, heavy=False),
        Screened("y = x", "y", plain=True, heavy=False),
        Screened("sum = 3\nlen = sum", "len", plain=True, heavy=False),
        Screened("import math", "sum([math.floor(1.5), len([1])])", plain=True, heavy=False),
        Screened("values = []\nprograms = []", "1", plain=True, heavy=False),
        Screened("x = (", "x", plain=True, heavy=False),
        Screened("def f(): return f()", "f()", plain=True, heavy=False),
        Screened("x = 'a'", "x", plain=True, heavy=False),
        Screened("print(8)", "None", plain=True, heavy=False),
        Screened("x = [1] * 3", "x", plain=True, heavy=False),
    ]
    together = monty.run_together(programs)
    alone = [monty.run(program) for program in programs]
    assert [at for at, reading in enumerate(together) if reading is None] == [1, 5, 6, 8]
    assert all(reading in (None, one) for reading, one in zip(together, alone, strict=True))
    assert together[0] == ("number", "42")


@pytest.mark.parametrize(
    "body", ["while True: pass", "x = [0] * 10 ** 9", "for i in range(2000): print('flood')"]
)
def test_one_that_does_not_end_well_sends_at_most_all_to_run_alone(monty: Monty, body: str) -> None:
    good = Screened("x = 6", "x", plain=True, heavy=False)
    first, bad, last = monty.run_together([good, Screened(body, "1", plain=True, heavy=False), good])
    assert bad is None
    assert {first, last} <= {None, ("number", "6")}


@pytest.mark.parametrize(("spent_s", "kind"), [(0.0, "number"), (float("inf"), "timeout")])
def test_wall_time_that_the_machine_was_busy_with_others_does_not_count(
    monkeypatch: pytest.MonkeyPatch, spent_s: float, kind: str
) -> None:
    times = itertools.cycle((0.0, spent_s))
    monkeypatch.setattr(module, "_processor_s", lambda _: next(times))
    opened = Monty(Limits(wall_s=0.01, long_wall_s=60.0))
    program = Screened("x = 0\nfor i in range(1_000_000): x += 1", "x", plain=True, heavy=False)
    assert opened.run(program)[0] == kind
    opened.close()


def test_a_loop_ends_however_busy_the_machine_seems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_processor_s", lambda _: 0.0)
    opened = Monty(Limits(wall_s=0.05, long_wall_s=0.2))
    assert opened.run(Screened("while True: pass", "", plain=True, heavy=False))[0] == "timeout"
    opened.close()


def test_it_starts_again_after_it_was_closed() -> None:
    opened = Monty(Limits())
    for _ in range(2):
        assert opened.run(Screened("", "1", plain=True, heavy=False)) == ("number", "1")
        opened.close()


def test_a_stopped_worker_is_replaced_however_long_the_next_program(monkeypatch: pytest.MonkeyPatch) -> None:
    processes: list[int] = []
    monkeypatch.setattr(module, "_processor_s", lambda process: processes.append(process) or 0.0)
    opened = Monty(Limits(wall_s=0.5, long_wall_s=2.0))
    one = Screened("#" * 90_000, "1", plain=True, heavy=False)  # a pipe holds 65,536 bytes
    assert opened.run(one) == ("number", "1")
    os.kill(processes[-1], signal.SIGSTOP)
    end, given_up = ("", ""), time.monotonic() + PATIENCE_S
    while time.monotonic() < given_up:  # on a busy machine its threads stand still one after the other
        end = opened.run(one)
        if end == ("number", "1") and processes[-1] != processes[0]:
            break
    opened.close()
    assert end == ("number", "1")
    assert processes[-1] != processes[0]
