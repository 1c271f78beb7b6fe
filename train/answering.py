"""Answering: policies run live; each draw is written and solved when a policy first asks for it, and once."""

import hashlib
import json
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple, Protocol

from thoughtmill.factory.core.files import aside, json_objects
from thoughtmill.factory.core.progress import LINE_EVERY_S, line
from thoughtmill.train.policies.draws import (
    Decided,
    Draw,
    Follower,
    Key,
    Policy,
    Sample,
    collected,
    followers,
)


class Request(NamedTuple):
    """A draw to be written: what `role` is asked, how hot, and the seed of its random numbers."""

    draw: Draw
    role: str
    problem: str
    given: str | None
    temperature: float
    seed: str

    @property
    def seed_number(self) -> int:
        """The seed for those that take no words: a number of 31 bits."""
        return int(hashlib.sha256(self.seed.encode()).hexdigest()[:8], 16) // 2


class Written(NamedTuple):
    """What was written for a draw; `failure` is `truncated` where a limit ended it, or an endpoint's."""

    draw: Draw
    text: str
    new_tokens: int
    failure: str | None = None


class Writer(Protocol):
    """A way to have requests written."""

    def ask(self, requests: Sequence[Request]) -> None:
        """Take up requests, to be written in any order."""
        ...

    def write(self) -> list[Written]:
        """Go on writing; return what came to its end meanwhile, possibly nothing yet."""
        ...


Asking = Callable[[Draw, Sample | None], Request]
"""Makes a request of a draw and of the sample that it is given."""

Solving = Callable[[Written], Sample]


class Journal:
    """The samples of a run by key, noted as they come: after `kill -9` only the unanswered are asked again.

    Once the run is done, `unused` holds those that were written ahead and that no policy asked for.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stored: dict[Key, Sample] = {}
        self.unused: dict[Key, Sample] = {}
        lines = json_objects(path) if path.exists() else ()
        whole = [row for _, row, fault in lines if fault is None]  # all but the line that a kill has torn
        found = [row for row in whole if row["sample"]["failure"] != "unanswered"]
        with aside(path) as part:
            part.write_text("".join(json.dumps(row) + "\n" for row in found), "utf-8")
        for row in found:
            problem_id, role, round_, sample = row["key"]
            self.stored[problem_id, role, round_, sample] = Sample(**row["sample"])
        self.file = path.open("a", encoding="utf-8", buffering=1)

    def note(self, draw: Draw, sample: Sample) -> None:
        """Keep a sample."""
        self.stored[draw.key] = sample
        self.file.write(json.dumps({"key": draw.key, "sample": asdict(sample)}) + "\n")

    def keep(self, asked: Collection[Key]) -> None:
        """Part the samples that were asked for from those that are unused."""
        self.unused = {key: self.stored.pop(key) for key in sorted(self.stored.keys() - asked)}

    def remove(self) -> None:
        """Close and remove the journal: the run is done."""
        self.file.close()
        self.path.unlink()


def answer(
    policies: Mapping[str, Policy],
    problem_ids: Sequence[str],
    journal: Journal,
    writer: Writer,
    asking: Asking,
    solving: Solving,
    what: str = "infer",
    rows: int = 0,
) -> dict[str, Decided]:
    """Run policies side by side until each has decided every problem; draws in common are drawn once.

    A policy is sent the samples of a draw as soon as all it waits for are solved; those that have decided ask
    no more, and what they leave room for in the batch is taken by others. While fewer than `rows` samples are
    under way, those that wait have rounds written ahead. That changes nothing but the time it takes: what no
    policy asks for in the end is not among the samples of the run.
    """
    run = _Run(journal, writer, asking, rows)
    groups = {name: followers(policy, problem_ids) for name, policy in policies.items()}
    everyone = [follower for group in groups.values() for follower in group]
    for follower in everyone:
        run.advance(follower)
    begun = said = time.monotonic()
    new_tokens = drawn = 0
    while run.waiting:
        for written in (ended := writer.write()):
            run.take(written.draw, solving(written))
            new_tokens, drawn = new_tokens + written.new_tokens, drawn + 1
        if ended:
            run.ahead()
        elapsed_s = time.monotonic() - begun
        if time.monotonic() - said >= LINE_EVERY_S or not run.waiting:
            said = time.monotonic()
            rate = new_tokens / max(elapsed_s, 1e-9)
            words = f"{what}: {rate:,.0f} tokens a second, {len(run.waiting)} samples asked, written"
            print(line(words, drawn, None, elapsed_s), file=sys.stderr, flush=True)
    journal.keep({key for follower in everyone for key in follower.seen})
    if journal.unused:
        spent = sum(sample.new_tokens for sample in journal.unused.values())
        words = f"{what}: {len(journal.unused):,} samples of {spent:,} tokens were written ahead in vain"
        print(words, file=sys.stderr, flush=True)
    return {name: collected(group) for name, group in groups.items()}


class _Run:
    """Who waits for which draw."""

    def __init__(self, journal: Journal, writer: Writer, asking: Asking, rows: int) -> None:
        self.journal, self.writer, self.asking, self.rows = journal, writer, asking, rows
        self.waiting: dict[Key, list[Follower]] = {}
        self.missing: dict[Follower, int] = {}

    def advance(self, follower: Follower) -> None:
        """Let a follower go on; ask for what it lacks and nobody has asked for."""
        lacks = {draw.key: draw for draw in follower.follow(self.journal.stored)}
        self.missing[follower] = len(lacks)
        self._ask([draw for key, draw in lacks.items() if key not in self.waiting])
        for key in lacks:
            self.waiting[key].append(follower)

    def take(self, draw: Draw, sample: Sample) -> None:
        """Keep a sample and let those go on who lacked nothing else."""
        self.journal.note(draw, sample)
        for follower in self.waiting.pop(draw.key):
            self.missing[follower] -= 1
            if not self.missing[follower]:
                self.advance(follower)

    def ahead(self) -> None:
        """Fill free rows with what those who wait would ask for next, the nearest rounds first."""
        if (room := self.rows - len(self.waiting)) <= 0:
            return
        stored = self.journal.stored
        waiting = dict.fromkeys(follower for group in self.waiting.values() for follower in group)
        draws = dict.fromkeys(draw for follower in waiting for draw in follower.ahead())
        fresh = [one for one in draws if one.key not in stored and one.key not in self.waiting]
        ready = [one for one in fresh if one.given is None or one.given.key in stored]
        self._ask(sorted(ready, key=lambda draw: draw.round)[:room])

    def _ask(self, draws: Sequence[Draw]) -> None:
        self.waiting |= {draw.key: [] for draw in draws}
        if draws:
            self.writer.ask([self.asking(draw, self._given(draw)) for draw in draws])

    def _given(self, draw: Draw) -> Sample | None:
        return None if draw.given is None else self.journal.stored[draw.given.key]
