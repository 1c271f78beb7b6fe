r"""Answers of MATH and the public pairs, beside math-verify: `python -m bench.solvers_math`.

Golds come from `--math` (JSON lines with `solution`, as in MATH), by default from beside the repository; the
pairs are `docs/data/answer_pairs.jsonl`. Speed is in processor time, worker included, the best of three runs
without remembered answers: each gold is compared with itself in another dress and with the next gold of its
kind. math-verify is given the same texts in boxes, without its time limits. `--write` puts the tables into
`docs/solvers.md`, where they are, between two marks.
"""

import argparse
import itertools
import json
import logging
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from math_verify import parse, verify
from tabulate import tabulate

from bench.solvers import processor_s
from thoughtmill.factory.answers import ANY, Answer, answer_of, compared
from thoughtmill.factory.answers.mathematics import forms, normal, reading, symbolic, units
from thoughtmill.factory.answers.reading import boxes

ROOT = Path(__file__).parents[1]
MATH = ROOT.parent / "shared" / "data" / "math" / "test.jsonl"
PAIRS = ROOT / "docs" / "data" / "answer_pairs.jsonl"
PAGE = ROOT / "docs" / "solvers.md"
MARKS = ("<!-- python -m bench.solvers_math --write -->", "<!-- end -->")
MATH_VERIFY_PAIRS = 300
"""How many pairs math-verify is timed on, for it is slow."""

LATE_S = 20
REMEMBERING = (
    reading._read, normal.form, symbolic.compared, symbolic.proportional, symbolic.value, forms._primes,
    units.unit,
)  # fmt: skip
WHY = {
    "number": "it reads no repeating decimals, `%` or other scripts' digits, and rounds tiny numbers",
    "expression": "it takes i for a name, drops letters that could be units, and ignores case",
    "equation": "it compares an equation with a number by its right side",
    "inequality": "it compares an inequality with an interval in one order only, and solves few",
    "interval": "it does not intersect, and reads no words",
    "tuple": "it takes a tuple for a set",
    "set": "it drops repeated members",
    "matrix": "it compares no vector with a tuple, and reads no matrix of a program",
    "choice": "it reads no letter with a mark or a value beside it",
    "text": "it compares words letter by letter",
    "quantity": "it leaves units out",
    "ratio": "it reads the first two parts of a ratio only",
    "time": "it reads a time as a ratio",
    "base": "it leaves the base out",
}
"""Why the verdicts of math-verify differ, by kind."""


class AnswerPair(NamedTuple):
    """Two answers as they are written, whether they are equal (None: nobody has said so), and their kind."""

    left: str
    right: str
    equal: bool | None
    kind: str


class Late(Exception):
    """math-verify took too long."""


def main() -> None:
    """Print the tables, or write them into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--math", type=Path, default=MATH, help="JSON lines with `solution`")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/solvers.md")
    words = parser.parse_args()
    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore")
    signal.signal(signal.SIGALRM, _late)
    text = "\n\n".join(sections(golds(words.math), public_pairs()))
    if words.write:
        before, _, rest = PAGE.read_text("utf-8").partition(MARKS[0])
        PAGE.write_text(f"{before}{MARKS[0]}\n\n{text}\n\n{MARKS[1]}{rest.partition(MARKS[1])[2]}", "utf-8")
    else:
        print(text)


def sections(found: Sequence[str], pairs: Sequence[AnswerPair]) -> Iterator[str]:
    """Yield the parts of the page: golds by kind, speed, verdicts on pairs, and where two judges differ."""
    answers = [answer_of(gold, ANY) for gold in found]
    if found:
        yield _golds_by_kind(found, answers)
        gold_pairs = list(_pairs_of(found, answers))
        yield _speed(gold_pairs)
        yield _agreement(gold_pairs[:: max(1, len(gold_pairs) // 2000)])
    yield _verdicts(pairs)


def golds(path: Path) -> list[str]:
    """Return the last box of each solution of a file; nothing without a file."""
    if not path.exists():
        print(f"{path} is missing: only the public pairs are judged", file=sys.stderr)
        return []
    found = []
    for line in path.read_text("utf-8").splitlines():
        solution = json.loads(line)["solution"]
        boxed = boxes(solution)
        found.append(boxed[-1] if boxed else solution.rpartition("\\boxed")[2].split("$")[0].strip())
    return found


def public_pairs() -> list[AnswerPair]:
    """Return the pairs of the public table."""
    rows: list[dict[str, Any]] = [json.loads(line) for line in PAIRS.read_text("utf-8").splitlines()]
    return [AnswerPair(row["left"], row["right"], row["equal"], row["kind"]) for row in rows]


def _pairs_of(found: Sequence[str], answers: Sequence[Answer | None]) -> Iterator[AnswerPair]:
    """Yield each gold with itself in another form, and with the next gold of its kind."""
    read = [(gold, answer.kind) for gold, answer in zip(found, answers, strict=True) if answer]
    read.sort(key=lambda pair: pair[1])  # stable: within a kind the golds keep their order
    for (gold, kind), (other, following) in itertools.pairwise(read):
        yield AnswerPair(gold, gold.replace("frac", "dfrac").replace(",", ", "), None, kind)
        if kind == following:
            yield AnswerPair(gold, other, None, kind)


def _golds_by_kind(found: Sequence[str], answers: Sequence[Answer | None]) -> str:
    kinds = Counter(answer.kind if answer else "refused" for answer in answers)
    kinds.setdefault("refused", 0)
    table = tabulate(kinds.most_common(), ["kind", "golds"], tablefmt="github")
    return f"### {len(found):,} gold answers of MATH by kind\n\n{table}"


def ours(left: str, right: str) -> bool:
    """Return our verdict on two texts."""
    one, other = answer_of(left, ANY), answer_of(right, ANY)
    return one is not None and other is not None and compared(one, other).equal is True


def math_verify(gold: str, answer: str) -> bool:
    """Return math-verify's verdict on two texts; false where it raises or takes too long."""
    signal.alarm(LATE_S)
    try:
        boxed = [parse(rf"\boxed{{{text}}}", parsing_timeout=None) for text in (gold, answer)]
        return bool(verify(*boxed, timeout_seconds=None))
    except (Late, ArithmeticError, ValueError, TypeError, AttributeError, RecursionError):
        return False
    finally:
        signal.alarm(0)


