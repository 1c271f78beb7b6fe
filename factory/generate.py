"""Stage `generate`: every problem is asked of the teacher, for one thought; the answers are `completions`."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from factory import params, stage, tables
from factory.errors import ThoughtmillError
from factory.files import root
from factory.params import Settings as Section
from factory.progress import track
from factory.prompts import Prompt, load
from factory.request_keys import prompt_sha
from factory.teachers import Reply, Request, Teacher
from factory.teachers.embedded import EmbeddedTeacher
from factory.teachers.embedded import Settings as EmbeddedSettings
from factory.teachers.openai import OpenAITeacher
from factory.teachers.openai import Settings as OpenAISettings
from factory.teachers.replay import ReplayTeacher
from factory.teachers.replay import Settings as ReplaySettings
from schemas import Completions, Problems
from schemas.fields import SPLITS

FINISH_FAILURES = {
    "length": ("truncated", "cut off by the length limit"),
    "content_filter": ("refused", "stopped by a content filter"),
}


class Sampling(Section):
    """How a completion is drawn; sent to the endpoint as it stands."""

    temperature: float = Field(0.0, ge=0)
    top_p: float = Field(1.0, gt=0, le=1)
    max_tokens: int = Field(1024, ge=1, description="tokens of the longest completion")


class Settings(Section):
    """The section `generate` of `params.yaml`."""

    teacher: Literal["embedded", "openai", "replay"] = "embedded"
    samples: int = Field(1, ge=1, description="completions per problem and thought")
    seed: int = 1
    splits: tuple[str, ...] = tuple(SPLITS)
    sampling: Mapping[str, Sampling] = {}
    embedded: EmbeddedSettings = EmbeddedSettings()
    openai: OpenAISettings = OpenAISettings()
    replay: ReplaySettings = ReplaySettings()


def teacher(settings: Settings, folder: Path) -> Teacher:
    """Return the teacher that `params.yaml` chooses; relative files of a replay begin at `folder`."""
    if settings.teacher == "embedded":
        return EmbeddedTeacher(settings.embedded)
    if settings.teacher == "replay":
        return ReplayTeacher(settings.replay, folder)
    return OpenAITeacher(settings.openai)


def requests(
    problems: Iterable[tables.Row], thought: str, prompt: Prompt, settings: Settings
) -> Iterator[Request]:
    """Yield a request per problem of the chosen splits and sample; sample i has seed `generate.seed + i`."""
    sampling = settings.sampling.get(thought, Sampling()).model_dump()
    for problem in problems:
        if problem["split"] not in settings.splits:
            continue
        messages = prompt.messages(problem)
        for sample in range(settings.samples):
            parameters = {"model": settings.openai.model, **sampling, "seed": settings.seed + sample}
            yield Request(problem, thought, sample, messages, parameters)


def generate(asked: Iterable[Request], answering: Teacher, name: str) -> Iterator[tables.Row]:
    """Yield a row of `completions` for every request, in the order in which the teacher answers."""
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


def main(thought: str) -> None:
    """Read the problems, write `data/completions/<thought>.parquet`."""
    folder = root()
    settings = params.section("generate", Settings)
    unknown = [split for split in settings.splits if split not in SPLITS]
    if unknown:
        raise ThoughtmillError(
            f"params.yaml: generate: unknown split `{unknown[0]}`; there are: {', '.join(SPLITS)}"
        )
    prompt = load(thought, folder / "data" / "exemplars.jsonl")
    problems = tables.Source(folder / "data" / "problems.parquet", Problems)
    asked = requests(track(problems, f"generate {thought}"), thought, prompt, settings)
    rows = generate(asked, teacher(settings, folder), settings.teacher)
    tables.write(folder / "data" / "completions" / f"{thought}.parquet", Completions, rows)


if __name__ == "__main__":
    stage.run(main)
