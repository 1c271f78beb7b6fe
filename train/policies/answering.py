"""Run policies live: write and solve each sample once, when a policy first asks for it."""

import hashlib
import sys
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple, Protocol

from thoughtmill.factory.answers import Answer
from thoughtmill.factory.core import progress_files
from thoughtmill.factory.core.journal import Journal
from thoughtmill.factory.core.progress import LINE_EVERY_S, line
from thoughtmill.train.policies.plans import (
    PlanRunner,
    Policy,
    PolicyOutcome,
    Sample,
    SampleKey,
    SampleRequest,
    outcome_of,
    runners,
)


class GenerationRequest(NamedTuple):
    """A sample to write: the role, its problem and given text, the temperature and the random numbers."""

    wanted: SampleRequest
    role: str
    problem: str
    given: str | None
    temperature: float
    seed: str

    @property
    def seed_number(self) -> int:
        """The seed as a number of 31 bits, for engines that accept no text."""
        return int(hashlib.sha256(self.seed.encode()).hexdigest()[:8], 16) // 2


class GeneratedText(NamedTuple):
    """The text written for a request; `failure` is `truncated` where a limit ended it, or an endpoint's."""

    wanted: SampleRequest
    text: str
    new_tokens: int
    failure: str | None = None


class Writer(Protocol):
    """Writes samples: students in memory, vLLM, or an endpoint."""

    def ask(self, requests: Sequence[GenerationRequest]) -> None:
        """Queue requests; they may be written in any order."""
        ...

    def write(self) -> list[GeneratedText]:
        """Write on, and return the texts that are finished now; there may be none yet."""
        ...


Asking = Callable[[SampleRequest, Sample | None], GenerationRequest]
"""Makes the generation request for a sample that a policy wants, with the sample given to it."""

Solving = Callable[[GeneratedText], Sample]

IDLE_S = 0.001
"""Seconds to wait for the solver's thread when the writer has finished nothing."""


class SampleJournal:
    """The samples of a run by key; after `kill -9`, the next run writes only the missing samples.

    At the end, `unused` holds the samples that were written ahead but that no policy asked for.
    """

    def __init__(self, path: Path) -> None:
        self.journal = Journal(path, flush_every=1)
        self.stored: dict[SampleKey, Sample] = {}
        self.unused: dict[SampleKey, Sample] = {}
        for row in self.journal.noted():
            problem_id, role, round_, number = row["key"]
            noted, predicted = row["sample"], row["sample"]["predicted_answer"]
            sample = Sample(**noted | {"predicted_answer": predicted and Answer(*predicted)})
            if sample.failure != "unanswered":
                self.stored[problem_id, role, round_, number] = sample

    def note(self, request: SampleRequest, sample: Sample) -> None:
        """Keep a sample."""
        self.stored[request.key] = sample
        self.journal.note({"key": request.key, "sample": asdict(sample)})

    def keep(self, asked: Collection[SampleKey]) -> None:
        """Keep the samples that were asked for, and move the others to `unused`."""
        self.unused = {key: self.stored.pop(key) for key in sorted(self.stored.keys() - asked)}

    def close(self) -> None:
        """Close the file and keep it for the next run."""
        self.journal.close()

    def remove(self) -> None:
        """Close and remove the file: the run is done."""
        self.journal.remove()


