"""Where a problem set's rows come from: a local file, or a data set on the Hugging Face Hub."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet as pq

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest, existing, read_jsonl

FORMATS = (".jsonl", ".json", ".csv", ".parquet")


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
