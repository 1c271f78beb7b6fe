"""Where the rows of a problem set are: in the set itself, a local file, or a data set on the Hub."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet as pq
from pydantic import BaseModel, Field

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest, existing, read_jsonl
from thoughtmill.factory.core.params import Section
from thoughtmill.schemas.fields import SPLITS

FORMATS = (".jsonl", ".json", ".csv", ".parquet")

Fields = Mapping[str, Any]
"""A row of a set; once read, it has `problem`, `answer`, and perhaps `solution`, `id`, `subject`, `level`."""


@dataclass(frozen=True, slots=True)
class ProblemSet:
    """A problem set: how a row is read, its splits as (ours, theirs), its licence, its place on the Hub.

    `answer_kinds` are the kinds of its answers, in the order in which a gold answer is tried.

    A set that is not on the Hub has `rows`, a function from one of its splits and its options to the rows, or
    is read from the `file:` that a source names. `options` is the model of the set's own section of
    `params.yaml`, `seed.<name of the set>`.
    """

    read: Callable[[Fields], Fields]
    splits: tuple[tuple[str, str], ...]
    license: str
    hub: str | None = None
    config: str | None = None
    revision: str | None = None
    answer_kinds: tuple[str, ...] = ("number",)
    options: type[BaseModel] | None = None
    rows: Callable[[str, Any], Iterable[Fields]] | None = None


class ColumnSettings(Section):
    """The names of the columns of a `table` source."""

    problem: str = "problem"
    answer: str = "answer"
    solution: str | None = None
    problem_id: str | None = None


class SourceSettings(Section):
    """An entry of `seed.sources`.

    `set` is a registered problem set. `file` (JSONL, JSON, CSV, Parquet) is read instead of the Hub, and must
    have the digest `sha256` where that is given. A set that comes as `table` needs a `name`, its `columns`,
    and a `file` or a `hub` name.
    """

    set: str
    name: str | None = None
    file: str | None = None
    sha256: str | None = None
    hub: str | None = None
    config: str | None = None
    revision: str | None = None
    split: str | None = None
    limit: int | None = Field(None, ge=1)
    license: str | None = None
    columns: ColumnSettings = ColumnSettings()


Places = Iterable[tuple[str, Fields]]
"""Rows that are not read yet, each with the place that names it in errors."""


def rows_by_split(
    source: SourceSettings, problem_set: ProblemSet, options: Any, folder: Path
) -> Iterator[tuple[str, Places]]:
    """Yield the rows of each split that a source asks for; a relative file begins at `folder`."""
    name = source.name or source.set
    splits = [pair for pair in problem_set.splits if source.split in (None, pair[0])]
    if not splits or (source.split is not None and source.split not in SPLITS):
        raise no_split(name, source.split, (ours for ours, _ in problem_set.splits))
    if source.file is not None:
        if len(splits) > 1:
            raise ThoughtmillError(
                f"params.yaml: seed: say with `split:` which split of {name} {source.file} is"
            )
        yield splits[0][0], rows_of_file(folder / source.file, source.sha256)
        return
    for ours, theirs in splits:
        yield ours, _written(source, problem_set, theirs, options)


def _written(source: SourceSettings, problem_set: ProblemSet, split: str, options: Any) -> Places:
    """Return the rows of a split where the set has them: in its own function, or on the Hub."""
    if problem_set.rows is not None:
        rows = problem_set.rows(split, options)
        return ((f"{source.set}, {split}, row {index}", row) for index, row in enumerate(rows))
    if problem_set.hub is None:
        raise ThoughtmillError(f"params.yaml: seed: {source.set} is on no Hub: give `file:`")
    config, revision = source.config or problem_set.config, source.revision or problem_set.revision
    return rows_of_hub(problem_set.hub, config, split, revision)


def no_split(name: str, split: str | None, known: Iterable[str]) -> ThoughtmillError:
    """Return the error that a set lacks a split."""
    return ThoughtmillError(
        f"params.yaml: seed: {name} has no split `{split}`; there are: {', '.join(known)}"
    )


def rows_of_file(path: Path, sha256: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place, row) for each row of a JSONL, JSON, CSV or Parquet file; the place names it in errors.

    With `sha256` the file must have that digest: a source that is pinned cannot change unseen.
    """
    existing(path, "correct `file:` in params.yaml; a relative path begins at the project's root")
    if path.suffix not in FORMATS:
        raise ThoughtmillError(f"{path}: cannot read `{path.suffix}`; give one of {', '.join(FORMATS)}")
    if sha256 is not None and digest(path) != sha256:
        raise ThoughtmillError(f"{path} is not the pinned file: its sha256 is {digest(path)}, not {sha256}")
    readers = {".jsonl": _jsonl, ".json": _json, ".csv": _csv, ".parquet": _parquet}
    return readers[path.suffix](path)


def rows_of_hub(
    name: str, config: str | None, split: str, revision: str | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place, row) for each row of one split of a Hub data set, at a pinned revision."""
    import datasets
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    try:
        rows = datasets.load_dataset(name, config, split=split, revision=revision)
    except (
        ValueError, OSError, datasets.exceptions.DatasetsError, HfHubHTTPError, OfflineModeIsEnabled,
    ) as error:  # fmt: skip
        why = " ".join(str(error).split())
        raise ThoughtmillError(
            f"the Hub data set {name}, split {split}, cannot be loaded; give `file:` for a local copy ({why})"
        ) from error
    for index, row in enumerate(rows):
        yield f"{name}, {split}, row {index}", row


def _jsonl(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, row in read_jsonl(path):
        yield f"{path.name}, line {number}", row


def _json(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        rows = json.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ThoughtmillError(f"{path}: not JSON: {error}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ThoughtmillError(f"{path}: not a JSON list of objects")
    for index, row in enumerate(rows):
        yield f"{path.name}, entry {index}", row


def _csv(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for row in (reader := csv.DictReader(file, strict=True)):
                if None in row or None in row.values():
                    raise ThoughtmillError(
                        f"{path}, line {reader.line_num}: not as many fields as the heading"
                    )
                yield f"{path.name}, line {reader.line_num}", dict(row)
    except (csv.Error, UnicodeDecodeError) as error:
        raise ThoughtmillError(f"{path}: not CSV: {error}") from error


def _parquet(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        file = pq.ParquetFile(path)
        for index, row in enumerate(row for batch in file.iter_batches() for row in batch.to_pylist()):
            yield f"{path.name}, row {index}", row
    except pyarrow.ArrowInvalid as error:
        raise ThoughtmillError(f"{path}: not Parquet: {error}") from error