def answer(
    policies: Mapping[str, Policy],
    problem_ids: Sequence[str],
    journal: SampleJournal,
    writer: Writer,
    asking: Asking,
    solving: Solving,
    what: str = "infer",
    rows: int = 0,
    solver_thread: bool = False,
    speed: Callable[[float], str] = "{:,.0f} tokens a second".format,
) -> dict[str, PolicyOutcome]:
    """Run policies side by side until each has decided every problem; draw shared samples once.

    A policy goes on as soon as the samples it waits for are solved. While fewer than `rows` samples are being
    written, the next rounds of waiting policies are written ahead. That saves time and changes no result: the
    run leaves out samples that no policy asks for in the end. With `solver_thread`, the writer goes on while
    texts are solved. `speed` says how fast so many tokens a second are.
    """
    run = _LiveRun(journal, writer, asking, rows)
    groups = {name: runners(policy, problem_ids) for name, policy in policies.items()}
    everyone = [runner for group in groups.values() for runner in group]
    for runner in everyone:
        run.advance(runner)
    begun = said = time.monotonic()
    new_tokens = drawn = 0
    solving_texts = closing(_Solver(solving, solver_thread))
    with progress_files.noting(what, len(everyone)) as file, solving_texts as solver:
        while run.waiting:
            before = drawn
            for written, sample in solver.solved(writer.write()):
                run.take(written.wanted, sample)
                new_tokens, drawn = new_tokens + written.new_tokens, drawn + 1
            if drawn > before:
                run.write_ahead()
                file.note(done=run.decided)
            elapsed_s = time.monotonic() - begun
            if time.monotonic() - said >= LINE_EVERY_S or not run.waiting:
                said = time.monotonic()
                rate = new_tokens / max(elapsed_s, 1e-9)
                words = f"{what}: {speed(rate)}, {len(run.waiting)} samples asked, written"
                print(line(words, drawn, None, elapsed_s), file=sys.stderr, flush=True)
    journal.keep({key for runner in everyone for key in runner.seen})
    if journal.unused:
        spent = sum(sample.new_tokens for sample in journal.unused.values())
        words = f"{what}: {len(journal.unused):,} samples of {spent:,} tokens were written ahead and not used"
        print(words, file=sys.stderr, flush=True)
    return {name: outcome_of(group) for name, group in groups.items()}


class _Solver:
    """Solves texts in the order of their arrival: in a thread beside the writer, or at once."""

    def __init__(self, solving: Solving, in_thread: bool) -> None:
        self.solving = solving
        self.thread = ThreadPoolExecutor(1, "solver") if in_thread else None
        self.begun: deque[tuple[GeneratedText, Future[Sample]]] = deque()

    def solved(self, texts: Sequence[GeneratedText]) -> Iterator[tuple[GeneratedText, Sample]]:
        """Take texts; yield solved texts with their samples. Errors of the thread are raised here."""
        if self.thread is None:
            yield from ((text, self.solving(text)) for text in texts)
            return
        self.begun += [(text, self.thread.submit(self.solving, text)) for text in texts]
        if self.begun and not texts:
            wait([self.begun[0][1]], IDLE_S)
        while self.begun and self.begun[0][1].done():
            text, sample = self.begun.popleft()
            yield text, sample.result()

    def close(self) -> None:
        """Drop the texts that nobody has begun to solve."""
        if self.thread is not None:
            self.thread.shutdown(cancel_futures=True)


class _LiveRun:
    """Tracks which runners wait for which samples."""

    def __init__(self, journal: SampleJournal, writer: Writer, asking: Asking, rows: int) -> None:
        self.journal, self.writer, self.asking, self.rows = journal, writer, asking, rows
        self.waiting: dict[SampleKey, list[PlanRunner]] = {}
        self.missing: dict[PlanRunner, int] = {}
        self.decided = 0

    def advance(self, runner: PlanRunner) -> None:
        """Advance a runner, and ask for its missing samples unless they are already under way."""
        lacks = {request.key: request for request in runner.advance(self.journal.stored)}
        self.missing[runner] = len(lacks)
        self.decided += not lacks
        self._ask([request for key, request in lacks.items() if key not in self.waiting])
        for key in lacks:
            self.waiting[key].append(runner)

    def take(self, request: SampleRequest, sample: Sample) -> None:
        """Keep a sample, and advance the runners that waited only for it."""
        self.journal.note(request, sample)
        for runner in self.waiting.pop(request.key):
            self.missing[runner] -= 1
            if not self.missing[runner]:
                self.advance(runner)

    def write_ahead(self) -> None:
        """Fill free rows with samples that waiting runners will probably ask for, nearest rounds first."""
        if (room := self.rows - len(self.waiting)) <= 0:
            return
        stored = self.journal.stored
        waiting = dict.fromkeys(runner for group in self.waiting.values() for runner in group)
        requests = dict.fromkeys(request for runner in waiting for request in runner.lookahead())
        fresh = [each for each in requests if each.key not in stored and each.key not in self.waiting]
        ready = [each for each in fresh if each.given is None or each.given.key in stored]
        self._ask(sorted(ready, key=lambda request: request.round)[:room])

    def _ask(self, requests: Sequence[SampleRequest]) -> None:
        self.waiting |= {request.key: [] for request in requests}
        if requests:
            self.writer.ask([self.asking(request, self._given(request)) for request in requests])

    def _given(self, request: SampleRequest) -> Sample | None:
        return None if request.given is None else self.journal.stored[request.given.key]
