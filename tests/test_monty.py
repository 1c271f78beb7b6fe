"""The restricted interpreter says how each program ended, and forgets it."""

from collections.abc import Iterator

import pytest

from factory.solvers.limits import Limits
from factory.solvers.program.monty import Monty
from factory.solvers.program.screen import Screened


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


def test_it_starts_again_after_it_was_closed() -> None:
    opened = Monty(Limits())
    for _ in range(2):
        assert opened.run(Screened("", "1", plain=True, heavy=False)) == ("number", "1")
        opened.close()
