"""Generate in shards: an executor such as Ray spreads the requests of a thought, each paid for once."""

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from thoughtmill.factory import generate
from thoughtmill.factory.core import executors, params, sharding, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.journal import fingerprint
from thoughtmill.factory.core.progress import track
from thoughtmill.factory.core.sharding import Shard
from thoughtmill.factory.ledger import Ledger
from thoughtmill.factory.ledger.locks import Locks
from thoughtmill.factory.teachers import TEACHERS
from thoughtmill.factory.teachers.endpoint import shares
from thoughtmill.factory.teachers.endpoint.pending import spent_usd
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.thoughts.prompts import load
from thoughtmill.schemas import Completions


class ShardJob(NamedTuple):
    """A shard to generate: how many run at once, and the dollars that its requests may cost in all runs."""

    folder: Path
    thought: str
    shard: Shard
    running: int
    budget_usd: float | None


def spread(folder: Path, thought: str, settings: generate.GenerateSettings) -> None:
    """Have the executor generate the shards of a thought, then merge their parts and their ledgers.

    Answers that are in a ledger are not asked for again: neither those of this ledger, nor those of shards
    whose process, node or driver died.
    """
    data, count = folder / "data", settings.shards
    shares.absorb(data, thought)
    _forget_other_parts(data, thought, count)
    pool = executors.chosen()(generate_shards, lost, os.cpu_count() or 1, os.chdir, (folder,))
    running = min(count, getattr(pool, "at_once", lambda most: most)(count))
    with Ledger() as ledger, closing(Locks(ledger.path)) as locks:  # no other run spends from the budget
        left_usd = _left_usd(folder, thought, settings, ledger, locks)
        jobs = [
            _job(folder, thought, settings, Shard(number, count), running, left_usd)
            for number in range(1, count + 1)
        ]
        stopped = [
            why for why in track(_Sized(pool.spread(jobs), count), f"generate {thought}, shards") if why
        ]
    shares.absorb(data, thought)
    if stopped:
        raise ThoughtmillError(stopped[0])
    merge(data, thought)
    failures = Counter(row["failure"] for row in tables.rows_of(data / "completions" / f"{thought}.parquet"))
    for line in generate.remarks(thought, failures, uses_ledger=True):
        print(line, file=sys.stderr)


def _forget_other_parts(data: Path, thought: str, count: int) -> None:
    """Remove the parts of a run with another number of shards."""
    folder = sharding.parts_folder(data, generate.STAGE, thought)
    for path in folder.iterdir() if folder.exists() else ():
        if not path.name.endswith(f"-of-{count}"):
            shutil.rmtree(path)


def _left_usd(
    folder: Path, thought: str, settings: generate.GenerateSettings, ledger: Ledger, locks: Locks
) -> float | None:
    """Return what is left of the budget of the corpus; None without one."""
    for chosen in settings.chosen(thought):
        priced = generate.priced(chosen, folder, settings)
        if isinstance(priced, EndpointSettings) and priced.max_usd is not None:
            every = generate.corpus(folder, settings, chosen)
            return max(0.0, priced.max_usd - spent_usd(every, priced, ledger, locks))
    return None


def _job(
    folder: Path,
    thought: str,
    settings: generate.GenerateSettings,
    shard: Shard,
    running: int,
    left_usd: float | None,
) -> ShardJob:
    """Deal a shard the answers that there are, and its share of what is left of the budget."""
    path, cost_usd = shares.ledger_path(folder / "data", thought, shard), 0.0
    for chosen in settings.chosen(thought):
        requests = generate.requests_of(folder, thought, settings, chosen, shard)
        cost_usd += shares.deal(requests, _endpoint(generate.priced(chosen, folder, settings)), path)
    budget_usd = None if left_usd is None else cost_usd + left_usd / shard.total
    return ShardJob(folder, thought, shard, running, budget_usd)


def _endpoint(settings: object) -> EndpointSettings:
    assert isinstance(settings, EndpointSettings)  # `generate.main` spreads no other teachers
    return settings


def generate_shards(jobs: list[ShardJob]) -> list[str | None]:
    """Generate shards in this process; return for each why it stopped, or None."""
    return [_generate_shard(job) for job in jobs]


def _generate_shard(job: ShardJob) -> str | None:
    folder, thought, shard = job.folder, job.thought, job.shard
    data, settings = folder / "data", params.section(generate.STAGE, generate.GenerateSettings)
    target, made_from = sharding.part_of(data, generate.STAGE, thought, shard), origin(data, thought)
    if sharding.is_made(target, made_from):
        return None
    every = settings.chosen(thought)
    asked = [generate.requests_of(folder, thought, settings, chosen, shard) for chosen in every]
    made_with = (_endpoint(generate.priced(chosen, folder, settings)) for chosen in every)
    limited = (shares.limited(each, job.running, job.budget_usd) for each in made_with)
    modules = (TEACHERS.named(chosen.module) for chosen in every)
    teachers = [
        (chosen, module.make(own, folder, chain(*asked)))
        for chosen, module, own in zip(every, modules, limited, strict=True)
    ]
    try:
        with (
            shares.leased(shares.ledger_path(data, thought, shard)),
            closing(generate.ask(folder, thought, settings, teachers, shard)) as rows,
            sharding.writing(target, made_from) as part,
        ):
            tables.write(part / "completions.parquet", Completions, rows)
    except ThoughtmillError as error:
        return str(error)
    return None


def lost(job: ShardJob) -> str:
    """Return why a shard stopped whose process died again and again."""
    return (
        f"the processes that asked shard {job.shard.number} of {job.shard.total} died; run the same command "
        "again and it asks only for what is missing"
    )


def origin(data: Path, thought: str) -> str:
    """Return a fingerprint of what all shards of a run depend on."""
    files = [path for path in (data / "problems.parquet", data / "exemplars.jsonl") if path.exists()]
    section = params.load(data.parent / "params.yaml").get(generate.STAGE)
    prompt = load(thought, data / "exemplars.jsonl")
    return fingerprint(files, json.dumps(section, sort_keys=True), repr(prompt))


def merge(data: Path, thought: str) -> None:
    """Join the parts of all shards into the completions of a thought, and remove them."""
    folder = sharding.parts_folder(data, generate.STAGE, thought)
    again = f"python -m thoughtmill.factory.generate {thought}"
    parts = sharding.parts(folder, origin(data, thought), again)
    paths = [part / "completions.parquet" for part in parts]
    tables.write(data / "completions" / f"{thought}.parquet", Completions, tables.merged(Completions, *paths))
    shutil.rmtree(folder)


class _Sized(Iterator[str | None]):
    """Results with their number, for the line of progress."""

    def __init__(self, results: Iterator[str | None], count: int) -> None:
        self.results, self.count = results, count

    def __next__(self) -> str | None:
        return next(self.results)

    def __length_hint__(self) -> int:
        return self.count
