"""Generate in shards: an executor such as Ray spreads the requests of a thought, each paid for once."""

import json
import math
import os
import shutil
from collections import Counter
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from thoughtmill.factory import generate
from thoughtmill.factory.core import executors, params, sharding, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.journal import fingerprint
from thoughtmill.factory.core.printable import say
from thoughtmill.factory.core.progress_shards import track_shards
from thoughtmill.factory.core.sharding import Shard
from thoughtmill.factory.ledger import Ledger
from thoughtmill.factory.ledger.locks import Locks
from thoughtmill.factory.teachers import TEACHERS, Teacher
from thoughtmill.factory.teachers.choice import ChosenTeacher, GenerateSettings
from thoughtmill.factory.teachers.endpoint import shares
from thoughtmill.factory.teachers.endpoint.allowances import Allowances, ShardAllowance
from thoughtmill.factory.teachers.endpoint.control import GO_ON
from thoughtmill.factory.teachers.endpoint.grown import paid_by_grow
from thoughtmill.factory.teachers.endpoint.pending import spent_usd
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.thoughts.prompts import load
from thoughtmill.schemas import Completions

LOST = "its processes died"


class ShardJob(NamedTuple):
    """A shard to generate, its number of requests, and how it draws from the dollars and rates of the run."""

    folder: Path
    thought: str
    shard: Shard
    total: int
    allowance: ShardAllowance

    @property
    def ledger(self) -> Path:
        """The ledger of the shard."""
        return shares.ledger_path(self.folder / "data", self.thought, self.shard)


def is_spread() -> bool:
    """Say whether the current project has an executor that can spread shards."""
    return executors.is_spread() and hasattr(_pool(Path()), "shared")


def _pool(folder: Path) -> Any:
    return executors.chosen()(generate_shards, lost, os.cpu_count() or 1, os.chdir, (folder,))


def spread(folder: Path, thought: str, settings: GenerateSettings) -> None:
    """Have the executor generate the shards of a thought, then merge their parts and their ledgers.

    Answers that are in a ledger are not asked for again: neither those of this ledger, nor those of shards
    whose process, node or driver died. One object hands out dollars and rates to all shards.
    """
    data, count = folder / "data", settings.shards
    shares.absorb(data, thought)
    sharding.forget_others(sharding.parts_folder(data, generate.STAGE, thought), count)
    pool, every = _pool(folder), sharding.shards(count)
    with Ledger() as ledger, closing(Locks(ledger.path)) as locks:  # no other run spends from the budget
        left_usd = _left_usd(folder, thought, settings, ledger, locks)
        allowances = pool.shared(Allowances, math.inf if left_usd is None else left_usd)
        running = pool.at_once(count)
        stopped = _stopped(
            pool, [_job(folder, thought, settings, shard, allowances, running) for shard in every]
        )
    shares.absorb(data, thought)
    if stopped:
        raise ThoughtmillError(stopped[0])
    merge(data, thought)
    failures = Counter(row["failure"] for row in tables.rows_of(data / "completions" / f"{thought}.parquet"))
    for line in generate.remarks(thought, failures, uses_ledger=True):
        say(line)


def _stopped(pool: Any, jobs: list[ShardJob]) -> list[str]:
    """Generate the shards; return why some stopped.

    Where the processes of a shard died again and again, it goes on as long as it gains answers.
    """
    stopped: list[str] = []
    answers = -1
    while jobs:
        totals = {f"generate {job.thought}, {job.shard.words}": job.total for job in jobs}
        found = list(track_shards(pool.spread(jobs), f"generate {jobs[0].thought}, all shards", totals))
        stopped += [why for why in found if why not in (None, LOST)]
        jobs = [job for job, why in zip(jobs, found, strict=True) if why == LOST]
        before, answers = answers, sum(_answers(job) for job in jobs)
        if jobs and answers <= before:
            return [*stopped, f"the processes that asked {jobs[0].shard.words} died; {GO_ON}"]
    return stopped


def _answers(job: ShardJob) -> int:
    with shares.leased(job.ledger), Ledger(job.ledger) as ledger:
        return ledger.count()


def _left_usd(
    folder: Path, thought: str, settings: GenerateSettings, ledger: Ledger, locks: Locks
) -> float | None:
    """Return what is left of the budget of the corpus; None without one."""
    for chosen in settings.chosen(thought):
        priced = generate.priced(chosen, folder, settings)
        if isinstance(priced, EndpointSettings) and priced.max_usd is not None:
            every = generate.corpus(folder, settings, chosen)
            grown = paid_by_grow(folder, priced)
            return max(0.0, priced.max_usd - spent_usd(every, priced, ledger, locks, grown))
    return None


def _job(
    folder: Path,
    thought: str,
    settings: GenerateSettings,
    shard: Shard,
    allowances: Any,
    running: int,
) -> ShardJob:
    """Deal a shard the answers that there are."""
    path, total = shares.ledger_path(folder / "data", thought, shard), 0
    every = settings.chosen(thought)
    asked = [generate.requests_of(folder, thought, settings, chosen, shard) for chosen in every]
    endpoints = [_endpoint(generate.priced(chosen, folder, settings)) for chosen in every]
    for chosen, requests, endpoint in zip(every, asked, endpoints, strict=True):
        dealt = shares.deal(requests, endpoint, path)
        total += 0 if chosen.fallback_of else dealt
    with Ledger(path) as own, closing(Locks(path)) as locks:
        before_usd = spent_usd(chain(*asked), endpoints[0], own, locks)
    return ShardJob(
        folder, thought, shard, total, ShardAllowance(allowances, shard.name, running, before_usd)
    )


def _endpoint(settings: object) -> EndpointSettings:
    assert isinstance(settings, EndpointSettings)  # `generate.main` spreads no other teachers
    return settings


def generate_shards(jobs: list[ShardJob]) -> list[str | None]:
    """Generate shards in this process; return for each why it stopped, or None."""
    return [_generate_shard(job) for job in jobs]


def _generate_shard(job: ShardJob) -> str | None:
    """Generate a shard under the lease of its ledger, and export the ledger when it is done."""
    data, thought, shard = job.folder / "data", job.thought, job.shard
    settings = params.section(generate.STAGE, GenerateSettings)
    target, made_from = sharding.part_of(data, generate.STAGE, thought, shard), origin(data, thought)
    try:
        with shares.leased(job.ledger):
            if not sharding.is_made(target, made_from):
                teachers = _teachers(job, settings)
                with (
                    closing(generate.ask(job.folder, thought, settings, teachers, shard)) as rows,
                    sharding.writing(target, made_from) as part,
                ):
                    tables.write(part / "completions.parquet", Completions, rows)
            shares.export(job.ledger, data / "ledger")
    except ThoughtmillError as error:
        return str(error)
    return None


def _teachers(job: ShardJob, settings: GenerateSettings) -> list[tuple[ChosenTeacher, Teacher]]:
    """Return the teachers of a shard, which draw from what all shards share."""
    every = settings.chosen(job.thought)
    asked = [generate.requests_of(job.folder, job.thought, settings, chosen, job.shard) for chosen in every]
    teachers = []
    for chosen in every:
        endpoint = _endpoint(generate.priced(chosen, job.folder, settings))
        module = TEACHERS.named(chosen.module)
        teacher = module.make(shares.limited(endpoint, job.allowance.running), job.folder, chain(*asked))
        teacher.allowance = job.allowance
        teachers.append((chosen, teacher))
    return teachers


def lost(job: ShardJob) -> str:
    """Return why a shard stopped whose processes died."""
    job.allowance.end()
    return LOST


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
