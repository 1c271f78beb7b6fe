"""Purity: whether a program only computes, so that it is safe to release to people who run it unfenced.

>>> pure("import os; os.system('date')\\nans = 8", "", Outcome(None, None)).detail
'import os'
>>> pure("import math\\nans = math.sqrt(64)", "", Outcome(None, None)).passed
True

Two judges must agree. The syntax tree must import nothing beyond `MODULES`, and use no builtin of
`REFLECTION` and no attribute that leads to the system. And the fence must have seen nothing: a program that
builds a name at run time, and hands it to something that runs text, is seen when it arrives.
"""

import ast
import re
from collections.abc import Iterator

from thoughtmill.factory.solvers.checks import applies_to
from thoughtmill.factory.solvers.outcome import Check, Outcome
from thoughtmill.factory.solvers.program.straight import assigned
from thoughtmill.factory.solvers.program.trees import tree_of

MODULES = frozenset(
    "math cmath decimal fractions statistics random itertools functools operator collections heapq "
    "bisect datetime calendar string re numbers typing dataclasses enum copy textwrap array abc "
    "__future__ sympy numpy mpmath".split()
)
"""Modules that a program may import: they compute. `numpy` and `sympy` include their submodules."""

REFLECTION = frozenset(
    "eval exec compile open input globals locals vars getattr setattr delattr breakpoint help "
    "memoryview".split()
)
"""Builtins that run text, reach beyond their arguments, or wait for input."""

SYSTEM = frozenset(
    "os sys io subprocess shutil socket pathlib importlib builtins inspect ctypes ctypeslib posix "
    "signal threading multiprocessing pickle tempfile gc runpy pty code codeop asyncio f2py distutils "
    "linecache system popen spawn fork kill environ getenv putenv modules memmap fromfile tofile "
    "loadtxt savetxt genfromtxt load save savez savez_compressed dump dumps preview DataSource "
    "open_memmap now today utcnow urandom SystemRandom f_globals f_builtins f_locals f_back gi_frame "
    "cr_frame ag_frame tb_frame tb_next import_module autowrap ufuncify sysconfig testing lambdify".split()
)
"""Attributes and imported names that lead from a module that computes to the system, a file or the clock."""

OWN_NAMES = frozenset("__init__ __name__ __str__ __repr__ __len__ __doc__ _asdict _replace _fields".split())
"""Names with underscores that programs use for their own classes and named tuples."""

_IN_TEXT = re.compile(
    r"(?<!^__main)__(?!main__$)|\b(?:exec|eval|compile|getattr|globals|open)\s*\(|\bimport\s+\w+\s*(?:$|[;\n]|as\b)"
    r"|\b(?:os|sys)\.[a-z]"
)
"""Text that does harm when it is run as a program, as `sympify` does."""


@applies_to("program")
def pure(program: str, problem: str, outcome: Outcome) -> Check:
    """Say whether a program only computes; None where it cannot be read."""
    if assigned(program) is not None:
        return Check("pure", True)  # nothing but arithmetic
    tree = tree_of(program)
    if tree is None:
        return Check("pure", None, "the program cannot be read")
    seen = next((check.detail for check in outcome.checks if check.check == "fence_saw"), None)
    if seen is None and outcome.failure == "forbidden":
        seen = outcome.detail
    why = next(_reaching(tree), None) or (f"the fence saw {seen}" if seen else None)
    return Check("pure", why is None, why)


def _reaching(tree: ast.Module) -> Iterator[str]:
    """Yield the parts of a tree that reach beyond computing."""
    imported = {
        alias.asname or alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (f"import {each.name}" for each in node.names if not _is_listed(each.name))
        elif isinstance(node, ast.ImportFrom):
            if node.level or not _is_listed(node.module or ""):
                yield f"import {node.module}"
            yield from (f"import {each.name}" for each in node.names if _leads_out(each.name))
        elif isinstance(node, ast.Attribute) and _leads_out(node.attr):
            yield f"the attribute {node.attr}"
        elif (
            isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load) and _name(node) in imported
        ):
            yield f"a change of the module {_name(node)}"
        elif isinstance(node, ast.Name) and (node.id in REFLECTION or _is_hidden(node.id)):
            if isinstance(node.ctx, ast.Load):
                yield f"the name {node.id}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _IN_TEXT.search(node.value):
            yield f"the text {node.value[:40]!r}"


def _name(node: ast.Attribute) -> str | None:
    return node.value.id if isinstance(node.value, ast.Name) else None


def _is_listed(module: str) -> bool:
    parts = module.split(".")
    return parts[0] in MODULES and not any(_leads_out(part) for part in parts[1:])


def _leads_out(name: str) -> bool:
    return name in SYSTEM or _is_hidden(name)


def _is_hidden(name: str) -> bool:
    return name.startswith("_") and name.strip("_") != "" and name not in OWN_NAMES
