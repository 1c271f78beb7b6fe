"""Programs: run a teacher's code behind a fence, and read the answer that is its result.

>>> with Programs(Limits()) as programs:
...     programs.run("bags = 4\\nans = bags * 6")
Outcome(answer=Answer(text='24', kind='number'), failure=None, detail=None, checks=(), fence='monty')
"""

import contextlib
import functools
import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from thoughtmill.factory.answers import Answer, answer_of
from thoughtmill.factory.answers.number import SIGNS
from thoughtmill.factory.answers.phrases import kinds_for
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.worker import ClosingContext
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.outcome import Check, Outcome
from thoughtmill.factory.solvers.program.extraction import extract
from thoughtmill.factory.solvers.program.fences import FENCES, STRICT
from thoughtmill.factory.solvers.program.late import LATE, SPENT, LatePrograms
from thoughtmill.factory.solvers.program.monty import TOGETHER, Monty
from thoughtmill.factory.solvers.program.processes import FenceMissing, Zygote
from thoughtmill.factory.solvers.program.screen import Screened, Unparsable, screen
from thoughtmill.factory.solvers.program.values import ProgramValue, read_text

__all__ = ["Programs", "extract", "strongest_fence"]

FAILURES = frozenset({"raised", "timeout", "memory", "output", "forbidden", "killed", "unparsable"})
UNKNOWN_NAME = re.compile(r"NameError: name '\w+' is not defined")
"""The failure of a plain program that reads a name it never sets: the same in every fence, and common."""

NO_LIMITS = Limits()


class Programs(ClosingContext):
    """Runs programs, one at a time; each worker process has its own.

    Plain programs run in `monty`, where they have the same value in a tenth of the time. A program without a
    number there runs in the strongest fence of the system, which decides how a program fails; only that it
    reads an unknown name is as sure before.
    Processes start when they are first needed; leaving the context ends them. `fence` is that of the
    processes, by name; without it, `fence_for` finds it out. `only` keeps every program to one fence. `late`
    is the folder in which the workers of a run remember the programs that do not end.
    """

    def __init__(
        self, limits: Limits, only: str | None = None, fence: str | None = None, late: Path | None = None
    ) -> None:
        fence = only if only in FENCES else "process" if only else fence or fence_for(limits)
        self._limits, self._fence, self._only = limits, fence, only
        self._monty, self._late = Monty(limits), LatePrograms(late)
        self._ahead: dict[str, tuple[Screened, ProgramValue | None]] = {}
        self._zygotes = {heavy: Zygote(fence, limits, heavy) for heavy in (False, True)}

    def close(self) -> None:
        """End the processes."""
        self._monty.close()
        for zygote in self._zygotes.values():
            zygote.close()

    def ahead(self, programs: Sequence[str]) -> None:
        """Run the straight programs together, which takes half the time, for `run` to return.

        What `run` returns does not depend on it. What an earlier call left is forgotten.
        """
        self._ahead.clear()
        if self._only is not None:
            return
        screened: dict[str, Screened] = {}
        for program in programs:
            with contextlib.suppress(Unparsable):
                screened[program] = screen(program)
        self._ahead = {program: (found, None) for program, found in screened.items()}
        straight = [program for program, found in screened.items() if found.straight]
        for at in range(0, len(straight), TOGETHER):
            some = straight[at : at + TOGETHER]
            readings = self._monty.run_together([screened[program] for program in some])
            for program, reading in zip(some, readings, strict=True):
                if reading is not None:
                    self._ahead[program] = screened[program], reading

    def run(self, program: str, answer_kind: str = "number") -> Outcome:
        """Run a program and return its answer, or why it has none; whatever it does, this returns.

        Nothing but the program's text crosses the fence, and nothing but one line of text comes back. Where
        answers of a kind other than `number` are asked for, that line may also be mathematics.
        """
        screened, reading = self._ahead.get(program, (None, None))
        try:
            screened = screened or screen(program)
        except Unparsable as error:
            return Outcome(None, "unparsable", str(error))
        if self._only == "monty":
            return _outcome(*self._monty.run(screened), "monty", answer_kind)
        late = ProgramValue("timeout", LATE)
        if screened.plain and self._only is None:
            if reading is None:
                reading = late if self._late.knows(program) else ProgramValue(*self._monty.run(screened))
            outcome = _outcome(*reading, "monty", answer_kind)
            if outcome.answer is not None or (outcome.failure == "no_answer" and not screened.tail):
                return outcome
            if UNKNOWN_NAME.fullmatch(outcome.detail or ""):
                return outcome
        with self._late.held(program) as known:
            if known:
                return _outcome(*late, self._fence, answer_kind)
            outcome = self._run_in_process(screened, answer_kind)
            if outcome.detail == LATE and self._zygotes[screened.heavy].late:
                self._late.note(program)
        return outcome

    def _run_in_process(self, program: Screened, answer_kind: str) -> Outcome:
        """Run a program in a process, with the long limit unless the budget for late programs is spent."""
        spent = 0 < self._limits.budget_s <= self._late.count() * self._limits.cpu_s
        zygote = self._zygotes[program.heavy]
        kind, text = zygote.run(program, self._limits.wall_s if spent else self._limits.long_wall_s)
        found = _outcome(kind, text, self._fence, answer_kind)
        if spent and kind == "timeout":
            found = replace(found, detail=SPENT)
        return replace(found, checks=(Check("fence_saw", False, zygote.seen),)) if zygote.seen else found


