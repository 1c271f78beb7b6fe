"""Comparing where exact forms do not decide: in a worker that samples values and asks sympy for a proof.

>>> from thoughtmill.factory.answers.mathematics.reading import read
>>> compared(read("sin(2A)"), read("2 sin(A) cos(A)")), compared(read("ln(x)"), read("ln(x+1)"))
((True, 'symbolic'), (False, 'sampling'))
"""

import atexit
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from typing import Any

from thoughtmill.factory.answers.mathematics.bounded import BOUND, OWN_NAME, determinant, renamed, replaced
from thoughtmill.factory.answers.mathematics.forms import numeral_value
from thoughtmill.factory.answers.mathematics.tree import Tree
from thoughtmill.factory.core.worker import Worker, WorkerDied, WorkerTimeout

SAMPLING_S = 1.0
PROOF_S = 2.0
"""Processor time of one question to the worker, seconds."""

MOST_QUESTIONS = 24
"""Questions that one comparison of two answers may ask; after one without a reply it asks no more."""

_MODULE = "thoughtmill.factory.answers.mathematics.symbolic_worker"
_NAMES = ("apply", "mark")


@lru_cache(maxsize=8192)
def compared(left: Tree, right: Tree) -> tuple[bool | None, str]:
    """Return whether two trees have the same values, and the rule that decided it.

    `sampling` rules out, or accepts where sympy finds no proof (`symbolic`) in its time. None is unknown.
    """
    found = _ask("sampled", (left, right), SAMPLING_S)
    if not found:
        return (None if found is None else False), "sampling"
    proved = _ask("proved", (left, right), PROOF_S)
    return proved is not False, "sampling" if proved is None else "symbolic"


@lru_cache(maxsize=8192)
def proportional(left: Tree, right: Tree) -> tuple[int | None, str]:
    """Return the sign of the constant that makes one tree the other, 0 when there is none, None unknown."""
    found = _ask("proportion", (left, right), SAMPLING_S)
    return None if found is None else int(found), "sampling"


@lru_cache(maxsize=8192)
def value(tree: Tree) -> Fraction | None:
    """Return the value of a real number to 30 digits, or None."""
    found = _ask("value", (tree,), SAMPLING_S)
    return None if found is None else Fraction(found)


@contextmanager
def asking() -> Iterator[None]:
    """Reset the number of questions that a comparison may ask."""
    _LEFT[0] = MOST_QUESTIONS
    yield


_LEFT = [MOST_QUESTIONS]


def _ask(question: str, trees: Sequence[Tree], cpu_s: float) -> Any:
    """Return the worker's reply; None when it ran out of its time or memory."""
    if not _LEFT[0]:
        return None
    _LEFT[0] -= 1
    positions: dict[Tree, int] = {}
    request = [question, [_encoded(tree, positions) for tree in trees], len(positions)]
    worker = _worker()
    worker.cpu_s = cpu_s
    try:
        return worker.ask(request)
    except (WorkerTimeout, WorkerDied):
        _LEFT[0] = 0  # the answers of one comparison may cost one such question
        return None


def _encoded(tree: Tree, positions: dict[Tree, int]) -> Any:
    """Return a tree as JSON: a position for a name, `p/q` for a number, `[op, ...]` for a call."""
    if isinstance(tree, Fraction):
        return f"{tree.numerator:x}/{tree.denominator:x}"
    if isinstance(tree, str) or tree.op in _NAMES:
        return positions.setdefault(tree, len(positions))
    if tree.op == "base":
        return _encoded(numeral_value(tree.args), positions)
    if tree.op in BOUND:  # its own name is no name of the whole
        body, low, high = renamed(tree)
        own = f"{OWN_NAME}{len(positions)}"
        parts = (replaced(body, OWN_NAME, own), own, low, high)
        return [tree.op, *(_encoded(part, positions) for part in parts)]
    if tree.op == "det" and (terms := determinant(tree.args)) is not None:
        return _encoded(terms, positions)
    return [tree.op, *(_encoded(arg, positions) for arg in tree.args)]


_RUNNING: dict[int, Worker] = {}
"""The worker of this process, under its process id: a forked child must not talk to its parent's."""


def _worker() -> Worker:
    if os.getpid() not in _RUNNING:
        _RUNNING.clear()
        _RUNNING[os.getpid()] = Worker(_MODULE, SAMPLING_S)
    return _RUNNING[os.getpid()]


@atexit.register
def close() -> None:
    """End this process's worker; it starts again when it is needed."""
    if worker := _RUNNING.get(os.getpid()):
        worker.close()
