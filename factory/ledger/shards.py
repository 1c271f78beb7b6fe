"""Shards: the ledger's answers as immutable Parquet files, so that whoever has them pays nothing.

A folder of shards only grows: `export` adds a file with what no shard of the folder holds yet, `load` takes a
folder in. A shard is named by the SHA-256 of its bytes, and the same answers make the same bytes.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from factory.errors import ThoughtmillError
from factory.files import aside
from factory.ledger import RESULT_COLUMNS, Ledger, Result

SHARD_ROWS = 20_000
GROUP_ROWS = 1_000
NAME_DIGITS = 32

SCHEMA = pa.schema(
    [
        pa.field("request_key", pa.string(), nullable=False),
        pa.field("endpoint", pa.string(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("thought", pa.string(), nullable=False),
        pa.field("prompt_sha", pa.string(), nullable=False),
        pa.field("body", pa.binary(), nullable=False),
        pa.field("finish_reason", pa.string()),
        pa.field("prompt_tokens", pa.int64()),
        pa.field("cached_tokens", pa.int64()),
        pa.field("completion_tokens", pa.int64()),
        pa.field("cost_usd", pa.float64()),
        pa.field("latency_s", pa.float64()),
        pa.field("answered_at", pa.float64(), nullable=False),
    ]
)


def export(ledger: Ledger, folder: Path) -> list[Path]:
    """Write the answers that no shard in `folder` holds, in key order; return the new files."""
    held = {key for path in shards(folder) for key in _read(path, ["request_key"])["request_key"].to_pylist()}
    missing = (key for key in ledger.keys() if key not in held)  # noqa: SIM118  a ledger is no mapping
    return [_write(keys, ledger, folder) for keys in _groups(missing, SHARD_ROWS)]


def load(ledger: Ledger, folder: Path) -> int:
    """Take the shards of `folder` into the ledger; return how many answers are new to it."""
    if not folder.is_dir():
        raise ThoughtmillError(f"{folder} is no folder of ledger shards: fetch it, or run the export first")
    before = ledger.count()
    for path in shards(folder):
        if _name(path.read_bytes()) != path.stem:
            raise ThoughtmillError(
                f"{path} is damaged: its name is not the hash of its content; fetch it again"
            )
        for rows in _read(path, list(RESULT_COLUMNS)).to_batches(max_chunksize=GROUP_ROWS):
            ledger.write(Result(**row) for row in rows.to_pylist())
    return ledger.count() - before


def shards(folder: Path) -> list[Path]:
    """Return the shards of a folder in the order of their names."""
    return sorted(folder.glob("*.parquet"))


def _write(keys: list[str], ledger: Ledger, folder: Path) -> Path:
    """Write one shard under the hash of its content."""
    buffer = pa.BufferOutputStream()
    with pq.ParquetWriter(buffer, SCHEMA, compression="zstd", compression_level=9) as writer:
        for some in _groups(iter(keys), GROUP_ROWS):
            rows = [asdict(result) for key in some if (result := ledger.get(key))]
            writer.write_batch(pa.RecordBatch.from_pylist(rows, SCHEMA))
    content = buffer.getvalue().to_pybytes()
    path = folder / f"{_name(content)}.parquet"
    with aside(path) as part:
        part.write_bytes(content)
    return path


def _name(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:NAME_DIGITS]


def _groups(keys: Iterator[str], size: int) -> Iterator[list[str]]:
    while group := list(islice(keys, size)):
        yield group


def _read(path: Path, columns: list[str]) -> pa.Table:
    try:
        return pq.read_table(path, columns=columns)
    except (pa.ArrowInvalid, KeyError) as error:
        raise ThoughtmillError(f"{path} is no ledger shard: {error}") from error
