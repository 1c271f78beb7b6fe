"""Infer in shards: each answers its share of the problems, and their parts are the bytes of one run.

An executor such as Ray gives each worker its resources, such as one GPU. A worker loads the students once.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import chdir
from itertools import product
from pathlib import Path

from thoughtmill.factory.core import executors, sharding, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.journal import fingerprint
from thoughtmill.factory.core.progress_shards import track_shards
from thoughtmill.factory.core.sharding import Shard
from thoughtmill.schemas import Predictions
from thoughtmill.train.infer import InferRun
from thoughtmill.train.writers.loading import adapter_map

STAGE = "infer"
AGAIN = "python -m thoughtmill.train.infer"
DATA = Path("data")

_run: InferRun | None = None
"""The run of a worker, with the students that it has loaded."""


def write(run: InferRun, shard: Shard) -> None:
    """Answer the problems of a shard, and write its part."""
    target = sharding.part_of(DATA, STAGE, run.settings.base.name, shard)
    with sharding.writing(target, origin(run)) as part:
        tables.write(part / "predictions.parquet", Predictions, run.rows(shard))


def spread(run: InferRun) -> None:
    """Have the executor answer all shards, and merge their parts; parts that are there stay."""
    name, made_from = run.settings.base.name, origin(run)
    every = sharding.shards(run.settings.shards)
    sharding.forget_others(sharding.parts_folder(DATA, STAGE, name), run.settings.shards)
    parts = {shard: sharding.part_of(DATA, STAGE, name, shard) for shard in every}
    left = [shard for shard, part in parts.items() if not sharding.is_made(part, made_from)]
    pool = executors.chosen()(answered, lost, os.cpu_count() or 1, os.chdir, (Path.cwd(),))
    totals = dict(_totals(run, left))
    files = len(run.seeds) * len(run.settings.seeds)
    for stopped in track_shards(pool.spread(left), "infer, all shards", totals, files):
        if stopped is not None:
            raise ThoughtmillError(stopped)
    merge(DATA.resolve(), name)


def _totals(run: InferRun, shards: list[Shard]) -> Iterator[tuple[str, int]]:
    """Yield the name of each progress file, and how many problems its policies answer."""
    for shard in shards:
        held = sum(shard.holds(row["problem"]) for row in run.problems)
        for training_seed, seed in product(run.seeds, run.settings.seeds):
            name = f"{run.words(training_seed)}, seed {seed}, {shard.words}"
            yield name, held * len(run.settings.policies)


def answered(shards: list[Shard]) -> list[str | None]:
    """Answer shards in this process; return for each why it stopped, or None."""
    return [_answered(shard) for shard in shards]


def _answered(shard: Shard) -> str | None:
    global _run  # noqa: PLW0603  a pool hands its workers nothing but functions
    try:
        _run = _run or InferRun.of_project()
        write(_run, shard)
    except ThoughtmillError as error:
        return str(error)
    return None


def lost(shard: Shard) -> str:
    """Return why a shard stopped whose process died again and again."""
    return f"the processes that answered {shard.words} died; run the same command again, and it goes on"


def origin(run: InferRun) -> str:
    """Return a fingerprint of what all shards of a run depend on: settings, weights and problems."""
    settings, weights = run.settings, ""
    if settings.backend != "openai":
        each = (
            adapter_map(settings.base.adapters, run.trained, settings.mixed_versions, seed, settings.style)
            for seed in run.seeds.values()
        )
        weights = " ".join(found.sha for found in each)
    chosen = settings.model_dump_json(exclude={"rows", "preset", "shards"})
    return fingerprint([], chosen, weights, repr(run.problems), run.corpus.data_version)


def merge(data: Path, base: str) -> None:
    """Join the parts of all shards into the predictions of a base, and remove them."""
    folder = sharding.parts_folder(data, STAGE, base)
    with chdir(data.parent):
        found = sharding.parts(folder, origin(InferRun.of_project()), AGAIN)
    rows = tables.merged(Predictions, *(part / "predictions.parquet" for part in found))
    tables.write(data / "predictions" / f"{base}.parquet", Predictions, rows)
    shutil.rmtree(folder)
