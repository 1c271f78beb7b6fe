"""Declarations: lines of words that introduce names, and sometimes say what kind of numbers they are.

They give no equation. `x is a positive integer` says `x > 0` and that x is whole; everything else is prose.
"""

import re
from dataclasses import dataclass

from thoughtmill.factory.solvers.equation.tokens import tokens
from thoughtmill.factory.solvers.equation.words import joined

_RELATION = re.compile(r"[=<>≤≥≠≈⇒→]|\bEq\b")
_PROSE = re.compile(r"[\w\s,.:;'’$%-]*")
_OPENS = frozenset(
    {"let", "where", "define", "given", "find", "unknown", "unknowns", "variable", "variables"}
)
_VERBS = frozenset({"is", "are", "be", "denote", "denotes", "represent", "represents"})
_FILLERS = frozenset({"a", "an", "all", "both", "must", "and", "real", "number", "numbers"})
_WHOLE = frozenset({"integer", "integers", "whole", "natural"})
_ABOVE = frozenset({"positive"})
_NOT_BELOW = frozenset({"non-negative", "nonnegative", "natural"})
_ASIDE = frozenset({"let", "where", "and", "both", "all"})


@dataclass(frozen=True, slots=True)
class Declaration:
    """Names and the statements about them; no names when the line states nothing.

    `sign` is `>` or `>=`, each meant against 0, or None.
    """

    names: tuple[str, ...] = ()
    sign: str | None = None
    whole: bool = False


def declaration(line: str) -> Declaration | None:
    """Read a line as a declaration; None when it must be a statement.

    >>> declaration("x and y are positive integers")
    Declaration(names=('x', 'y'), sign='>', whole=True)
    >>> declaration("Let x be the number of apples.")
    Declaration(names=(), sign=None, whole=False)
    """
    if _RELATION.search(line):
        return Declaration() if _says_in_words(line) else None
    if not _PROSE.fullmatch(line):
        return None
    words = line.lower().replace(",", " ").rstrip(" .").split()
    if not words:
        return Declaration()
    verb = next((at for at, word in enumerate(words) if word in _VERBS), None)
    if verb is None:
        opens = words[0].rstrip(":") in _OPENS or re.match(r"\w+\s*:\s", line)
        return Declaration() if opens else None
    kinds = set(words[verb + 1 :]) - _FILLERS
    if not kinds or kinds - _WHOLE - _ABOVE - _NOT_BELOW:
        return Declaration()
    sign = ">" if kinds & _ABOVE else ">=" if kinds & _NOT_BELOW else None
    return Declaration(_names(line), sign, bool(kinds & _WHOLE))


def _names(line: str) -> tuple[str, ...]:
    """Return the names before the first verb of a line."""
    before = " ".join(line.replace(",", " , ").split())
    kept = [
        word
        for word in re.split(r" (?:is|are|be) ", before, maxsplit=1)[0].split()
        if word.lower() not in _ASIDE
    ]
    return tuple(token.text for token in joined(tokens(" ".join(kept))) if token.kind == "w")


def _says_in_words(line: str) -> bool:
    """Tell whether a line such as `Let x = the number of apples` says a name's meaning and no equation."""
    opening, _, meaning = line.partition("=")
    words = opening.lower().split(maxsplit=1)
    if not words or words[0] not in _OPENS:
        return False
    return bool(re.fullmatch(r"\s*[^\W\d][\w\s,.'’-]*", meaning)) and len(meaning.split()) > 1
