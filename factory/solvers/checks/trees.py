"""Syntax trees of programs, which several checks look at; the latest are remembered."""

import ast
import warnings
from functools import lru_cache

MAX_LENGTH = 20_000
"""Characters of the longest program that is looked at."""


@lru_cache(maxsize=4)
def tree_of(program: str) -> ast.Module | None:
    """Return the syntax tree of a program; None when Python cannot make one."""
    if len(program) > MAX_LENGTH:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
