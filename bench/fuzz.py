"""Fuzz every parser: `python -m bench.fuzz --seconds 600`. Same seed, same texts.

Each text is made of pieces of real texts, or looks like a real text; then pieces are put in, cut, moved or
repeated many times. The table shows the exceptions that escape, with their texts, and each parser's slowest
text. No exception may escape and no text may take long. A text that a parser runs as code makes a folder.
"""

import argparse
import itertools
import random
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tabulate import tabulate

from thoughtmill.factory import solutions
from thoughtmill.factory.answers import ANY, Answer, answer_of, compared, reading
from thoughtmill.factory.answers import number as answers
from thoughtmill.factory.answers import numbers_in_text as numbers
from thoughtmill.factory.solvers import arithmetic, equations
from thoughtmill.factory.solvers.checks import Outcome, checked
from thoughtmill.factory.solvers.program import extraction, screen
from thoughtmill.factory.thoughts import THOUGHTS

PIECES = (
    "0 1 2 7 12 3.5 .5 1,200 1e9 9**9**9 1/2 50% $18 007 ½ ² − – × ÷ ≈ ≤ é \u0663 \ud800 \x00 \r \t "
    "\f \u2028 two three dozen hundred and a half percent of each is are the answer ans answer result x y "
    "unknowns integer positive if else max min round sqrt abs ( ) [ ] { } < > << >> = == != <= >= + - * / // "
    "^ ** % , . ; : ? ! # #### --> END A: \\boxed{ \\frac{1}{2} \\( \\) $$ ` ``` ```python ~~~ import def "
    "return print( lambda while True None class for in range( __import__('os').mkdir('harmed') exec( eval( "
    "' \" ''' \\ _ '\\n' >>> let so"
).split(" ")
TEMPLATES = (
    "{n} bags hold {n} * {m} = <<{n}*{m}={k}>>{k} marbles.\nSo the answer is {k}.\n#### {k}",
    "bags = {n}\nans = bags * {m}",
    "```python\ndef solution():\n    x = {n}\n    return x / {m}\n```",
    "unknowns: x, y\nx + y = {k}\n{n}x - {m} * y = 4 apples\nans = x",
    "x^2 = {n}\nx > 0\nans = x + {m}",
    "The total is \\boxed{{\\frac{{{n}}}{{{m}}}}} or {k} % of $1,{k}.50",
    '["A share of {n} % is {m} / 100 of it.", "Two dozen are {k}."]',
    "{n} {m}/{k}",
    r"\frac{{{n}\sqrt{{{m}}}}}{{{k}}} + x^{{{n}}}",
    r"(-\infty, {n}] \cup \left[{m}, \frac{{{k}}}{{2}}\right)",
    r"\begin{{pmatrix}} {n} & {m} \\ \sin x & {k}^\circ \end{{pmatrix}}",
    r"x^{n} - {m}x \le {k} \text{{ or }} \log_{{{n}}} |x| = \pm i^{m}",
    r"\sum_{{k={n}}}^{{{m}}} k^2 + \int_0^{{{k}}} \sin x \, dx - \prod_{{j=1}}^{{n}} j",
    r"f(x) = \begin{{cases}} x^{n} & \text{{if }} x > {m} \\ {k} & \text{{otherwise}} \end{{cases}}",
    r"x \equiv {n} \pmod{{{m}}} or |x - {n}| \ge {k}, \begin{{vmatrix}} {n} & x \\ {m} & 1 \end{{vmatrix}}",
    "one hundred and five, minus two thirds, {n} feet {m} inches, {n} to {m}, {n}°C",
    "{n}^x + {m}^x = {k}\n|y - {n}| = {m}\nans = x + y",
    r"\{{ {n}, {m}_{{{k}}}, \binom{{n}}{{{m}}}, f(x)! \}} {k}\text{{ cm}}^2",
)
SLOW_S = 2.0
KINDS = ("rules", "chain", "program", "equations")


def main() -> None:
    """Fuzz, and print the table; the exit status is 1 when anything escaped or was slow."""
    words = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    words.add_argument("--seconds", type=float, default=600)
    words.add_argument("--seed", type=int, default=1)
    chosen = words.parse_args()
    with equations.Equations(timeout_s=1.0) as solver:
        found = fuzz(parsers(solver), chosen.seed, chosen.seconds)
    table = [[name, *worst] for name, worst in found.items()]
    print(
        tabulate(table, ["parser", "texts", "worst CPU s", "length of that text", "escaped"], floatfmt=".3f")
    )
    harmed = Path("harmed").exists()
    print("a text was run" if harmed else "no text was run")
    sys.exit(harmed or any(worst_s > SLOW_S or escaped for _, worst_s, _, escaped in found.values()))


