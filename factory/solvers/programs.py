"""Programs: run what a teacher wrote behind a fence, and read the number it comes to.

>>> with Programs(Limits()) as programs:
...     programs.run("bags = 4\\nans = bags * 6").answer
'24'
"""

from types import TracebackType
from typing import Self

from factory.solvers.answers import canonical
from factory.solvers.extraction import extract
from factory.solvers.limits import Limits
from factory.solvers.outcome import Outcome
from factory.solvers.processes import Zygote
from factory.solvers.screen import Unparsable, screen
from factory.solvers.values import read_text

__all__ = ["Programs", "extract"]

FAILURES = frozenset({"raised", "timeout", "memory", "output", "forbidden", "killed"})


class Programs:
    """Runs programs, one at a time; each worker process has its own.

    Its processes start when they are first needed; leaving the context ends them.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._zygotes = {heavy: Zygote("process", limits, heavy) for heavy in (False, True)}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes."""
        for zygote in self._zygotes.values():
            zygote.close()

    def run(self, program: str) -> Outcome:
        """Run a program and return its answer, or why it has none; whatever it does, this returns.

        Nothing but the program's text crosses the fence, and nothing but one line of text comes back.
        """
        try:
            screened = screen(program)
        except Unparsable as error:
            return Outcome(None, "unparsable", str(error))
        zygote = self._zygotes[screened.heavy]
        kind, text = zygote.run(screened, self._limits.wall_s)
        if kind == "timeout":
            kind, text = zygote.run(screened, self._limits.long_wall_s)
        return _outcome(kind, text, "process")


def _outcome(kind: str, text: str, fence: str) -> Outcome:
    """Read strictly what came across the fence."""
    if kind in FAILURES:
        return Outcome(None, kind, text, fence=fence)
    if kind in ("none", "text") and not text:
        return Outcome(None, "no_answer", "it leaves no value and prints nothing", fence=fence)
    number = read_text(text) if kind == "text" else text if kind == "number" else None
    answer = None if number is None else canonical(number)
    if answer is None:
        return Outcome(None, "not_a_number", f"{kind}: {text[:100]}", fence=fence)
    return Outcome(answer, None, fence=fence)
