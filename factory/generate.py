"""Stage `generate`: ask the teacher for a thought about every problem, and keep its `completions`."""

import sys
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, model_validator

from thoughtmill.factory.core import params, stage, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root
from thoughtmill.factory.core.params import Section
from thoughtmill.factory.core.progress import track
from thoughtmill.factory.ledger.keys import prompt_sha
from thoughtmill.factory.teachers import TEACHERS, Reply, Request, Teacher, failure_of
from thoughtmill.factory.thoughts.prompts import ASKED, Prompt, load
from thoughtmill.factory.thoughts.reasoning import separated
from thoughtmill.schemas import Completions, Problems
from thoughtmill.schemas.fields import SPLITS


class SamplingSettings(Section):
    """How the completions of a thought are sampled; an endpoint gets these parameters unchanged."""

    temperature: float = Field(0.0, ge=0)
    top_p: float = Field(1.0, gt=0, le=1)
    max_tokens: int = Field(1024, ge=1, description="tokens of the longest completion")


class GenerateSettings(Section):
    """The section `generate` of `params.yaml`.

    It may also hold a subsection for each teacher, under the teacher's name. `teacher_settings` validates
    only that of the chosen teacher, so that no other teacher is imported.
    """

    model_config = ConfigDict(extra="allow")

    teacher: str = "embedded"
    samples: int = Field(1, ge=1, description="completions per problem and thought")
    seed: int = 1
    splits: tuple[str, ...] = tuple(SPLITS)
    sampling: Mapping[str, SamplingSettings] = {}

    @model_validator(mode="after")
    def _names_are_known(self) -> "GenerateSettings":
        """Refuse the first unknown name, and list the known names."""
        teachers, extra = TEACHERS.names(), self.model_extra or {}
        for fault, names, known in (
            ("unknown key", extra, (*type(self).model_fields, *teachers)),
            ("`teacher`: unknown teacher", [self.teacher], teachers),
            ("`splits`: unknown split", self.splits, tuple(SPLITS)),
            ("`sampling`: unknown thought", self.sampling, ASKED.names()),
        ):
            for name in names:
                if name not in known:
                    raise ValueError(f"{fault} `{name}`; there are: {', '.join(known)}")
        return self

    def teacher_settings(self, name: str | None = None) -> BaseModel:
        """Return the settings of a teacher, by default the chosen teacher; a subsection may be absent."""
        name = name or self.teacher
        given = (self.model_extra or {}).get(name)
        model = TEACHERS.named(name, "params.yaml: generate: ").SETTINGS
        return params.validated({} if given is None else given, model, f"params.yaml: generate.{name}")


