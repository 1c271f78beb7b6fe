"""Syntax trees of programs, for the reader of completions and for checks; the latest are remembered."""

import ast
import warnings
from functools import lru_cache

MAX_LENGTH = 20_000
"""Characters of the longest program that checks look at."""


def tree_of(program: str, most: int = MAX_LENGTH) -> ast.Module | None:
    """Return the syntax tree of a program, to be read only.

    It is None when Python cannot make one, or when the program has more than `most` characters.
    """
    return None if len(program) > most else _parsed(program)


@lru_cache(maxsize=4)
def _parsed(program: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
