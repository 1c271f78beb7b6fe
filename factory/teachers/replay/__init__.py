"""The teacher `replay`: gives completions that were bought before, or that others published, to be verified.

Completions come from JSONL files. A line has `problem_id`, `thought`, `sample`, `completion`, `model` and
perhaps `reasoning`, `finish_reason`, `prompt`, tokens, `cost_usd` and `latency_s`; other keys are ignored.

    {"problem_id": "gsm8k-test-1", "thought": "pot", "sample": 0, "completion": "ans = 3", "model": "m"}

They also come from problem sets whose rows hold them, such as MetaMathQA: `sources: seed` reads those of
`seed.sources`, a list names others. Such a completion belongs to the problem of its text, and all completions
of a problem are replayed as samples.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

import pydantic

from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.families import text_id
from thoughtmill.factory.core.files import aside, existing, read_jsonl
from thoughtmill.factory.core.params import validated
from thoughtmill.factory.ledger.keys import canonical
from thoughtmill.factory.problems import SourceSettings, chosen
from thoughtmill.factory.problems.fields import fields_of
from thoughtmill.factory.problems.settings import SeedSettings
from thoughtmill.factory.problems.sources import SourceCompletion, UnusableRow, rows_by_split
from thoughtmill.factory.teachers import Reply, Request, Teacher
from thoughtmill.factory.teachers.replay.store import CompletionStore, ReplayLine
from thoughtmill.factory.thoughts.prompts import Message


class ReplaySettings(pydantic.BaseModel, extra="forbid", frozen=True):
    """What to replay; relative paths begin at the folder of `params.yaml`."""

    files: tuple[str, ...] = ()
    sources: Literal["seed"] | tuple[SourceSettings, ...] = pydantic.Field(
        (), description="`seed`, or entries like those of `seed.sources`, whose rows hold completions"
    )


SETTINGS = ReplaySettings

OF_A_LINE = (
    "finish_reason", "reasoning", "prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens",
    "cost_usd", "latency_s",
)  # fmt: skip
"""What a line says of its completion and a reply repeats."""


class ReplayTeacher(Teacher):
    """Looks up the completion of a request by problem, thought and sample.

    The constructor reads all files and sources into a store on disk. A missing file, a malformed line and a
    second line for the same completion raise a `ThoughtmillError` that names file and line.
    """

    def __init__(self, settings: ReplaySettings, folder: Path) -> None:
        self.folder, self.store = folder, CompletionStore()
        self.from_sources = bool(settings.sources)
        for place, line in chain(_of_files(settings, folder), _of_sources(settings, folder)):
            self.store.add(line, place, once=line.thought == "knowledge" and line.sample is None)

    def samples(self, problem: Mapping[str, Any], thought: str, asked: int) -> int:
        """Return how many completions to ask for: of sources all that a problem has, at least one."""
        return max(1, self.store.count(_names(problem), thought)) if self.from_sources else asked

    def complete(self, requests: Iterable[Request]) -> Iterator[Reply]:
        """Reply to every request in order; a request without a line has the failure `unanswered`."""
        for request in requests:
            line = self.store.find(_names(request.problem), request.thought, request.sample)
            yield _reply(request, line)

    def remarks(self, thought: str) -> Iterator[str]:
        """List the lines of a thought that no request asked for in `data/unmatched/`, and say how many."""
        path = self.folder / "data" / "unmatched" / f"{thought}.jsonl"
        path.unlink(missing_ok=True)
        lines, left = self.store.counts(thought)
        if not left:
            return
        with aside(path) as part, part.open("w", encoding="utf-8") as file:
            for place, line in self.store.left(thought):
                shown = {"place": place, **line.model_dump(exclude_none=True)}
                file.write(json.dumps(shown, ensure_ascii=False) + "\n")
        yield (
            f"{left:,} of {lines:,} completions of {thought} match no problem that is asked for; "
            f"{path.relative_to(self.folder)} lists them"
        )


def _names(problem: Mapping[str, Any]) -> Sequence[str]:
    """Return the names that a line may have for a problem: its id, or that of its text."""
    return str(problem["problem_id"]), text_id(str(problem["problem"]))


def _reply(request: Request, line: ReplayLine | None) -> Reply:
    """Return what a line says; the prompt is that of the line, none where it names none."""
    key = (str(request.problem["problem_id"]), request.thought, request.sample)
    answer = [line.model, line.completion] if line else []
    answer += [line.reasoning] if line and line.reasoning else []
    sha = hashlib.sha256(canonical(["replay", *key, *answer])).hexdigest()
    asked = replace(request, messages=_messages(line))
    if line is None:
        detail = f"nothing that is replayed answers {'/'.join(map(str, key))}"
        return Reply(asked, sha, "replay", None, failure="unanswered", detail=detail)
    known = {name: getattr(line, name) for name in OF_A_LINE}
    return Reply(asked, sha, line.model, line.completion, **known)


def _messages(line: ReplayLine | None) -> tuple[Message, ...]:
    if line is None or line.prompt is None:
        return ()
    return ({"role": "user", "content": line.prompt},) if isinstance(line.prompt, str) else line.prompt


def _of_files(settings: ReplaySettings, folder: Path) -> Iterator[tuple[str, ReplayLine]]:
    """Yield the lines of all files, each with its place."""
    for file in (folder / name for name in settings.files):
        for number, row in read_jsonl(existing(file, "mend `generate.replay.files` in params.yaml")):
            place = f"{file}, line {number}"
            line = validated(row, ReplayLine, f"{place}: not a completion")
            if line.sample is None:
                raise ThoughtmillError(f"{place}: not a completion: `sample`: Field required")
            yield place, line


def _of_sources(settings: ReplaySettings, folder: Path) -> Iterator[tuple[str, ReplayLine]]:
    """Yield the completions in the rows of all sources, each with its place, by the text of its problem."""
    if not settings.sources:
        return
    seed = params.section("seed", SeedSettings, folder / "params.yaml")
    bringing = 0
    for source in seed.sources if settings.sources == "seed" else settings.sources:
        problem_set = chosen(source)
        for _, rows in rows_by_split(source, problem_set, seed.options(source.set), folder):
            for row in islice(rows, source.limit):
                try:
                    fields = fields_of(row, problem_set)
                except UnusableRow:
                    continue
                for completion in fields.get("completions", ()):
                    bringing += 1
                    yield row.place, _line(str(fields["problem"]), completion, source)
    if not bringing:
        raise ThoughtmillError("params.yaml: generate.replay.sources: their rows hold no completions")


def _line(problem: str, given: SourceCompletion, source: SourceSettings) -> ReplayLine:
    return ReplayLine(
        problem_id=text_id(problem),
        thought=given.thought,
        sample=given.sample,
        completion=given.completion,
        model=given.model or source.name or source.set,
        reasoning=given.reasoning,
    )


def make(settings: ReplaySettings, folder: Path, corpus: Iterable[Request]) -> Teacher:
    """Return the teacher of the files and sources of the project in `folder`."""
    return ReplayTeacher(settings, folder)
