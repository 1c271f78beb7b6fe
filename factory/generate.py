"""Stage `generate`: ask the teacher for a thought about every problem, and keep its `completions`."""

from collections import ChainMap, Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, nullcontext
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from thoughtmill.factory.core import params, progress_files, sharding, stage, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import root
from thoughtmill.factory.core.printable import say
from thoughtmill.factory.core.progress import track
from thoughtmill.factory.core.sharding import Shard
from thoughtmill.factory.ledger.keys import prompt_sha
from thoughtmill.factory.teachers import TEACHERS, Reply, Request, Teacher, failure_of
from thoughtmill.factory.teachers.choice import ChosenTeacher, GenerateSettings
from thoughtmill.factory.teachers.endpoint.money import Budget
from thoughtmill.factory.teachers.endpoint.request_keys import RequestKeys
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.thought_requests import ThoughtRequests
from thoughtmill.factory.thoughts.prompts import ASKED, Prompt, load, schema_of
from thoughtmill.factory.thoughts.reasoning import separated
from thoughtmill.schemas import Completions, Problems
from thoughtmill.schemas.fields import FAILURES

STAGE = "generate"
SAME_AGAIN = (
    "params.yaml: generate.until asks for `{thought}` again, and at temperature 0 the answer is mostly the "
    "same: set generate.sampling.{thought}.temperature"
)


