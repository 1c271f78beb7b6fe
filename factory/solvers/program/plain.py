"""The part of Python in which the restricted interpreter and CPython are known to agree.

A program made of nothing else may run in either and has the same value; `tests/test_plain.py` compares
both on generated programs. All else runs in CPython: rounding to decimals (half-way cases differ), sets
(their order shows), `is` on numbers, exceptions that are caught (which one is raised may differ), classes,
reflection, clocks and chance.
"""

import ast
import builtins
from collections.abc import Iterable

NODES = frozenset(
    getattr(ast, name)
    for name in (
        "Module Expr Assign AugAssign AnnAssign If For While Break Continue Pass FunctionDef Return "
        "arguments arg Name Load Store Constant BinOp UnaryOp BoolOp Compare IfExp Call keyword "
        "Attribute Subscript Slice List Tuple Dict ListComp GeneratorExp DictComp comprehension "
        "JoinedStr FormattedValue Lambda Import ImportFrom alias Add Sub Mult Div FloorDiv Mod Pow "
        "USub UAdd Not And Or Eq NotEq Lt LtE Gt GtE In NotIn"
    ).split()
)
BUILTINS = frozenset(
    "abs all any bool divmod enumerate float int len list map max min print range reversed round sorted str "
    "sum tuple zip dict".split()
)
OTHER_NAMES = frozenset(dir(builtins)) - BUILTINS | {
    "exit",
    "quit",
    "help",
    "copyright",
    "credits",
    "license",
}
"""Names that CPython knows and a plain program may not use; any other that nothing binds is known to none."""

REFINED = frozenset({ast.Attribute, ast.FormattedValue, ast.Call})
METHODS = frozenset("append extend insert pop index count items keys values get sort reverse join".split())
MATH = frozenset("ceil floor sqrt gcd lcm factorial comb perm pi e fabs isqrt trunc prod".split())


def is_plain(nodes: Iterable[ast.AST], imports: Iterable[ast.Import | ast.ImportFrom]) -> bool:
    """Tell whether a program, given as all nodes of its tree and its imports, stays inside this part.

    >>> is_plain(ast.walk(ast.parse("round(2.675, 2)")), [])
    False
    """
    known: set[str] = set(BUILTINS)
    read: set[str] = set()
    for statement in imports:
        if not _is_plain_import(statement):
            return False
        known.update(alias.asname or alias.name for alias in statement.names)
    for node in nodes:
        kind = type(node)
        if kind not in NODES:
            return False
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else known).add(node.id)
        elif kind in REFINED and not _is_plain_node(node):
            return False
        elif isinstance(node, ast.FunctionDef):
            known.add(node.name)
        elif isinstance(node, ast.arg):
            known.add(node.arg)
    return not any(name in OTHER_NAMES or name.startswith("__") for name in read - known)


def _is_plain_import(node: ast.Import | ast.ImportFrom) -> bool:
    """Return whether only `math` is imported, and of it only functions that both compute alike."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "math" and all(alias.name in MATH for alias in node.names)
    return all(alias.name == "math" for alias in node.names)


def _is_plain_node(node: ast.AST) -> bool:
    """Refuse unknown attributes, format specifications and rounding to decimals."""
    if isinstance(node, ast.Attribute):
        return node.attr in METHODS or node.attr in MATH
    if isinstance(node, ast.FormattedValue):
        return node.format_spec is None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "round":
        return len(node.args) == 1 and not node.keywords
    return True
