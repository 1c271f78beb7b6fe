r"""Worked solutions in prose, such as those of MATH and AQuA: they are chains as they are.

Such a solution has no calculations that can be compiled, but it closes with its answer: in a box, or in a
line `#### B`. So it is a chain of thought, and nothing else.
"""

import re
from collections.abc import Callable
from fractions import Fraction
from random import Random

from thoughtmill.factory.answers import number
from thoughtmill.factory.teachers.embedded.slips import PROSE, cut, near

FIGURE = re.compile(r"\s*\[asy\].*?\[/asy\]\s*", re.DOTALL)
BOX = re.compile(r"\\(?:boxed|fbox)\s?\{")
CLOSING = re.compile(r"#### *(.+?)\s*\Z")


def chain(solution: str | None) -> str | None:
    r"""Return a solution in prose as a chain, without drawings; None if it does not close with its answer.

    A closing line with a number is not for this module: see `factory.solutions`.

    >>> chain(r"[asy]draw((0,0)--(1,1));[/asy] The sum is $x+x=\boxed{2x}$.")
    'The sum is $x+x=\\boxed{2x}$.'
    >>> chain("Half of 12 is 6.\n#### A"), chain("12 / 2 = 6\n#### 6"), chain("It is 6.")
    ('Half of 12 is 6.\n#### A', None, None)
    """
    text = FIGURE.sub(" ", solution or "").strip()
    closing = CLOSING.search(text)
    if closing and "\n" not in closing[1]:
        return text if number.value(closing[1]) is None else None
    return text if BOX.search(text) else None


def wrong_answer(correct: str, random: Random) -> str | None:
    r"""Give another answer: a number of the last box or closing line is mistaken, or another choice is taken.

    >>> wrong_answer("Half of 12 is 6.\n#### B", Random(1))
    'Half of 12 is 6.\n#### C'
    """
    boxes = list(BOX.finditer(correct))
    closing = CLOSING.search(correct)
    begin = closing.start(1) if closing else boxes[-1].end()
    answer = correct[begin:]
    if re.fullmatch(r"[A-E]\s*", answer):
        return correct[:begin] + random.choice([letter for letter in "ABCDE" if letter != answer[0]])
    found = re.search(r"\d+", answer)
    if found is None:
        return None
    wrong = number.exact_text(near(Fraction(found[0]), random))
    return correct[: begin + found.start()] + wrong + answer[found.end() :]


def unboxed(correct: str, random: Random) -> str | None:
    """Stop before the answer is given, as if the last sentence were enough."""
    sentences = correct.rpartition("\n####")[0] or correct.rpartition(". ")[0]
    return sentences or None


def vague(correct: str, random: Random) -> str | None:
    """Talk about the problem without an answer."""
    return random.choice(PROSE)


SLIPS: tuple[Callable[[str, Random], str | None], ...] = (wrong_answer, unboxed, vague, cut)
