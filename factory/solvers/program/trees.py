"""Syntax trees of programs, for the reader of completions and for checks; the latest are remembered."""

import ast
import warnings
from functools import lru_cache

SHORT = 4000
"""Characters of a program whose tree is small enough to keep many."""

MAX_LENGTH = 20_000
"""Characters of the longest program that checks look at."""


def tree_of(program: str, most: int = MAX_LENGTH) -> ast.Module | None:
    """Return the syntax tree of a program, to be read only.

    It is None when Python cannot make one, or when the program has more than `most` characters.
    """
    if len(program) > most:
        return None
    return _short(program) if len(program) <= SHORT else _long(program)


def _parsed(program: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


_short = lru_cache(maxsize=64)(_parsed)  # those of the programs that are read together
_long = lru_cache(maxsize=2)(_parsed)