def parsers(solver: equations.Equations) -> dict[str, Callable[[str], object]]:
    """Return every parser of a teacher's text, by name."""
    return {
        "extract": extraction.extract,
        "screen": _screened,
        "equations_of": equations.equations_of,
        "Equations.solve": solver.solve,
        "reading.read": reading.read,
        **{f"reading.read of {kind}": partial(reading.read, kind=kind) for kind in ANY if kind != "number"},
        **{f"checks of {kind}": partial(_checked, kind) for kind in KINDS},
        "numbers.find": numbers.find,
        "evaluate": arithmetic.evaluate,
        "canonical": answers.canonical,
        "answers of any kind": _compared,
        "equal": lambda text: answers.equal(text, "1/3"),
        "solutions.parse": _solution,
        **{f"{name}.parse": THOUGHTS.named(name).parse for name in THOUGHTS.names()},
    }


def _compared(text: str) -> object:
    """Read a text as an answer of any kind, and compare it with some."""
    answer = answer_of(text.strip(), ANY)
    others = [
        answer_of(other, ANY)
        for other in ("2", "x+1", "(1, 2)", "[0, 1)", "even", "1, -1", r"x \equiv 1 \pmod 2", "12 cm")
    ]
    return answer and [compared(answer, other) for other in others if other]


def fuzz(
    readers: dict[str, Callable[[str], object]], seed: int, seconds: float
) -> dict[str, tuple[int, float, int, int]]:
    """Give every parser the same texts until the time is over.

    Returns for each how many there were, the longest time, the length of that text, and how many escaped.
    """
    found = dict.fromkeys(readers, (0, 0.0, 0, 0))
    end = time.monotonic() + seconds
    for at in itertools.count():
        if time.monotonic() > end:
            return found
        text = made(random.Random(f"{seed}/fuzz/{at}"))
        for name, read in readers.items():
            times, worst_s, length, escaped = found[name]
            began_s = _cpu_s()
            try:
                read(text)
            except Exception as error:  # noqa: BLE001  whatever escapes is what is looked for
                escaped += 1
                print(f"{name}: {type(error).__name__}: {str(error)!a}: {text[:300]!a}", flush=True)
            spent_s = _cpu_s() - began_s
            if spent_s > SLOW_S:
                print(f"{name}: {spent_s:.1f} s: {len(text)} characters: {text[:300]!a}", flush=True)
            if spent_s > worst_s:
                worst_s, length = spent_s, len(text)
            found[name] = times + 1, worst_s, length, escaped
    raise AssertionError


def made(chance: random.Random) -> str:
    """Make one text."""
    numbers = {
        name: chance.choice(("0", "7", "12", "3.5", "1,200", str(chance.getrandbits(40)))) for name in "nmk"
    }
    text = chance.choice(TEMPLATES).format(**numbers)
    if chance.random() < 0.3:
        text = _joined(chance, chance.randint(1, 60))
    for _ in range(chance.choice((0, 1, 1, 2, 5))):
        text = chance.choice(CHANGES)(chance, text)
    return text[:200_000]


def _joined(chance: random.Random, length: int) -> str:
    between = chance.choice(("", " ", " ", "\n"))
    return between.join(chance.choice(PIECES) for _ in range(length))


def _put_in(chance: random.Random, text: str) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + _joined(chance, chance.randint(1, 4)) + text[at:]


def _repeated(chance: random.Random, text: str) -> str:
    """Repeat a short span often: quadratic time shows here."""
    begin = chance.randint(0, len(text))
    end = min(len(text), begin + chance.randint(1, 12))
    return text[:begin] + text[begin:end] * chance.choice((3, 60, 2000, 20_000)) + text[end:]


def _cut(chance: random.Random, text: str) -> str:
    begin, end = sorted(chance.randint(0, len(text)) for _ in range(2))
    return text[:begin] + text[end:]


def _moved(chance: random.Random, text: str) -> str:
    begin, end = sorted(chance.randint(0, len(text)) for _ in range(2))
    return text[end:] + text[begin:end] + text[:begin]


CHANGES = (_put_in, _put_in, _repeated, _cut, _moved)


def _checked(kind: str, text: str) -> object:
    return checked(kind, text, text, Outcome(Answer("24"), None))


def _screened(text: str) -> object:
    try:
        return screen.screen(text)
    except screen.Unparsable:
        return None


def _solution(text: str) -> object:
    try:
        return solutions.parse(text)
    except solutions.UnusableSolution:
        return None


def _cpu_s() -> float:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


if __name__ == "__main__":
    main()