def fence_for(limits: Limits) -> str:
    """Return the name of the fence of processes that is to hold programs here.

    Raises ThoughtmillError when `limits.fence` is strict and the system lacks protections.
    """
    fence = strongest_fence()
    if limits.fence == "strict" and fence not in STRICT:
        raise ThoughtmillError(
            "this system offers neither namespaces nor Landlock to hold programs with: "
            "run on Linux 5.13 or newer, or set verify.limits.fence to auto"
        )
    return fence


@functools.cache
def strongest_fence() -> str:
    """Return the name of the strongest fence of processes on this system; say once what is missing."""
    for name in FENCES:
        zygote = Zygote(name, NO_LIMITS, heavy=False)
        try:
            zygote.run(Screened("", "1", plain=True, heavy=False), NO_LIMITS.long_wall_s)
        except FenceMissing as error:
            logging.getLogger(__name__).warning("programs run without the fence %r: %s", name, error)
        else:
            return name
        finally:
            zygote.close()
    raise ThoughtmillError("no process can be started to run programs in")


def _outcome(kind: str, text: str, fence: str, answer_kind: str) -> Outcome:
    """Read strictly the text that came across the fence."""
    if kind in FAILURES:
        return Outcome(None, kind, LATE if kind == "timeout" else text, fence=fence)
    if kind in ("none", "text") and not text:
        return Outcome(None, "no_answer", "it leaves no value and prints nothing", fence=fence)
    answer = _number(kind, text) if answer_kind == "number" else _answer(kind, text, answer_kind)
    if answer is None:
        return Outcome(None, "not_a_number", f"{kind}: {text[:100]}", fence=fence)
    return Outcome(answer, None, fence=fence)


def _number(kind: str, text: str) -> Answer | None:
    """Return the number that a value is, or the only number in a text."""
    if kind == "text":
        return answer_of(read_text(text.translate(SIGNS)) or "")
    return answer_of(text.partition(" ")[0]) if kind in ("number", "closed") else None


def _answer(kind: str, text: str, answer_kind: str) -> Answer | None:
    """Return the answer that a value is where it may be more than a number."""
    if kind == "closed":
        return answer_of(text.partition(" ")[2], kinds_for(answer_kind)) or _number(kind, text)
    found = answer_of(text, kinds_for(answer_kind)) if kind in ("number", "mathematics", "text") else None
    return found or _number(kind, text)
