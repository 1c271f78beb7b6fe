"""Shards: share the ledger's answers as immutable Parquet files, so that collaborators need not pay again.

A folder of shards only grows: `export` adds a file with the answers that no shard of the folder holds yet,
`load` adds the answers of a folder to the ledger. A shard is named by the SHA-256 of its bytes, and the same
answers make the same bytes. Failures of requests without an answer have shards too, so that a rebuilt corpus
has the same failed rows.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import aside
from thoughtmill.factory.ledger import FailureRow, Ledger, ResultRow

Element = TypeVar("Element")

SHARD_ROWS = 20_000
GROUP_ROWS = 1_000
NAME_DIGITS = 32
FAILED = "failed"  # the subfolder for shards of failures

TYPES = {str: pa.string(), bytes: pa.binary(), int: pa.int64(), float: pa.float64()}


def schema_of(row: type[ResultRow | FailureRow]) -> pa.Schema:
    """Return the schema of a shard of these rows: a field that may be None is a nullable column."""
    fields = []
    for name, hint in get_type_hints(row).items():
        kinds = [kind for kind in get_args(hint) or (hint,) if kind is not NoneType]
        fields.append(pa.field(name, TYPES[kinds[0]], nullable=NoneType in get_args(hint)))
    return pa.schema(fields)


RESULTS = schema_of(ResultRow)
FAILURES = schema_of(FailureRow)


def export(ledger: Ledger, folder: Path) -> list[Path]:
    """Write the answers and failures that no shard in `folder` holds, in key order; return the new files."""
    answered = {row["request_key"] for row in _rows(folder, RESULTS, ["request_key"])}
    failures = _rows(folder / FAILED, FAILURES, ["request_key", "failed_at"])
    failed = {tuple(row.values()) for row in failures}
    new_keys = (key for key in ledger.keys() if key not in answered)  # noqa: SIM118  a ledger is not a mapping
    new_failures = (each for each in ledger.failures() if (each.request_key, each.failed_at) not in failed)
    answers = [
        _write(filter(None, map(ledger.get, group)), RESULTS, folder)
        for group in _groups(new_keys, SHARD_ROWS)
    ]
    return answers + [_write(group, FAILURES, folder / FAILED) for group in _groups(new_failures, SHARD_ROWS)]


def load(ledger: Ledger, folder: Path) -> int:
    """Add the shards of `folder` to the ledger; return how many answers are new to it."""
    if not folder.is_dir():
        raise ThoughtmillError(f"{folder} holds no ledger shards: fetch them, or export the ledger")
    before = ledger.count()
    for rows in _groups(_rows(folder, RESULTS), GROUP_ROWS):
        ledger.write(ResultRow(**row) for row in rows)
    for rows in _groups(_rows(folder / FAILED, FAILURES), GROUP_ROWS):
        ledger.write([], failures=[FailureRow(**row) for row in rows], shared=True)
    return ledger.count() - before


def shards(folder: Path) -> list[Path]:
    """Return the shards of a folder in the order of their names."""
    return sorted(folder.glob("*.parquet"))


def _write(rows: Iterable[ResultRow | FailureRow], schema: pa.Schema, folder: Path) -> Path:
    """Write one shard under the hash of its content."""
    buffer = pa.BufferOutputStream()
    with pq.ParquetWriter(buffer, schema, compression="zstd", compression_level=9) as writer:
        for group in _groups(iter(rows), GROUP_ROWS):
            writer.write_batch(pa.RecordBatch.from_pylist([asdict(row) for row in group], schema))
    content = buffer.getvalue().to_pybytes()
    path = folder / f"{_name(content)}.parquet"
    with aside(path) as part:
        part.write_bytes(content)
    return path


def _name(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:NAME_DIGITS]


def _groups(rows: Iterator[Element], size: int) -> Iterator[list[Element]]:
    while group := list(islice(rows, size)):
        yield group


def _rows(folder: Path, schema: pa.Schema, columns: list[str] | None = None) -> Iterator[dict[str, Any]]:
    """Yield the rows of all shards in a folder, in the order of the shards' names."""
    for path in shards(folder):
        content = path.read_bytes()
        if _name(content) != path.stem:
            raise ThoughtmillError(
                f"{path} is damaged: its name is not the hash of its content; fetch it again"
            )
        try:
            file = pq.ParquetFile(pa.BufferReader(content))
        except pa.ArrowInvalid as error:
            raise ThoughtmillError(f"{path} is not a ledger shard: {error}") from error
        if not file.schema_arrow.equals(schema):
            raise ThoughtmillError(f"{path} is not a ledger shard of this version: update Thoughtmill")
        for batch in file.iter_batches(GROUP_ROWS, columns=columns):
            yield from batch.to_pylist()
