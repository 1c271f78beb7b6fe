"""Equalities: the calculations that a text states, `7 votes * 3 = 21 votes`, with the units taken out.

>>> [f"{found.left} = {found.right}" for found in find("So 7 votes * $3 = $21 and 50% of 30 = 15 = 10 + 5")]
['7*3 = 21', '50%*30 = 15']

Both sides are expressions of numbers. Words between a number and the next operator are units; a word where a
number is due, or a letter that may be an unknown (`2x + 9 = 15`), leaves no equality to recompute.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from thoughtmill.factory.answers.number import DIGITS, SIGNS

_NUMBER = rf"{DIGITS}(?:\.[0-9]+)?|\.[0-9]+"
_TOKEN = re.compile(
    r"(?P<mixed>(?<![0-9.,])[0-9]+ [1-9][0-9]*/[1-9][0-9]*)"
    r"|(?P<clock>[0-9]+:[0-9]+|[0-9]{1,3} 000(?![0-9]))"
    rf"|(?P<number>(?>{_NUMBER})(?:[eE]-?[0-9]+)?)(?P<unknown>(?![xX]\s*[0-9.$(])[A-Za-z](?![A-Za-z0-9]))?"
    r"|(?P<times>[xX](?=\s*[0-9.$(]))|(?P<of>\bof(?=\s+\$?[0-9.(]))|(?P<percent>%|\bpercent\b)"
    r"|(?P<letter>\b[B-HJ-Zb-z]\b)|(?P<word>[^\W0-9][\w'’]*)|(?P<operator>\*\*|//|[-+*/^()])"
    r"|(?P<equals>=)|(?P<nothing>\s+|[$€£¥₹\\])|(?P<other>.)",
    re.DOTALL,
)
_BARE = re.compile(r"(?>(?:[0-9]++(?:\.[0-9]++)?(?![0-9.])|[)%](?![0-9.])|[-+*/^(=])*)")
"""A calculation without words, as calculator marks hold: its tokens are its characters."""

_DRESS = (
    SIGNS | {ord(sign): "*" for sign in "×·∙⋅"} | {ord("÷"): "/", ord("["): "(", ord("]"): ")", ord("≈"): "="}
)
_BULLET = re.compile(r"\s*(?:[-*•]|[0-9]+[.)])\s+")

_LATEX = re.compile(r"\\(times|cdot|div)\b")

_PER = re.compile(r"/(?=_)")
_UNIT = re.compile(r"(?<!_)_++(?=[-+*/^)%|?]|$)")
_FIRST_NUMBER = re.compile(r"-?[0-9.,e]+%?")
_CALCULATION = re.compile(r"[0-9)%][-+*/^(]")


class Equality(NamedTuple):
    """Two expressions of numbers that a text says are equal.

    `opening` is the first number of the right side where a further equals sign follows it, else the right
    side itself: chains write `7 + 2 = 9 * 3 = 27`, where 7 + 2 is 9 and 9 * 3 is the next calculation.
    """

    left: str
    right: str
    opening: str


def find(text: str) -> Iterator[Equality]:
    """Yield the equalities of a text whose left side calculates something, in order and in linear time."""
    text = _LATEX.sub(lambda found: "/" if found[1] == "div" else "*", text.translate(_DRESS))
    for line in text.splitlines():
        if "=" not in line:
            continue
        bullet = _BULLET.match(line)
        sides = _sides(line[bullet.end() :] if bullet else line)
        for at, (before, after) in enumerate(pairwise(sides), start=2):
            left, right = _closing(before), _opening(after)
            if left and right and _CALCULATION.search(left):
                first = _FIRST_NUMBER.match(right) if at < len(sides) else None
                yield Equality(left, right, first[0] if first else right)


def _sides(line: str) -> list[str]:
    """Return the bare sides of a line's equals signs: `?` is an unknown, `|` separates two expressions."""
    if _BARE.fullmatch(line):
        return line.split("=")
    sides: list[list[str]] = [[]]
    for found in _TOKEN.finditer(line):
        kind, side = found.lastgroup or "", sides[-1]
        after_number = bool(side) and (side[-1][-1].isdigit() or side[-1] in (")", "%", "_", "/", "?"))
        if kind == "equals":
            sides.append([])
        elif kind in ("number", "unknown", "mixed"):
            side += ["|"] if after_number and side[-1] != "/" else []
            side += ["(", found[0].replace(" ", "+"), ")"] if kind == "mixed" else [found["number"]]
            side += ["?"] if kind == "unknown" else []
        elif kind == "word":
            side.append("_" if after_number else "|")
        elif kind == "of":
            side.append("*" if _is_share(side) else "_")
        elif kind != "nothing":
            side.append(
                {"times": "*", "percent": "%", "letter": "?", "clock": "?", "other": "|"}.get(kind, found[0])
            )
    return [_UNIT.sub("", _PER.sub("", "".join(side))).replace("_", "|") for side in sides]


def _is_share(side: list[str]) -> bool:
    """Return whether a side ends with a percentage or fraction, of which `of` makes a product."""
    return side[-1:] in (["%"], [")"]) or (len(side) > 2 and side[-2] == "/" and side[-1][-1].isdigit())


def _closing(side: str) -> str:
    """Return the expression that a side ends with; none when it has an unknown or begins with an operator."""
    _, parted, expression = side.rpartition("|")
    expression = expression.strip("*")
    depth = 0
    for at in range(len(expression) - 1, -1, -1):
        depth += (expression[at] == ")") - (expression[at] == "(")
        if depth < 0:
            expression = expression[at + 1 :]
            break
    begins_badly = expression[:1] in ("+", "/", "^", ")", "%") or (parted and expression[:1] == "-")
    return "" if "?" in expression or begins_badly else expression


def _opening(side: str) -> str:
    """Return the expression that a side begins with; none when it has an unknown."""
    expression = side.partition("|")[0]
    depth = 0
    for at, character in enumerate(expression):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            expression = expression[:at]
            break
    return "" if "?" in expression else expression.strip("*").rstrip("+-*/^(")
