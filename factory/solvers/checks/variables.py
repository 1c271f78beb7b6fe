"""Dead variables: the names that a program or a system of equations sets and never uses for its answer.

>>> from thoughtmill.factory.answers import Answer
>>> program_variables("bags = 4\\nprice = 7\\nans = bags * 6", "", Outcome(Answer("24"), None)).detail
'never used: price'
>>> equation_variables("marbles = 4 * 6\\ncost = 7\\nans = marbles", "", Outcome(Answer("24"), None)).detail
'never used: cost'

A quantity that is set down and not used often means that a step was left out.
"""

import ast
import re
from collections import Counter
from collections.abc import Set as AbstractSet

from thoughtmill.factory.solvers.checks import applies_to
from thoughtmill.factory.solvers.outcome import Check, Outcome
from thoughtmill.factory.solvers.program.straight import assigned
from thoughtmill.factory.solvers.program.trees import MAX_LENGTH, tree_of

ANSWERS = frozenset(("ans", "answer", "result"))
_NAME = re.compile(r"(?<![\w.\\])[A-Za-z_]\w*")
_COMMENT = re.compile(r"#[^\n]*")


@applies_to("program")
def program_variables(program: str, problem: str, outcome: Outcome) -> Check:
    """Say whether a program reads every variable that it sets; the last one set is its answer."""
    if len(program) <= MAX_LENGTH and (straight := assigned(program)):
        written, read = straight
        return _check(dict.fromkeys(written), read | ANSWERS | set(written[-1:]))
    tree = tree_of(program)
    if tree is None:
        return Check("variables_used", None, "the program cannot be read")
    names = sorted(
        (node for node in ast.walk(tree) if isinstance(node, ast.Name)),
        key=lambda name: (name.lineno, name.col_offset),
    )
    set_ = [name.id for name in names if isinstance(name.ctx, ast.Store)]
    used = {name.id for name in names if isinstance(name.ctx, ast.Load)}
    return _check(dict.fromkeys(set_), used | ANSWERS | set(set_[-1:]) | {"_"})


@applies_to("equations")
def equation_variables(equations: str, problem: str, outcome: Outcome) -> Check:
    """Say whether every unknown of a system occurs in it twice, once to be set and once to be used.

    The name that opens the last equation is the answer; a line without `=` (`unknowns: ...`) does not count.
    """
    lines = [line for line in _COMMENT.sub("", equations).splitlines() if "=" in line]
    counted = Counter(name for line in lines for name in _NAME.findall(line))
    last = _NAME.findall(lines[-1])[:1] if lines else []
    used = {name for name, times in counted.items() if times > 1}
    return _check(dict.fromkeys(counted), used | ANSWERS | set(last))


def _check(named: dict[str, None], used: AbstractSet[str]) -> Check:
    if not named:
        return Check("variables_used", None, "no variable")
    dead = [name for name in named if name not in used]
    return Check("variables_used", not dead, f"never used: {', '.join(dead[:10])}" if dead else None)
