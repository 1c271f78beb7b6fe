"""Equation lines in a completion: teachers wrap them in fences, lists, sentences, LaTeX and sympy."""

import re
from collections.abc import Iterable, Iterator

from thoughtmill.factory.solvers.equation import latex
from thoughtmill.factory.solvers.equation.declarations import declaration
from thoughtmill.factory.solvers.equation.system import states
from thoughtmill.factory.solvers.equation.tokens import MAX_CHARS, without_comment

_BULLET = re.compile(r"(?:[-*•>+]\s+|\(?[0-9]{1,2}[.)]\s+|\([0-9]{1,2}\)\s*|#{1,6}\s+)+")
_LABEL = re.compile(r"(?:equations?|eq\.?|step|formula|line)\s*\(?[0-9]{0,2}\)?\s*[:.]\s*", re.I)
_KEPT = re.compile(r"unknowns?\b|variables?\b", re.I)
_CODE = re.compile(r"(?:from|import|print|return|def|with|for|assert)\b")
_SYMBOLS = re.compile(r"([\w\s,]+)=\s*(?:\w+\.)?symbols?\((.*)", re.I)
_SOLVED = re.compile(r"(\w+)\s*=\s*(?:\w+\.)?\w+(?:\[[0-9]\])?\[\s*['\"]?(\w+)['\"]?\s*\](?:\.\w+\(\))?")
_SOLVE = re.compile(r"(?:(\w+)\s*=\s*)?(?:\w+\.)?(?:lin|nonlin|n|real_)?solve(?:set)?\(")
_FOR = re.compile(r"(.*),\s*\[?(\w+)\]?\s*\)(\s*\[0\])?")
_BOLD = re.compile(r"(?:(?<=\s)|^)\*\*([^*\s][^*]*)\*\*(?=[\s:.,]|$)")
_OPENING = re.compile(
    r"(?:(?:so|then|thus|hence|therefore|finally|now|next|first|and|this means"
    r"|we (?:have|get|know|see|find))\b,?\s+(?:that\s+)?)+",
    re.I,
)
_SENTENCE = re.compile(r"\b[^\W\d_]+(?:'[a-z]+)?,?[ \t]+[^\W\d_]+,?[ \t]+[^\W\d_]+")
_TAG = re.compile(r"(?<![-\s–—.…,])[-\s–—.…,]++[(\[{](?:(?:eq\.?|equation)\s?)?([0-9]{1,2})[)\]}]\s*$", re.I)
_DECORATION = " \t*`_"


def equations_of(completion: str) -> str | None:
    """Return the equation lines of a completion, one statement a line, or None when it has none.

    Prose is left out. A line that looks like an equation and does not parse is kept, so that solving says
    `unparsable` instead of solving something else.

    >>> print(equations_of("Let's solve it.\\n1. \\\\(x = 2 \\\\times 3\\\\)\\n2. **ans = x**\\nSo it is 6!"))
    x = 2 * 3
    ans = x
    """
    if len(completion) > MAX_CHARS:
        return None
    text = "\n".join(_fenced(completion.splitlines()))
    lines = [line for raw in _untagged(latex.plain(text).splitlines()) for line in _lines(raw)]
    return "\n".join(lines) if any("=" in line or "≈" in line for line in lines) else None


def _untagged(lines: list[str]) -> list[str]:
    """Take `(1)`, `(2)` and so on off the ends of lines that are numbered by them: they are no factors."""
    tags = {at: tag for at, line in enumerate(lines) if "=" in line and (tag := _TAG.search(line))}
    if len(tags) < 2 or [int(tag[1]) for tag in tags.values()] != [*range(1, len(tags) + 1)]:
        return lines
    return [line[: tags[at].start()] if at in tags else line for at, line in enumerate(lines)]


def _fenced(lines: list[str]) -> Iterable[str]:
    """Return the lines inside markdown fences; all lines when there are none."""
    inside, found = False, []
    for line in lines:
        if line.lstrip().startswith(("```", "~~~")):
            inside = not inside
        elif inside:
            found.append(line)
    return found if any("=" in line for line in found) else lines


def _lines(raw: str) -> Iterator[str]:
    """Yield the statements and declarations that one line of a completion holds, without their dressing."""
    line = _undressed(raw)
    if not line or line.startswith(("```", "~~~")):
        return
    if _CODE.match(line) or _SYMBOLS.fullmatch(line) or _SOLVE.match(line) or _SOLVED.fullmatch(line):
        yield from _translated(line)
        return
    stated = declaration(without_comment(line))
    if stated is not None:
        if stated.names or _KEPT.match(line):
            yield line
        return
    if states(line):
        yield line.replace(latex.MATHS, " ").strip()
        return
    pieces = list(_inside(line))
    if pieces:
        yield from pieces
    elif any(sign in line for sign in "=<>≤≥") and not _SENTENCE.search(without_comment(line)):
        yield line


def _undressed(raw: str) -> str:
    """Take bullets, numbers, labels and emphasis off a line."""
    line = raw.strip().strip(latex.MATHS + " ")
    if bullet := _BULLET.match(line):
        line = line[bullet.end() :]
    line = _BOLD.sub(r"\1", line).strip(_DECORATION + latex.MATHS)
    if label := _LABEL.match(line):
        line = line[label.end() :]
    if opening := _OPENING.match(line):
        line = line[opening.end() :].removesuffix("!")  # of a sentence; elsewhere it is a factorial
    return line.strip(_DECORATION + latex.MATHS).removesuffix(".")


def _translated(line: str) -> Iterator[str]:
    """Yield the statements of a line of sympy code: kinds of symbols, equations, the answer."""
    if symbols := _SYMBOLS.fullmatch(line):
        kinds = [
            kind
            for kind in ("positive", "nonnegative", "integer")
            if f"{kind}=True" in symbols[2].replace(" ", "")
        ]
        if kinds:
            yield f"{symbols[1].strip()} are {' '.join(kinds)}"
    elif solved := _SOLVED.fullmatch(line):
        yield f"{solved[1]} = {solved[2]}"
    elif (solve := _SOLVE.match(line)) and (found := _FOR.fullmatch(line, solve.end())):
        if found[1].startswith("Eq("):
            yield found[1]
        elif any(sign in found[1] for sign in "+-*/") and "," not in found[1]:
            yield f"{found[1]} = 0"
        if solve[1] and found[3]:
            yield f"{solve[1]} = {found[2]}"


def _inside(line: str) -> Iterator[str]:
    """Yield the equations inside a sentence: inline mathematics, else what follows a colon or comma."""
    for mark in (latex.MATHS, "$", "`"):
        inside = [piece.strip() for piece in line.split(mark)[1::2]]
        found = [piece for piece in inside if states(piece)]
        if found:
            yield from found
            return
    for mark in (":", ","):
        rest = _undressed(line.rpartition(mark)[2])
        if mark in line and states(rest):
            yield rest
            return
