"""The teacher `replay`: reads completions that were bought before from JSONL files.

A line is an object with `problem_id`, `thought`, `sample`, `completion`, `model` and perhaps `reasoning`;
other keys are ignored.

    {"problem_id": "gsm8k-test-1", "thought": "pot", "sample": 0, "completion": "ans = 3", "model": "m"}
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pydantic

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import existing, read_jsonl
from thoughtmill.factory.core.params import validated
from thoughtmill.factory.ledger.keys import canonical
from thoughtmill.factory.teachers import Reply, Request, Teacher


class ReplaySettings(pydantic.BaseModel, extra="forbid", frozen=True):
    """The files to replay; relative paths begin at the folder of `params.yaml`."""

    files: tuple[str, ...] = ()


SETTINGS = ReplaySettings


class ReplayLine(pydantic.BaseModel, extra="ignore", frozen=True):
    """One stored completion."""

    problem_id: str
    thought: str
    sample: pydantic.NonNegativeInt
    completion: str
    model: str
    reasoning: str | None = None


ReplayKey = tuple[str, str, int]


class ReplayTeacher(Teacher):
    """Looks up the completion of a request by problem, thought and sample.

    The constructor reads all files. A missing file, a malformed line and a second line for the same
    completion raise a `ThoughtmillError` that names file and line.
    """

    def __init__(self, settings: ReplaySettings, folder: Path) -> None:
        self.lines = _read([folder / name for name in settings.files])

    def complete(self, requests: Iterable[Request]) -> Iterator[Reply]:
        """Reply to every request in order; a request without a line has the failure `unanswered`."""
        for request in requests:
            yield _reply(request, self.lines)


def _reply(request: Request, lines: Mapping[ReplayKey, ReplayLine]) -> Reply:
    key = (str(request.problem["problem_id"]), request.thought, request.sample)
    line = lines.get(key)
    answer = [line.model, line.completion] if line else []
    answer += [line.reasoning] if line and line.reasoning else []
    sha = hashlib.sha256(canonical(["replay", *key, *answer])).hexdigest()
    if line is None:
        detail = f"no line of the replayed files answers {'/'.join(map(str, key))}"
        return Reply(request, sha, "replay", None, failure="unanswered", detail=detail)
    return Reply(request, sha, line.model, line.completion, reasoning=line.reasoning)


def _read(files: Iterable[Path]) -> dict[ReplayKey, ReplayLine]:
    """Return the lines of all files by problem, thought and sample."""
    lines: dict[ReplayKey, ReplayLine] = {}
    places: dict[ReplayKey, str] = {}
    for file in files:
        for number, row in read_jsonl(existing(file, "mend `generate.replay.files` in params.yaml")):
            place = f"{file}, line {number}"
            line = validated(row, ReplayLine, f"{place}: not a completion")
            key = (line.problem_id, line.thought, line.sample)
            if key in lines:
                name = "/".join(map(str, key))
                raise ThoughtmillError(f"{place}: {name} is in {places[key]} already; delete one of the two")
            lines[key], places[key] = line, place
    return lines


def make(settings: ReplaySettings, folder: Path, corpus: Iterable[Request]) -> Teacher:
    """Return the teacher of the files in the project's `folder`."""
    return ReplayTeacher(settings, folder)
