"""Join the parts that shards of generate, verify and infer wrote, into the bytes of one run.

Run a shard anywhere, with `python -m thoughtmill.factory.generate THOUGHT --shard 2/3`, the same for verify
and `python -m thoughtmill.train.infer --shard 2/3`, and bring `data/shards/` together. After `merge`,
`dvc repro` goes on with the stages that follow.
"""

import argparse
import shutil
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path

from dvc.exceptions import DvcException
from dvc.repo import Repo

from thoughtmill.factory import generate, generate_shards, verify
from thoughtmill.factory.core import params, partitions, sharding, tables
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import existing, root
from thoughtmill.factory.ledger import Ledger
from thoughtmill.factory.thoughts.solving import VerifySettings
from thoughtmill.schemas import Checks, Completions, Records, Table

STUDENTS = "thoughtmill.train.infer_shards"
"""It needs the libraries of students, so it is imported where there are parts of them."""

Merger = Callable[[Path, str], None]
"""Merges the parts of a thought under a data folder."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the ledgers of other machines."""
    parser.add_argument(
        "--ledger", type=Path, nargs="+", default=(), help="ledgers of other machines, to add to this one"
    )


def call(words: argparse.Namespace) -> str:
    """Merge all parts, add the answers of other ledgers, and have DVC note the tables."""
    folder = root()
    new = _absorbed(words.ledger)
    merged = list(_merged(folder / "data", params.thoughts()))
    _note(folder, merged)
    lines = [f"merged {' '.join(merged)}"] if merged else []
    lines += [f"{new} answers are new to the ledger"] if words.ledger else []
    if not lines:
        raise ThoughtmillError(
            f"{folder / 'data' / 'shards'} holds no parts: run shards of generate, verify or infer"
        )
    return "\n".join(lines)


def _absorbed(ledgers: Sequence[Path]) -> int:
    """Add the rows of other ledgers to this one; return how many answers were new to it."""
    if not ledgers:
        return 0
    with Ledger() as ledger:
        before = ledger.count()
        for path in ledgers:
            ledger.absorb(existing(path, "give a ledger, such as ledger.sqlite"))
        return ledger.count() - before


def _merged(data: Path, thoughts: Sequence[str]) -> Iterator[str]:
    """Merge what there is; yield the stages whose tables are written."""
    stages: dict[str, Merger] = {generate.STAGE: generate_shards.merge, verify.STAGE: _verdicts}
    for stage, merge in stages.items():
        for thought in thoughts:
            if sharding.parts_folder(data, stage, thought).is_dir():
                merge(data, thought)
                yield f"{stage}@{thought}"
    students = data / "shards" / "infer"
    for folder in sorted(students.iterdir()) if students.is_dir() else ():
        import_module(STUDENTS).merge(data, folder.name)
        yield "train/dvc.yaml:infer"


def _verdicts(data: Path, thought: str) -> None:
    settings = params.section(verify.STAGE, VerifySettings, data.parent / "params.yaml")
    parts = _parts(data, verify.STAGE, thought, verify.origin(data, settings))
    completions = data / "completions" / f"{thought}.parquet"
    records = [part / "records.parquet" for part in parts]
    if _names(completions, Completions) != _names(records, Records):
        raise ThoughtmillError(
            f"the shards of verify {thought} read other completions than {completions}: run them again"
        )
    target = data / "verified" / thought
    tables.write(target / "records.parquet", Records, tables.merged(Records, *records))
    checks = tables.merged(Checks, *(part / "checks.parquet" for part in parts))
    tables.write(target / "checks.parquet", Checks, checks)
    shutil.rmtree(sharding.parts_folder(data, verify.STAGE, thought))


def _parts(data: Path, stage: str, thought: str, origin: str) -> list[Path]:
    again = f"python -m thoughtmill.factory.{stage} {thought}"
    return sharding.parts(sharding.parts_folder(data, stage, thought), origin, again)


def _names(paths: Path | Sequence[Path], table: Table) -> int:
    """Return a number that tables share if they are about the same completions, whatever their order."""
    found = 0
    for row in tables.merged(table, *([paths] if isinstance(paths, Path) else paths)):
        found ^= partitions.draw(row["completion_id"])
    return found


def _note(folder: Path, stages: Sequence[str]) -> None:
    """Have DVC note the tables as those that these stages made, as after `dvc repro`."""
    if not (folder / ".dvc" / "config").is_file():
        return
    try:
        with Repo(str(folder)) as repo:
            for stage in stages:
                repo.commit(stage, force=True)
    except DvcException as error:
        raise ThoughtmillError(f"the tables are merged, but DVC cannot note them: {error}") from error
