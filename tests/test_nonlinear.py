"""The worker that runs sympy, and its parent's clock."""

import os
import signal
from collections.abc import Iterator

import pytest

from thoughtmill.factory.solvers.equation.nonlinear import Nonlinear
from thoughtmill.factory.solvers.equation.system import parse, system
from thoughtmill.factory.solvers.equation.tree import Unsolvable

# An honest-looking system over which sympy spends minutes.
LONG = "\n".join(
    f"x{n}^7 + x{n + 1}^5 * x{(n + 3) % 6} - {n + 2} x{(n + 2) % 6} = {n + 11}" for n in range(6)
)


@pytest.fixture
def nonlinear() -> Iterator[Nonlinear]:
    worker = Nonlinear(timeout_s=20.0)
    yield worker
    worker.close()


def _solve(nonlinear: Nonlinear, text: str) -> str:
    what = system(parse(text))
    return nonlinear.solve(what.equations, what.conditions, what.whole, what.answer).text


def _failure(nonlinear: Nonlinear, text: str) -> str:
    with pytest.raises(Unsolvable) as refused:
        _solve(nonlinear, text)
    return refused.value.failure


def test_nothing_is_started_before_it_is_needed(nonlinear: Nonlinear) -> None:
    assert nonlinear.process is None


def test_one_worker_solves_many_systems(nonlinear: Nonlinear) -> None:
    assert _solve(nonlinear, "x^2 = 4\nx > 0\nans = x/3") == "2/3"
    first = nonlinear.process
    assert _solve(nonlinear, "x^2 = 2\nx < 0\nans = x") == "-1.41421356237"
    assert _failure(nonlinear, "x^2 = 4\nans = x") == "ambiguous"
    assert _failure(nonlinear, "x^2 = -4\nans = x") == "nonreal"
    assert _failure(nonlinear, "x*y = 4\nans = x") == "underdetermined"
    assert _failure(nonlinear, "x^2 = 4\nx > 2\nans = x") == "inconsistent"
    assert _failure(nonlinear, "x = floor(x^2) + y^x\ny = floor(x)\nans = x") == "no_answer"
    assert nonlinear.process is first


def test_a_late_worker_is_killed_and_replaced(nonlinear: Nonlinear) -> None:
    assert _solve(nonlinear, "x^2 = 4\nx > 0\nans = x") == "2/1"
    first = nonlinear.process
    assert first is not None
    nonlinear.cpu_s = 0.3

    assert _failure(nonlinear, LONG + "\nans = x0") == "timeout"

    assert first.returncode == -signal.SIGPROF
    nonlinear.cpu_s = 20.0
    assert _solve(nonlinear, "x^2 = 4\nx > 0\nans = x") == "2/1"


def test_a_worker_that_dies_is_a_failure_and_the_next_system_gets_a_new_one(nonlinear: Nonlinear) -> None:
    _solve(nonlinear, "x^2 = 4\nx > 0\nans = x")
    assert nonlinear.process is not None
    os.kill(nonlinear.process.pid, signal.SIGKILL)

    assert _failure(nonlinear, "x^2 = 9\nx > 0\nans = x") == "killed"
    assert _solve(nonlinear, "x^2 = 9\nx > 0\nans = x") == "3/1"


def test_closing_leaves_noprocess(nonlinear: Nonlinear) -> None:
    _solve(nonlinear, "x^2 = 4\nx > 0\nans = x")
    process = nonlinear.process
    assert process is not None

    nonlinear.close()
    nonlinear.close()

    assert process.returncode is not None


def test_the_worker_has_no_environment_of_ours(nonlinear: Nonlinear) -> None:
    _solve(nonlinear, "x^2 = 4\nx > 0\nans = x")
    assert nonlinear.process is not None
    path = f"/proc/{nonlinear.process.pid}/environ"
    if not os.path.exists(path):
        pytest.skip("this system shows no environment of processes")
    with open(path, "rb") as file:
        assert b"PATH=" not in file.read()
