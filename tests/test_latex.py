"""Answers in LaTeX are compared by math-verify, and no answer stops the run."""

import os
import signal
from collections.abc import Iterator

import pytest

from thoughtmill.factory.solvers.latex import MAX_LENGTH, Latex, is_expression


@pytest.fixture(scope="module")
def latex() -> Iterator[Latex]:
    with Latex(8) as opened:
        yield opened


@pytest.mark.parametrize(
    ("predicted", "gold"),
    [
        (r"\frac{\sqrt{3}}{2}", r"\sqrt{3}/2"),
        (r"2\sqrt{2}", r"\sqrt{8}"),
        (r"x^2 + 2x + 1", r"(x+1)^2"),
        (r"\sqrt{4}", "2"),
        (r"\dfrac{\pi}{4}", r"\frac{\pi}{4}"),
        ("(1, 2)", r"\left(1,2\right)"),
    ],
)
def test_equal_expressions_in_other_dress_are_equal(latex: Latex, predicted: str, gold: str) -> None:
    assert latex.equal(predicted, gold) is True


@pytest.mark.parametrize(
    ("predicted", "gold"),
    [
        (r"\sqrt{2}", r"\sqrt{3}"),
        (r"\sqrt{3}/2", r"-\sqrt{3}/2"),
        ("x + 1", "x - 1"),
        ("", r"\pi"),
        ("(1,2)", "(2,1)"),
    ],
)
def test_different_expressions_are_refused(latex: Latex, predicted: str, gold: str) -> None:
    assert latex.equal(predicted, gold) is False


def test_numbers_start_no_process() -> None:
    alone = Latex()
    assert alone.equal(r"\$1{,}250.00", "1250") is True
    assert alone.equal(r"\frac{1}{3}", "0.333") is False
    assert alone.equal("2500", "25") is False
    assert alone.process is None


def test_a_comparison_that_hangs_is_undecided_and_the_next_one_is_not() -> None:
    with Latex(8) as latex:
        assert latex.equal("x+y", "y+x") is True
        latex.cpu_s = 1.0
        assert latex.equal("9^{9^{9^{9}}}+x", "9^{9^{9}}+x") is None
        assert latex.process is None
        latex.cpu_s = 8
        assert latex.equal("x+y", "y+x") is True


def test_a_worker_that_is_killed_costs_one_comparison() -> None:
    with Latex(8) as latex:
        assert latex.equal("x", "x") is True
        assert latex.process is not None
        os.kill(latex.process.pid, signal.SIGKILL)
        latex.process.wait()
        assert latex.equal("x", "x") is None
        assert latex.equal("x", "x") is True


def test_an_expression_that_is_too_long_is_undecided() -> None:
    assert Latex().equal("x" * (MAX_LENGTH + 1), "x") is None


@pytest.mark.parametrize("answer", [r"\pi", r"2\sqrt{3}", "x^2 + 1", "(1, 2)", "[0, 1)", r"\text{even}"])
def test_what_is_written_as_mathematics_is_an_expression(answer: str) -> None:
    assert is_expression(answer)


@pytest.mark.parametrize("answer", ["", "many", "12 or 13", "12, 13", "five (5)", r"\pi" * MAX_LENGTH])
def test_words_lists_and_bombs_are_none(answer: str) -> None:
    assert not is_expression(answer)


def test_leaving_the_context_ends_the_worker() -> None:
    with Latex() as latex:
        latex.equal("x", "x")
        process = latex.process
    assert process is not None
    assert process.poll() is not None