def faults(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield the faults in the settings of all teachers, chosen or not; `given` is all of `params.yaml`."""
    yield from dict.fromkeys(_faults(given))


def _faults(given: Mapping[str, Any]) -> Iterator[str]:
    section, thoughts = given.get("generate"), given.get("thoughts")
    if not isinstance(section, Mapping):
        return
    for name in filter(section.__contains__, TEACHERS.names()):
        alone = GenerateSettings.model_construct(**{name: section[name]})
        yield from _fault(partial(alone.teacher_settings, name))
    if isinstance(thoughts, list) and not params.faults(section, GenerateSettings, ""):
        settings = params.validated(section, GenerateSettings, "")
        known = [thought for thought in thoughts if thought in ASKED.names()]
        refused = [*chain.from_iterable(_fault(partial(_refuse, settings, thought)) for thought in known)]
        yield from refused or budget_faults(settings, known)


def _refuse(settings: GenerateSettings, thought: str) -> None:
    """Raise a `ThoughtmillError` if a request cannot be made, or would be repeated for the same answer."""
    for chosen, _, parameters in _asked(settings, thought, settings.chosen(thought)):
        again = settings.until is not None and chosen.first_sample == 0
        if again and parameters.get("temperature") == 0:
            raise ThoughtmillError(SAME_AGAIN.format(thought=thought))


def budget_faults(
    settings: GenerateSettings, thoughts: Iterable[str], growths: Mapping[str, ChosenTeacher] = {}
) -> list[str]:
    """Return why `max_usd` cannot be kept: the most that a request of the corpus may cost is unknown.

    `growths` are those whose problems a teacher writes, with the teacher.
    """
    known = [thought for thought in ASKED.names() if thought in thoughts]
    found: dict[str, None] = {}
    asked = [(name, settings.chosen(name)) for name in known]
    asked += [(name, (chosen,)) for name, chosen in growths.items()]
    every = [(name, *each) for name, teachers in asked for each in _asked(settings, name, teachers)]
    for name, chosen, own, _ in every:
        prices = _with_prices(own, known, settings).prices if own.max_usd is not None else {}
        budget = Budget(own.max_usd, prices, url=own.url())
        where = settings.section_of("max_usd", chosen, name)
        for *_, parameters in every:
            for fault in _fault(partial(budget.most_usd, (), parameters)):
                found[f"params.yaml: {where}: {fault}"] = None
    return list(found)


def _asked(
    settings: GenerateSettings, name: str, teachers: Iterable[ChosenTeacher]
) -> Iterator[tuple[ChosenTeacher, EndpointSettings, Mapping[str, Any]]]:
    """Yield the teachers with an endpoint, its settings, and the parameters of a request as it gets them."""
    prompt = Prompt("", (), (), schema_of(name) if name in ASKED.names() else None)
    for chosen in teachers:
        if isinstance(chosen.settings, EndpointSettings):
            asked = ThoughtRequests((), name, prompt, settings, chosen)
            request = Request({}, name, 0, (), asked.parameters(0))
            yield chosen, chosen.settings, RequestKeys(chosen.settings).keyed(request)[1]


def _fault(function: Callable[[], object]) -> Iterator[str]:
    try:
        function()
    except ThoughtmillError as error:
        yield str(error)


def make_teacher(
    settings: GenerateSettings,
    folder: Path,
    chosen: ChosenTeacher | None = None,
    more: Iterable[Request] = (),
) -> Teacher:
    """Return a teacher for the project in `folder`: the chosen one, by default that of all thoughts.

    Its budget is for all requests of the corpus, and for `more`.
    """
    if chosen is None:
        chosen = ChosenTeacher(
            settings.teacher, settings.teacher, settings.teacher_settings(), settings.samples
        )
    module = TEACHERS.named(chosen.module, "params.yaml: generate: ")
    every = chain(corpus(folder, settings, chosen), more)
    return module.make(priced(chosen, folder, settings), folder, every)


def priced(chosen: ChosenTeacher, folder: Path, settings: GenerateSettings) -> BaseModel:
    """Return the settings of a teacher; a budget of the corpus needs the prices of the others too."""
    own = chosen.settings
    if not isinstance(own, EndpointSettings) or own.max_usd is None:
        return own
    return _with_prices(own, params.thoughts(folder / "params.yaml"), settings)


def _with_prices(
    own: EndpointSettings, thoughts: Iterable[str], settings: GenerateSettings
) -> EndpointSettings:
    every = [teacher.settings for thought in thoughts for teacher in settings.chosen(thought)]
    prices = [other.all_prices() for other in (*every, own) if isinstance(other, EndpointSettings)]
    return own.model_copy(update={"prices": dict(ChainMap(*map(dict, reversed(prices))))})


def generate(
    requests: Iterable[Request], teacher: Teacher, name: str, first_sample: int = 0
) -> Generator[tables.Row, None, None]:
    """Yield a row of `completions` for every request, in the order in which the teacher replies.

    `name` is the teacher's; its sample 0 is sample `first_sample` of the table. If you stop early, close the
    generator: a paid teacher then waits for the answers in flight and keeps them.
    """
    for reply in teacher.complete(requests):
        request = reply.request
        reasoning, completion, _ = separated(reply.reasoning, reply.completion)
        failure, detail = _failure(reply, completion, reasoning)
        problem_id, sample = request.problem["problem_id"], first_sample + request.sample
        yield {
            "completion_id": f"{problem_id}/{request.thought}/{sample}@{reply.request_key[:8]}",
            "problem_id": problem_id,
            "thought": request.thought,
            "sample": sample,
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
            "cached_tokens": reply.cached_tokens,
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
        if failure is None and reply.failure == "empty":  # the answer is in the thinking that came apart
            return None, None
    return reply.failure, reply.detail


def requests_of(
    folder: Path,
    thought: str,
    settings: GenerateSettings,
    teacher: ChosenTeacher | None = None,
    shard: Shard | None = None,
) -> ThoughtRequests:
    """Return the requests that the project in `folder` makes for one thought, or those of a shard."""
    prompt = load(thought, folder / "data" / "exemplars.jsonl")
    problems = tables.TableReader(folder / "data" / "problems.parquet", Problems)
    return ThoughtRequests(problems, thought, prompt, settings, teacher, shard=shard)


def corpus(
    folder: Path, settings: GenerateSettings, teacher: ChosenTeacher | None = None
) -> Iterator[Request]:
    """Yield the requests that the project in `folder` makes for all its thoughts, thought by thought.

    With a `teacher` that has an endpoint, these are the requests to all endpoints, which share a budget.
    """
    for thought in params.thoughts(folder / "params.yaml"):
        for chosen in settings.chosen(thought):
            if teacher is None or (teacher.endpoint is None) == (chosen.endpoint is None):
                yield from requests_of(folder, thought, settings, chosen)


def ask(
    folder: Path,
    thought: str,
    settings: GenerateSettings,
    teachers: Iterable[tuple[ChosenTeacher, Teacher]],
    shard: Shard | None = None,
) -> Generator[tables.Row, None, None]:
    """Ask the teachers of a thought, one after the other; yield the rows of `completions`."""
    plan = [
        (
            replace(requests_of(folder, thought, settings, chosen, shard), count=teacher.samples),
            chosen,
            teacher,
        )
        for chosen, teacher in teachers
    ]
    return asked(plan, f"generate {thought}" + (f", {shard.words}" if shard else ""))


def asked(
    plan: Iterable[tuple[ThoughtRequests, ChosenTeacher, Teacher]],
    what: str,
    noted: Callable[[Iterable[Request]], Iterable[Request]] = lambda requests: requests,
) -> Generator[tables.Row, None, None]:
    """Make requests of teachers, one teacher after the other, each read through `noted`; yield `completions`.

    A fall-back is asked only for samples for which the teacher before it gave no usable completion.
    """
    failed: dict[str, set[tuple[str, int]]] = {}
    for every, chosen, teacher in plan:
        late = chosen.fallback_of is not None
        requests = replace(every, only=failed[str(chosen.fallback_of)]) if late else every
        shown = noted(requests if teacher.shows_progress else track(requests, what))
        failures = failed.setdefault(chosen.name, set())
        watched = progress_files.noting(what) if teacher.shows_progress else nullcontext()
        with watched, closing(generate(shown, teacher, chosen.name, chosen.first_sample)) as rows:
            for row in rows:
                if row["failure"] is not None:
                    failures.add((row["problem_id"], row["sample"] - chosen.first_sample))
                yield row


def main(thought: str, *, shard: str | None = None) -> None:
    """Read the problems, write `data/completions/<thought>.parquet`.

    A shard, such as `2/3`, asks for its share of the problems and writes its part for `thoughtmill merge`.
    """
    from thoughtmill.factory import generate_shards  # imports this module

    folder = root()
    data, mine = folder / "data", None if shard is None else sharding.shard(shard)
    settings = params.section("generate", GenerateSettings)
    teachers = [(chosen, make_teacher(settings, folder, chosen)) for chosen in settings.chosen(thought)]
    if mine is None and all(teacher.shares_limits for _, teacher in teachers) and generate_shards.is_spread():
        generate_shards.spread(folder, thought, settings)
        return
    failures: Counter[str | None] = Counter()
    with closing(ask(folder, thought, settings, teachers, mine)) as rows:
        if mine is None:
            tables.write(data / "completions" / f"{thought}.parquet", Completions, _counted(rows, failures))
        else:
            target = sharding.part_of(data, STAGE, thought, mine)
            with sharding.writing(target, generate_shards.origin(data, thought)) as part:
                tables.write(part / "completions.parquet", Completions, _counted(rows, failures))
    uses_ledger = any(teacher.uses_ledger for _, teacher in teachers)
    said = chain.from_iterable(teacher.remarks(thought) for _, teacher in teachers) if mine is None else ()
    for line in chain(said, remarks(thought, failures, uses_ledger)):
        say(line)


def _counted(rows: Iterable[tables.Row], failures: Counter[str | None]) -> Iterator[tables.Row]:
    for row in rows:
        failures[row["failure"]] += 1
        yield row


def remarks(thought: str, failures: Counter[str | None], uses_ledger: bool) -> Iterator[str]:
    """Yield what to do about missing completions; `failures` counts all of them, None those that are usable.

    DVC counts the stage as done, and repeats it only by force.
    """
    total, unanswered = failures.total(), failures["unanswered"]
    if unanswered and uses_ledger:
        again = f"thoughtmill ledger retry && dvc repro -f -s generate@{thought}"
        yield f"{unanswered} unanswered; ask again with: {again}"
    if refused := failures["refused_by_endpoint"]:
        query = "select detail from completions where failure = 'refused_by_endpoint'"
        yield f'{refused} of {thought} refused by the endpoint; why: thoughtmill sql "{query}"'
    missing = failures["uncompilable"]
    if missing > total / 2:
        yield (
            f"{missing} of {total} completions of {thought} are missing: the embedded teacher writes from "
            "worked solutions; name their column (`solution`) in seed.sources, or set generate.teacher"
        )
    elif total and not failures[None]:
        often, count = str(failures.most_common(1)[0][0]), failures.most_common(1)[0][1]
        yield f"no completion of {thought} is usable; {count} of {total} are `{often}`: {FAILURES[often]}"


if __name__ == "__main__":
    stage.run(main)
