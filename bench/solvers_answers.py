"""Answers and steps per second and core: `python -m bench.solvers_answers`. Figures are ratios, not promises.

Texts come from `--chains` (JSON lines with `completion` and `answer`), else from real ones beside the
repository, else they are made here. Speed is in processor time, the best of three runs. *Whole chains* are
read and compared with the gold answer; *plain answers* are the last words of the chains alone. math-verify is
given the same texts, without its time limit, which would cost it more. Beside each speed are two counts over
the lists of our tests: wrong answers that naive graders accept and it refuses, and right answers in unusual
notation that it accepts.
"""

import argparse
import json
import logging
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from math_verify import parse, verify
from tabulate import tabulate

from tests.test_answers import DIFFERENT, SAME
from thoughtmill.factory.answers import Answer, statements
from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.answers import numbers_in_text as numbers
from thoughtmill.factory.answers.number import equal
from thoughtmill.factory.answers.reading import read
from thoughtmill.factory.solvers import arithmetic
from thoughtmill.factory.solvers.checks import Outcome, checked, gold_free
from thoughtmill.factory.solvers.steps import steps

REPLAY = Path(__file__).parents[1].parent / "shared" / "data" / "replay" / "cot.jsonl"
MATH_VERIFY_TEXTS = 400
"""How many texts math-verify is timed on, for it is slow."""

REMEMBERING = (answers._read, statements.plain, gold_free._apart, numbers.find, arithmetic.evaluate, steps)
"""What remembers the latest texts, and must not remember them from one run to the next."""


class Chain(NamedTuple):
    """A chain, its problem and the gold answer."""

    text: str
    problem: str
    answer: str


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--chains", type=Path, default=REPLAY, help="JSON lines with `completion` and `answer`"
    )
    logging.getLogger("math_verify").setLevel(logging.ERROR)
    chains = read_chains(parser.parse_args().chains)
    whole = [(chain.text, chain.answer) for chain in chains]
    plain = [(chain.text.split()[-1], chain.answer) for chain in chains]
    table = []
    for name, judge, limit in (
        ("thoughtmill", _ours, None),
        ("math-verify", _math_verify, MATH_VERIFY_TEXTS),
    ):
        table.append(
            [name, _per_second(judge, whole[:limit]), _per_second(judge, plain[:limit]), *_safety(judge)]
        )
    print(f"{len(chains)} chains")
    headers = ["judge", "whole chains/s/core", "plain answers/s/core", "wrong refused", "right accepted"]
    print(tabulate(table, headers, floatfmt=".0f"))
    print(f"against math-verify: {table[0][1] / table[1][1]:.0f} and {table[0][2] / table[1][2]:.0f} times")
    _print_steps(chains)


def read_chains(path: Path) -> list[Chain]:
    """Return the chains of a file, or made ones where there is none."""
    if not path.exists():
        return [_made(random.Random(f"1/chains/{at}")) for at in range(1000)]
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        Chain(row["completion"].strip(), row["problem"], row["answer"])
        for row in rows
        if row["completion"].strip()
    ]


def _made(numbers: random.Random) -> Chain:
    bags, size, lost = (numbers.randint(2, 99) for _ in range(3))
    problem = f"{bags} bags hold {size} marbles each, and {lost} are lost. How many are left?"
    total = bags * size
    left = total - lost
    text = (
        f"{bags} bags hold {bags} * {size} = {total} marbles.\n{total} - {lost} = {left} are left.\nA: {left}"
    )
    return Chain(text, problem, str(left))


def _ours(text: str, answer: str) -> bool:
    found = read(text)
    return found is not None and equal(found.answer, answer)


def _math_verify(text: str, answer: str) -> bool:
    return bool(
        verify(parse(answer, parsing_timeout=None), parse(text, parsing_timeout=None), timeout_seconds=None)
    )


def _per_second(judge: Callable[[str, str], object], pairs: Sequence[tuple[str, str]]) -> float:
    seconds = []
    for _ in range(3):
        for remembering in REMEMBERING:
            remembering.cache_clear()
        began = time.process_time()
        for text, answer in pairs:
            judge(text, answer)
        seconds.append(time.process_time() - began)
    return len(pairs) / min(seconds)


def _safety(judge: Callable[[str, str], bool]) -> tuple[str, str]:
    refused = sum(not judge(predicted, gold) for predicted, gold in DIFFERENT)
    accepted = sum(judge(predicted, gold) for predicted, gold in SAME)
    return f"{refused} of {len(DIFFERENT)}", f"{accepted} of {len(SAME)}"


def _print_steps(chains: Sequence[Chain]) -> None:
    """Print how fast chains are recomputed and held against their problem, and what wrong steps foretell."""
    found = [list(steps(chain.text)) for chain in chains]
    wrong = [any(not step.right for step in each) for each in found]
    right = [_ours(chain.text, chain.answer) for chain in chains]
    recomputed = _per_second(lambda text, _: list(steps(text)), [(chain.text, "") for chain in chains])
    held = _per_second(
        lambda text, problem: checked("chain", text, problem, Outcome(Answer("1"), None)),
        [(c.text, c.problem) for c in chains],
    )
    table = [
        ["chains recomputed/s/core", f"{recomputed:.0f}"],
        ["steps/s/core", f"{recomputed * sum(map(len, found)) / len(chains):.0f}"],
        ["chains through all checks/s/core", f"{held:.0f}"],
        ["chains with a wrong step", f"{sum(wrong)}"],
        ["of them with a wrong answer", f"{sum(w and not r for w, r in zip(wrong, right, strict=True))}"],
    ]
    print(tabulate(table))


if __name__ == "__main__":
    main()
