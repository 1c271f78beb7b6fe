"""Comparisons that exact forms leave open are made in a worker, which may die and is asked little."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from thoughtmill.factory.answers.mathematics import symbolic, symbolic_worker
from thoughtmill.factory.answers.mathematics.equality import compared
from thoughtmill.factory.answers.mathematics.reading import read
from thoughtmill.factory.answers.mathematics.tree import Tree
from thoughtmill.factory.core.worker import Worker, WorkerTimeout


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    for remembered in (symbolic.compared, symbolic.proportional, symbolic.value):
        remembered.cache_clear()
    yield
    symbolic.close()


def tree(text: str) -> Tree:
    found = read(text)
    assert found is not None
    return found


def verdict(left: str, right: str) -> tuple[bool | None, str]:
    found = compared(tree(left), tree(right))
    assert compared(tree(right), tree(left)) == found
    return found


def test_what_sympy_proves_is_symbolic_and_what_only_agrees_is_sampled() -> None:
    assert verdict(r"\frac{\sin 2A}{\sin A \cos A}", "2") == (True, "symbolic")
    assert verdict(r"\tan x", r"\cot x") == (False, "sampling")


def test_numbers_that_agree_to_many_digits_are_told_apart_by_algebra() -> None:
    assert verdict("3^{5000}", "3^{5000}+1") == (False, "symbolic")


def test_a_value_that_is_defined_nowhere_is_unknown() -> None:
    assert verdict(r"\ln(-1-x^2)", r"\ln(-2-x^2)")[0] is None
    assert verdict("9^{9^{9^9}}", "9^{9^{9}}")[0] is None


def test_points_where_a_part_is_not_real_say_nothing() -> None:
    assert verdict(r"\sqrt{x}\sqrt{x-1}", r"\sqrt{x^2-x}")[0] is True
    assert verdict(r"\sqrt{x^2}", "x") == (False, "sampling")


def test_equations_of_functions_are_held_against_each_other_by_their_ratio() -> None:
    assert verdict(r"y = \sin 2x", r"2y = 4\sin x\cos x")[0] is True
    assert verdict(r"y = \sin x", r"y = \cos x")[0] is False
    assert verdict(r"y < \sin 2x", r"2\sin x\cos x > y")[0] is True
    assert verdict(r"y < \sin 2x", r"2\sin x\cos x < y")[0] is False


def test_a_decimal_is_the_rounding_of_an_irrational_number_to_four_digits() -> None:
    assert verdict(r"\sqrt{2}", "1.41421356") == (True, "sampling")
    assert verdict(r"\sqrt{2}", "1.414")[0] is False
    assert symbolic.value(tree(r"\sqrt{2}")) == Fraction("1.41421356237309504880168872421")


def test_a_worker_that_dies_makes_one_comparison_unknown() -> None:
    assert verdict(r"\sin x", r"\cos x")[0] is False
    process = symbolic._RUNNING[os.getpid()].process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert compared(tree(r"\sin y"), tree(r"\cos y"))[0] is None
    assert compared(tree(r"\sin z"), tree(r"\cos z"))[0] is False


def test_a_question_that_takes_too_long_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(worker: Worker, question: object) -> None:
        raise WorkerTimeout

    monkeypatch.setattr(Worker, "ask", late)
    assert verdict(r"\sin u", r"\cos u")[0] is None


def test_one_comparison_asks_few_questions() -> None:
    many = ", ".join(rf"\sin({at}x)" for at in range(1, 59))
    other = ", ".join(rf"\cos({at}x)" for at in range(1, 59))
    assert verdict(many, other)[0] is not True


def test_a_child_process_has_a_worker_of_its_own() -> None:
    assert verdict(r"\sin x", r"\cos x")[0] is False
    mine = symbolic._RUNNING[os.getpid()].process
    child = os.fork()
    if child == 0:
        unlike = compared(tree(r"\sin x + 1"), tree(r"\cos x + 1"))[0] is False
        theirs = symbolic._RUNNING[os.getpid()].process
        symbolic.close()
        os._exit(0 if unlike and theirs is not mine else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert verdict(r"\sin x + 2", r"\cos x + 2")[0] is False


def test_the_worker_knows_no_operation_beyond_its_tables() -> None:
    assert symbolic_worker.reply(["sampled", [["eval", "1/1"], "1/1"], 0]) is None
    assert symbolic_worker.reply(["proved", [["eval", "1/1"], "1/1"], 0]) is None


def test_computer_algebra_is_loaded_by_processes_that_can_be_killed_alone() -> None:
    rooms = Path(__file__).parents[1] / "factory"
    loads = re.compile(r"^\s*(?:import|from) (?:sympy|mpmath)\b", re.MULTILINE)
    loading = {path.stem for path in rooms.rglob("*.py") if loads.search(path.read_text("utf-8"))}
    assert loading == {"symbolic_worker", "nonlinear_worker", "isolation"}
    code = (
        "import sys\n"
        "from thoughtmill.factory.answers import ANY, answer_of, compared\n"
        "assert compared(answer_of('sin(2A)', ANY), answer_of('2 sin(A) cos(A)', ANY)).by == 'symbolic'\n"
        "assert not {'sympy', 'mpmath'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=rooms.parent)