def _late(_: int, __: object) -> None:
    raise Late


def _speed(pairs: Sequence[AnswerPair]) -> str:
    ordinary = [pair for pair in pairs if pair.kind != "number"]
    step = max(1, len(ordinary) // MATH_VERIFY_PAIRS)
    mine, theirs = _per_second(ours, ordinary), _per_second(math_verify, ordinary[::step])
    return (
        "Each gold answer other than a plain number is compared with itself in another form and with\n"
        f"the next of its kind: {len(ordinary):,} pairs, of which we judge {mine:,.0f} a second and core,\n"
        f"math-verify {theirs:,.0f}, {mine / theirs:.0f} times fewer (the goal was 5)."
    )


def _per_second(judge: Callable[[str, str], bool], pairs: Sequence[AnswerPair]) -> float:
    seconds = []
    for _ in range(3):
        for remembering in REMEMBERING:
            remembering.cache_clear()
        began = processor_s()
        for pair in pairs:
            judge(pair.left, pair.right)
        symbolic.close()  # so that its time is counted
        seconds.append(processor_s() - began)
    return len(pairs) / min(seconds)


def _agreement(pairs: Sequence[AnswerPair]) -> str:
    """Return how often the two judges agree on pairs of golds."""
    differing = Counter(pair.kind for pair in pairs if ours(*pair[:2]) != math_verify(*pair[:2]))
    kinds = ", ".join(f"{count} of kind {kind}" for kind, count in sorted(differing.items()))
    return (
        f"On {len(pairs) - differing.total():,} of {len(pairs):,} such pairs, plain numbers among them,\n"
        f"math-verify agrees{f', on {kinds} it does not' if kinds else ''}."
    )


def _verdicts(pairs: Sequence[AnswerPair]) -> str:
    """Return who is right on the public pairs, by kind, and each pair on which math-verify is not."""
    names = ("pairs", "ours right", "math-verify right", "its orders differ")
    counts = {name: Counter[str]() for name in names}
    wrong = []
    for pair in pairs:
        mine = ours(pair.left, pair.right), ours(pair.right, pair.left)
        theirs = math_verify(pair.left, pair.right), math_verify(pair.right, pair.left)
        truth = pair.equal, pair.equal
        for name, holds in zip(
            names, (True, mine == truth, theirs == truth, theirs[0] != theirs[1]), strict=True
        ):
            counts[name][pair.kind] += holds
        if theirs != truth:
            wrong.append([pair.kind, _cell(pair.left), _cell(pair.right), _said(pair.equal), _both(*theirs)])
    table = [[kind, *(counts[name][kind] for name in names), WHY.get(kind, "")] for kind in counts["pairs"]]
    table.append(["all", *(counts[name].total() for name in names), ""])
    return (
        f"### The {len(pairs)} public pairs\n\n"
        + tabulate(table, ["kind", *names, "where it is not right, because"], tablefmt="github")
        + f"\n\nmath-verify judges these {len(wrong)} otherwise:\n\n"
        + tabulate(wrong, ["kind", "one", "other", "truth", "math-verify"], tablefmt="github")
    )


def _cell(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _said(equal: bool | None) -> str:
    return "equal" if equal else "different"


def _both(one: bool, other: bool) -> str:
    return _said(one) if one == other else f"{_said(one)}, {_said(other)} in the other order"


if __name__ == "__main__":
    main()
