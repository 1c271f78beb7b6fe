"""The static screen: a program's text is read before anything of it runs.

Where the answer will be found, which imports nobody uses, whether the program stays inside the part of
Python in which both fences are known to agree, and whether it needs the heavy zygote.
"""

import ast
import sys
import warnings
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from thoughtmill.factory.solvers.program.plain import is_plain
from thoughtmill.factory.solvers.program.straight import assigned

SOURCE_LENGTH = 100_000
"""Characters of the longest program that is read; the longest real one has 9,000."""

ANSWER_NAMES = ("ans", "answer", "result")
ANSWER_FUNCTIONS = ("solution", "solver")
REFLECTION = frozenset({"eval", "exec", "globals", "locals", "vars", "dir", "__import__"})
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


class Unparsable(ValueError):
    """The text is no Python program; the message says why."""


class Screened(NamedTuple):
    """A program ready to run: statements, then one expression whose value is its answer.

    `tail` is empty when the answer is what the program prints. `plain` programs mean the same to both
    fences, and the `straight` among them have nothing that takes time; `heavy` programs import packages.
    """

    body: str
    tail: str
    plain: bool
    heavy: bool
    straight: bool = False


def screen(program: str) -> Screened:
    """Read a program without running it.

    The answer is the value of `ans`, `answer` or `result` where one is bound at the top level; else that of
    the last expression; else what is printed; else what `solution()` or `solver()` returns.

    Raises Unparsable.

    >>> screen("import numpy as np\\nans = 2 * 3")
    Screened(body='pass\\nans = 2 * 3', tail='ans', plain=True, heavy=False, straight=False)
    >>> screen("x = 2\\nx * 3").tail
    'x * 3'
    """
    if len(program) > SOURCE_LENGTH:
        raise Unparsable(f"a program of more than {SOURCE_LENGTH} characters")
    straight = assigned(program)
    for name in ANSWER_NAMES:
        if straight and name in straight[0]:
            return Screened(program, name, plain=True, heavy=False, straight=True)
    program = program.replace("\r\n", "\n").replace("\r", "\n")
    tree = _parse(program)
    nodes = _nodes(tree)
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    unused = [] if used & REFLECTION else [node for node in imports if not _is_used(node, used)]
    left = [node for node in imports if node not in unused]
    tail = _tail(tree, nodes)
    body, tail = _edited(program, unused, tail) if unused or isinstance(tail, ast.expr) else (program, tail)
    heavy = any(name not in sys.stdlib_module_names for name in _modules(left))
    return Screened(body, tail, is_plain(nodes, left), heavy)


def _parse(program: str) -> ast.Module:
    """Parse a program; the parser's own limits on depth and digits make a program unparsable."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(program)
    except SyntaxError as error:
        raise Unparsable(f"{type(error).__name__}: {error.msg} (line {error.lineno})") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unparsable(f"{type(error).__name__}: {error}") from None


def _nodes(tree: ast.Module) -> list[ast.AST]:
    """Return all nodes of a tree; `ast.walk` takes three times as long."""
    found: list[ast.AST] = [tree]
    for node in found:
        for value in vars(node).values():
            if isinstance(value, ast.AST):
                found.append(value)  # the list is read as it grows
            elif isinstance(value, list):
                found.extend(item for item in value if isinstance(item, ast.AST))
    return found


def _is_used(node: ast.Import | ast.ImportFrom, used: set[str]) -> bool:
    """Tell whether a program reads any name that an import binds; a star may bind anything."""
    bound = {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return "*" in bound or bool(bound & used)


def _modules(imports: Iterable[ast.Import | ast.ImportFrom]) -> Iterator[str]:
    """Yield the top-level names of the modules that imports load."""
    for node in imports:
        if isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]
        else:
            yield from (alias.name.split(".")[0] for alias in node.names)


def _tail(tree: ast.Module, nodes: list[ast.AST]) -> ast.expr | str:
    """Return the expression whose value is the answer: from the program, or to be added, or none."""
    outer = list(_outer_nodes(tree)) if any(isinstance(node, SCOPES) for node in nodes) else nodes
    bound = {node.id for node in outer if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for name in ANSWER_NAMES:
        if name in bound:
            return name
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr) and not _is_print(last.value):
        return last.value
    if not any(_is_print(node) for node in outer):
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name in ANSWER_FUNCTIONS and not _needs(node.args):
                return f"{node.name}()"
    return ""


def _outer_nodes(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the nodes that run at the top level, not those of functions and classes."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, SCOPES):
            waiting.extend(ast.iter_child_nodes(node))


def _is_print(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"


def _needs(arguments: ast.arguments) -> bool:
    """Tell whether a function cannot be called without arguments."""
    required = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    return required > 0 or any(default is None for default in arguments.kw_defaults)


def _edited(program: str, unused: Iterable[ast.stmt], tail: ast.expr | str) -> tuple[str, str]:
    """Return a program without its unused imports and its last expression, and that expression.

    The parser counts columns in bytes of UTF-8.
    """
    text = program.encode()
    starts = [0]
    for line in text.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)

    def span(node: ast.stmt | ast.expr) -> tuple[int, int]:
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return starts[node.lineno - 1] + node.col_offset, starts[end_line - 1] + end_column

    edits = [(*span(node), b"pass") for node in unused]
    if isinstance(tail, ast.expr):
        start, end = span(tail)
        edits.append((start, len(text), b""))
        tail = text[start:end].decode()
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text.decode(), tail
