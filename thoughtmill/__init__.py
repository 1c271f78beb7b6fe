"""Thoughtmill: a factory of verified thoughts for mathematics.

`verify` judges completions, `solve` finds the answer of a rationale, `open_corpus` opens a corpus or a
release in DuckDB, and `run_policy` turns stored samples of students into answers. Importing this package is
cheap: each name imports what it needs when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from thoughtmill.factory.core import extras

if TYPE_CHECKING:
    from thoughtmill.api import PolicyReplay, open_corpus, run_policy, solve, verify
    from thoughtmill.factory.core.errors import ThoughtmillError
    from thoughtmill.factory.solvers.outcome import Check, Outcome
    from thoughtmill.train.policies.plans import Decision

__version__ = "0.2.0"

__all__ = [
    "Check",
    "Decision",
    "Outcome",
    "PolicyReplay",
    "ThoughtmillError",
    "__version__",
    "open_corpus",
    "run_policy",
    "solve",
    "verify",
]

_HOMES = {
    "Check": "thoughtmill.factory.solvers.outcome",
    "Decision": "thoughtmill.train.policies.plans",
    "Outcome": "thoughtmill.factory.solvers.outcome",
    "ThoughtmillError": "thoughtmill.factory.core.errors",
}
"""The modules of the names that are not in `thoughtmill.api`."""

extras.install_hook()


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "thoughtmill.api")), name)


def __dir__() -> list[str]:
    return __all__
