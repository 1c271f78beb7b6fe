"""The registry of problem sets: where the rows of each are, and how a row is read.

To add a set, write its `ProblemSet` and a line in `PROBLEM_SETS`; another package names its own in an entry
point of the group `thoughtmill.problem_sets`. A set whose rows depend on what `seed.sources` says of it is a
function from a `SourceSettings` to a `ProblemSet`, such as `table`.
"""

from collections.abc import Callable

from thoughtmill.factory.core.registry import Registry
from thoughtmill.factory.problems.sources import Fields, ProblemSet, SourceSettings, UnusableRow

__all__ = ["PROBLEM_SETS", "Fields", "ProblemSet", "SourceSettings", "UnusableRow", "chosen"]

PROBLEM_SETS: Registry[ProblemSet | Callable[[SourceSettings], ProblemSet]] = Registry(
    "set",
    "thoughtmill.problem_sets",
    {
        "embedded": "thoughtmill.factory.problems.embedded:EMBEDDED",
        "gsm8k": "thoughtmill.factory.problems.sets:GSM8K",
        "svamp": "thoughtmill.factory.problems.sets:SVAMP",
        "asdiv": "thoughtmill.factory.problems.sets:ASDIV",
        "multiarith": "thoughtmill.factory.problems.sets:MULTIARITH",
        "gsm_plus": "thoughtmill.factory.problems.sets:GSM_PLUS",
        "gsm_symbolic": "thoughtmill.factory.problems.sets:GSM_SYMBOLIC",
        "math": "thoughtmill.factory.problems.competitions:MATH",
        "math500": "thoughtmill.factory.problems.competitions:MATH500",
        "aime": "thoughtmill.factory.problems.competitions:AIME",
        "amc": "thoughtmill.factory.problems.competitions:AMC",
        "aqua": "thoughtmill.factory.problems.choices:AQUA",
        "numglue": "thoughtmill.factory.problems.choices:NUMGLUE",
        "metamath": "thoughtmill.factory.problems.descendants:METAMATH",
        "lorid": "thoughtmill.factory.problems.descendants:LORID",
        "openmath": "thoughtmill.factory.problems.instructions:OPENMATH",
        "numina": "thoughtmill.factory.problems.instructions:NUMINA",
        "openr1": "thoughtmill.factory.problems.instructions:OPENR1",
        "openthoughts": "thoughtmill.factory.problems.instructions:OPENTHOUGHTS",
        "dart": "thoughtmill.factory.problems.instructions:DART",
        "goat": "thoughtmill.factory.problems.arithmetic:GOAT",
        "msat": "thoughtmill.factory.problems.arithmetic:MSAT",
        "revorder": "thoughtmill.factory.problems.arithmetic:REVORDER",
        "table": "thoughtmill.factory.problems.table:table",
    },
)


def chosen(source: SourceSettings) -> ProblemSet:
    """Return the problem set that an entry of `seed.sources` names."""
    entry = PROBLEM_SETS.named(source.set, "params.yaml: seed: ")
    return entry if isinstance(entry, ProblemSet) else entry(source)
