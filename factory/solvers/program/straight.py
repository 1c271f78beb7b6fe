"""Straight-line arithmetic: the programs that teachers write most, recognised by their text.

Such a program is nothing but assignments of arithmetic on numbers and its own names, one a line. A
regular expression decides: brackets are at most two deep, so that the grammar is a regular one, and none of
its repetitions gives back what it has read, so that it takes linear time. Those of groups are atomic groups,
`(?>(?:...)*)`: the equal `(?:...)*+` matches too much in Python 3.11.2. What it does not match may still
be plain (`factory.solvers.program.plain`); every match is.
"""

import keyword
import re
from functools import lru_cache

_NUMBER = r"(?:(?:0|[1-9][0-9]{0,30}+)(?>(?:\.[0-9]{0,30}+)?)|\.[0-9]{1,30}+)(?![\w.])"
_NAME = r"[A-Za-z][A-Za-z0-9_]{0,200}+"
_OPERATOR = r"(?:\*\*|//|[-+*/%]) *+"


def _expression(operand: str) -> str:
    signed = rf"(?>(?:[-+] *+){{0,3}}){operand} *+"
    return rf"{signed}(?>(?:{_OPERATOR}{signed})*)"


_SIMPLE = rf"(?>{_NUMBER}|{_NAME})"
_SUM = _expression(_SIMPLE)
for _ in range(2):
    _SUM = _expression(rf"(?>{_NUMBER}|{_NAME}|\( *+{_SUM}\))")

_LINE = rf"(?>(?:{_NAME} *+(?>(?:[-+*/]|//)?)= *+{_SUM})?)(?>(?:#[ -~]*+)?)(?:\n|\Z)"
_PROGRAM = re.compile(rf"(?>(?:{_LINE})*)")
_WORD = re.compile(r"[A-Za-z]\w*")
_COMMENT = re.compile(r"#[^\n]*")
_KEYWORDS = frozenset(keyword.kwlist)


@lru_cache(maxsize=128)
def assigned(program: str) -> tuple[tuple[str, ...], frozenset[str]] | None:
    """Return the names that a straight-line program assigns, in order, and those that it reads.

    None for any other program. The latest are remembered: reader, screen and checks all ask.

    >>> assigned("bags = 4  # of marbles\\nans = (bags + 1) * 6.5")
    (('bags', 'ans'), frozenset({'bags'}))
    >>> assigned("ans = int(6.5)"), assigned("ans = 6 if ans else 5"), assigned("ans = bags")
    (None, None, None)
    """
    if _PROGRAM.fullmatch(program) is None:
        return None
    code = _COMMENT.sub("", program) if "#" in program else program
    lines = [line.partition("=") for line in code.splitlines() if line.strip()]
    names = tuple([target.rstrip(" +-*/") for target, _, _ in lines])
    read = frozenset(_WORD.findall("\n".join([value for _, _, value in lines])))
    return (names, read) if read.issubset(names) and _KEYWORDS.isdisjoint(names) else None
