"""The syntax of our modules, parsed and walked once for all tests of a process."""

import ast
from functools import cache
from pathlib import Path


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return all nodes of a module; the module itself is the first."""
    return tuple(ast.walk(ast.parse(path.read_text("utf-8"))))


def module(path: Path) -> ast.Module:
    """Return a module."""
    first = nodes(path)[0]
    assert isinstance(first, ast.Module)
    return first
