"""Stage `generate`: every problem is asked of the teacher, for one thought; the answers are `completions`."""

import sys
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Literal, Protocol

from pydantic import Field

from thoughtmill.factory.core import params, stage, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root
from thoughtmill.factory.core.params import Settings as Section
from thoughtmill.factory.core.progress import track
from thoughtmill.factory.ledger.keys import prompt_sha
from thoughtmill.factory.teachers import Reply, Request, Teacher
from thoughtmill.factory.teachers.batch import BatchTeacher
from thoughtmill.factory.teachers.embedded import EmbeddedTeacher, EmbeddedTeacherSettings
from thoughtmill.factory.teachers.endpoint.settings import BatchSettings, EndpointSettings
from thoughtmill.factory.teachers.openai import OpenAITeacher
from thoughtmill.factory.teachers.replay import ReplaySettings, ReplayTeacher
from thoughtmill.factory.thoughts.prompts import Prompt, load
from thoughtmill.schemas import Completions, Problems
from thoughtmill.schemas.fields import SPLITS

FINISH_FAILURES = {
    "length": ("truncated", "cut off by the length limit"),
    "content_filter": ("refused", "stopped by a content filter"),
}


class SamplingSettings(Section):
    """How a completion is drawn; sent to the endpoint as it stands."""

    temperature: float = Field(0.0, ge=0)
    top_p: float = Field(1.0, gt=0, le=1)
    max_tokens: int = Field(1024, ge=1, description="tokens of the longest completion")


class GenerateSettings(Section):
    """The section `generate` of `params.yaml`."""

    teacher: Literal["embedded", "openai", "batch", "replay"] = "embedded"
    samples: int = Field(1, ge=1, description="completions per problem and thought")
    seed: int = 1
    splits: tuple[str, ...] = tuple(SPLITS)
    sampling: Mapping[str, SamplingSettings] = {}
    embedded: EmbeddedTeacherSettings = EmbeddedTeacherSettings()
    openai: EndpointSettings = EndpointSettings()
    batch: BatchSettings = BatchSettings()
    replay: ReplaySettings = ReplaySettings()


def teacher(settings: GenerateSettings, folder: Path) -> Teacher:
    """Return the teacher that `params.yaml` chooses; relative files of a replay begin at `folder`."""
    if settings.teacher == "embedded":
        return EmbeddedTeacher(settings.embedded)
    if settings.teacher == "replay":
        return ReplayTeacher(settings.replay, folder)
    if settings.teacher == "batch":
        return BatchTeacher(settings.batch, corpus=corpus(folder, settings))
    return OpenAITeacher(settings.openai, corpus=corpus(folder, settings))


class SizedRows(Protocol):
    """Rows of a table whose number is known, such as `tables.Source` or a list."""

    def __iter__(self) -> Iterator[tables.Row]: ...
    def __len__(self) -> int: ...


class ThoughtRequests:
    """The requests for one thought: one per problem of the chosen splits and sample, made as they are read.

    Sample i has the seed `generate.seed + i`. The length hint counts every problem, of any split.
    """

    def __init__(self, problems: SizedRows, thought: str, prompt: Prompt, settings: GenerateSettings) -> None:
        self.problems, self.thought, self.prompt, self.settings = problems, thought, prompt, settings

    def __length_hint__(self) -> int:
        return len(self.problems) * self.settings.samples

    def __iter__(self) -> Iterator[Request]:
        settings = self.settings
        model = (settings.batch if settings.teacher == "batch" else settings.openai).model
        sampling = settings.sampling.get(self.thought, SamplingSettings()).model_dump()
        for problem in self.problems:
            if problem["split"] not in settings.splits:
                continue
            messages = self.prompt.messages(problem)
            for sample in range(settings.samples):
                parameters = {"model": model, **sampling, "seed": settings.seed + sample}
                yield Request(problem, self.thought, sample, messages, parameters)


def generate(asked: Iterable[Request], answering: Teacher, name: str) -> Generator[tables.Row, None, None]:
    """Yield a row of `completions` for every request, in the order in which the teacher answers.

    Close it when you stop early: the teacher then keeps what is in flight.
    """
    for reply in answering.complete(asked):
        request = reply.request
        failure, detail = _failure(reply)
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
            "completion": reply.completion,
            "finish_reason": reply.finish_reason,
            "failure": failure,
            "detail": detail,
            "prompt_tokens": reply.prompt_tokens,
            "completion_tokens": reply.completion_tokens,
            "cost_usd": reply.cost_usd,
            "latency_s": reply.latency_s,
        }


def _failure(reply: Reply) -> tuple[str | None, str | None]:
    """Say what is wrong with a reply that the teacher itself had nothing against."""
    if reply.failure is not None:
        return reply.failure, reply.detail
    if reply.finish_reason in FINISH_FAILURES:
        return FINISH_FAILURES[reply.finish_reason]
    if not (reply.completion or "").strip():
        return "empty", "the completion has no text"
    return None, None


def asking(folder: Path, thought: str, settings: GenerateSettings) -> ThoughtRequests:
    """Return the requests that the project in `folder` makes for one thought."""
    unknown = [split for split in settings.splits if split not in SPLITS]
    if unknown:
        raise ThoughtmillError(
            f"params.yaml: generate: unknown split `{unknown[0]}`; there are: {', '.join(SPLITS)}"
        )
    prompt = load(thought, folder / "data" / "exemplars.jsonl")
    problems = tables.Source(folder / "data" / "problems.parquet", Problems)
    return ThoughtRequests(problems, thought, prompt, settings)


def corpus(folder: Path, settings: GenerateSettings) -> Iterator[Request]:
    """Yield the requests that the project in `folder` makes for all its thoughts, thought by thought."""
    for thought in params.thoughts(folder / "params.yaml"):
        yield from asking(folder, thought, settings)


def main(thought: str) -> None:
    """Read the problems, write `data/completions/<thought>.parquet`."""
    folder = root()
    settings = params.section("generate", GenerateSettings)
    asked = asking(folder, thought, settings)
    shows_itself = settings.teacher in ("openai", "batch")
    shown = asked if shows_itself else track(asked, f"generate {thought}")
    with closing(generate(shown, teacher(settings, folder), settings.teacher)) as rows:
        tables.write(folder / "data" / "completions" / f"{thought}.parquet", Completions, rows)
    if shows_itself:
        _say_unanswered(folder, thought)


def _say_unanswered(folder: Path, thought: str) -> None:
    """Say how many requests were given up: DVC takes the stage for done, and asks again only when told to."""
    path = folder / "data" / "completions" / f"{thought}.parquet"
    given_up = sum(row["failure"] == "unanswered" for row in tables.Source(path, Completions))
    if given_up:
        again = f"thoughtmill ledger retry && dvc repro -f -s generate@{thought}"
        print(f"{given_up} unanswered; ask again with: {again}", file=sys.stderr)


if __name__ == "__main__":
    stage.run(main)