def faults(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield the faults in the subsections of all teachers, chosen or not; `given` is all of `params.yaml`."""
    section = given.get("generate")
    for name in TEACHERS.names():
        if isinstance(section, Mapping) and name in section:
            try:
                GenerateSettings.model_construct(**{name: section[name]}).teacher_settings(name)
            except ThoughtmillError as error:
                yield str(error)


def make_teacher(settings: GenerateSettings, folder: Path) -> Teacher:
    """Return the chosen teacher for the project in `folder`."""
    module = TEACHERS.named(settings.teacher, "params.yaml: generate: ")
    return module.make(settings.teacher_settings(), folder, corpus(folder, settings))


class SizedRows(Protocol):
    """Rows of a table with a length, such as `tables.TableReader` or a list."""

    def __iter__(self) -> Iterator[tables.Row]: ...
    def __len__(self) -> int: ...


@dataclass(frozen=True)
class ThoughtRequests:
    """The requests for a thought, made as they are read: one per sample and problem of the chosen splits.

    Sample i has the seed `generate.seed + i`. The length hint counts the problems of all splits.
    """

    problems: SizedRows
    thought: str
    prompt: Prompt
    settings: GenerateSettings

    def __length_hint__(self) -> int:
        return len(self.problems) * self.settings.samples

    def __iter__(self) -> Iterator[Request]:
        settings = self.settings
        sampling = settings.sampling.get(self.thought, SamplingSettings()).model_dump()
        for problem in self.problems:
            if problem["split"] in settings.splits:
                messages = self.prompt.messages(problem)
                for sample in range(settings.samples):
                    parameters = {**sampling, "seed": settings.seed + sample}
                    yield Request(problem, self.thought, sample, messages, parameters)


def generate(requests: Iterable[Request], teacher: Teacher, name: str) -> Generator[tables.Row, None, None]:
    """Yield a row of `completions` for every request, in the order in which the teacher replies.

    `name` is the teacher's. If you stop early, close the generator: a paid teacher then waits for the answers
    in flight and keeps them.
    """
    for reply in teacher.complete(requests):
        request = reply.request
        reasoning, completion, _ = separated(reply.reasoning, reply.completion)
        failure, detail = _failure(reply, completion, reasoning)
        problem_id = request.problem["problem_id"]
        yield {
            "completion_id": f"{problem_id}/{request.thought}/{request.sample}@{reply.request_key[:8]}",
            "problem_id": problem_id,
            "thought": request.thought,
            "sample": request.sample,
            "request_key": reply.request_key,
            "prompt_sha": prompt_sha(request.messages[:-1]),
            "teacher": name,
            "model": reply.model,
            "completion": completion,
            "reasoning": reasoning,
            "finish_reason": reply.finish_reason,
            "failure": failure,
            "detail": detail,
            "prompt_tokens": reply.prompt_tokens,
            "completion_tokens": reply.completion_tokens,
            "reasoning_tokens": reply.reasoning_tokens,
            "cost_usd": reply.cost_usd,
            "latency_s": reply.latency_s,
        }


def _failure(reply: Reply, completion: str | None, reasoning: str | None) -> tuple[str | None, str | None]:
    """Return the failure of a reply and its detail; which it is may depend on where the thinking ends."""
    if reply.failure in (None, "empty", "truncated"):
        failure, detail = failure_of(completion, reply.finish_reason, reasoning)
        if failure is not None and not (reply.failure and completion is reasoning is None):
            return failure, detail
    return reply.failure, reply.detail


def requests_of(folder: Path, thought: str, settings: GenerateSettings) -> ThoughtRequests:
    """Return the requests that the project in `folder` makes for one thought."""
    prompt = load(thought, folder / "data" / "exemplars.jsonl")
    problems = tables.TableReader(folder / "data" / "problems.parquet", Problems)
    return ThoughtRequests(problems, thought, prompt, settings)


def corpus(folder: Path, settings: GenerateSettings) -> Iterator[Request]:
    """Yield the requests that the project in `folder` makes for all its thoughts, thought by thought."""
    for thought in params.thoughts(folder / "params.yaml"):
        yield from requests_of(folder, thought, settings)


def main(thought: str) -> None:
    """Read the problems, write `data/completions/<thought>.parquet`."""
    folder = root()
    settings = params.section("generate", GenerateSettings)
    teacher = make_teacher(settings, folder)
    requests: Iterable[Request] = requests_of(folder, thought, settings)
    if not teacher.shows_progress:
        requests = track(requests, f"generate {thought}")
    path = folder / "data" / "completions" / f"{thought}.parquet"
    with closing(generate(requests, teacher, settings.teacher)) as rows:
        tables.write(path, Completions, rows)
    if teacher.uses_ledger:
        _report_unanswered(path, thought)


def _report_unanswered(path: Path, thought: str) -> None:
    """Print how many requests have no answer; DVC counts the stage as done, and repeats it only by force."""
    unanswered = sum(row["failure"] == "unanswered" for row in tables.TableReader(path, Completions))
    if unanswered:
        again = f"thoughtmill ledger retry && dvc repro -f -s generate@{thought}"
        print(f"{unanswered} unanswered; ask again with: {again}", file=sys.stderr)


if __name__ == "__main__":
    stage.run(main)
