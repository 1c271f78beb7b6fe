"""Answering: policies run live; each draw is written and solved when a policy first asks for it, and once."""

import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple, Protocol

from factory.files import aside, json_objects
from factory.progress import LINE_EVERY_S, line
from train.draws import Decided, Draw, Follower, Key, Policy, Sample, collected


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
    """The samples of a run by key, noted as they come: after `kill -9` none of them is written again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stored: dict[Key, Sample] = {}
        found = [row for _, row, fault in json_objects(path) if fault is None] if path.exists() else []
        with aside(path) as part:  # without the line that a kill has torn
            part.write_text("".join(json.dumps(row) + "\n" for row in found), "utf-8")
        for row in found:
            problem_id, role, round_, sample = row["key"]
            self.stored[problem_id, role, round_, sample] = Sample(**row["sample"])
        self.file = path.open("a", encoding="utf-8", buffering=1)

    def note(self, draw: Draw, sample: Sample) -> None:
        """Keep a sample."""
        self.stored[draw.key] = sample
        self.file.write(json.dumps({"key": draw.key, "sample": asdict(sample)}) + "\n")

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
) -> dict[str, Decided]:
    """Run policies side by side until each has decided every problem; draws in common are drawn once.

    A policy is sent the samples of a draw as soon as all it waits for are solved; those that have decided ask
    no more, and what they leave room for in the batch is taken by others.
    """
    run = _Run(journal, writer, asking)
    followers = {
        name: [Follower(plan) for plan in policy.plans(problem_ids)] for name, policy in policies.items()
    }
    for group in followers.values():
        for follower in group:
            run.advance(follower)
    begun = said = time.monotonic()
    new_tokens = drawn = 0
    while run.waiting:
        for written in writer.write():
            run.take(written.draw, solving(written))
            new_tokens, drawn = new_tokens + written.new_tokens, drawn + 1
        elapsed_s = time.monotonic() - begun
        if time.monotonic() - said >= LINE_EVERY_S or not run.waiting:
            said = time.monotonic()
            rate = new_tokens / max(elapsed_s, 1e-9)
            words = f"{what}: {rate:,.0f} tokens a second, {len(run.waiting)} samples asked, written"
            print(line(words, drawn, None, elapsed_s), file=sys.stderr, flush=True)
    return {name: collected(group) for name, group in followers.items()}


class _Run:
    """Who waits for which draw."""

    def __init__(self, journal: Journal, writer: Writer, asking: Asking) -> None:
        self.journal, self.writer, self.asking = journal, writer, asking
        self.waiting: dict[Key, list[Follower]] = {}
        self.missing: dict[int, int] = {}

    def advance(self, follower: Follower) -> None:
        """Let a follower go on; ask for what it lacks and nobody has asked for."""
        lacks = {draw.key: draw for draw in follower.follow(self.journal.stored)}
        self.missing[id(follower)] = len(lacks)
        fresh = [draw for key, draw in lacks.items() if key not in self.waiting]
        for key in lacks:
            self.waiting.setdefault(key, []).append(follower)
        if fresh:
            self.writer.ask([self.asking(draw, self._given(draw)) for draw in fresh])

    def take(self, draw: Draw, sample: Sample) -> None:
        """Keep a sample and let those go on who lacked nothing else."""
        self.journal.note(draw, sample)
        for follower in self.waiting.pop(draw.key):
            self.missing[id(follower)] -= 1
            if not self.missing[id(follower)]:
                self.advance(follower)

    def _given(self, draw: Draw) -> Sample | None:
        return None if draw.given is None else self.journal.stored[draw.given.key]
