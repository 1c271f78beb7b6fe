"""Write the rows of an export to a file: JSON lines or Parquet, in flat memory."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow

from thoughtmill.factory.core.files import aside
from thoughtmill.factory.core.tables import parquet_writer

FORMATS = ("jsonl", "parquet")


def write(path: Path, format_: str, batches: pyarrow.RecordBatchReader) -> int:
    """Write batches as JSON lines or Parquet and return the number of rows; without rows, write nothing."""
    first = next(iter(batches), None)
    if first is None or not first.num_rows:
        return 0
    rows = 0
    with aside(path) as part, _sheet(part, format_, batches.schema) as add:
        for batch in _then(first, batches):
            add(batch)
            rows += batch.num_rows
    return rows


def _then(first: pyarrow.RecordBatch, rest: pyarrow.RecordBatchReader) -> Iterator[pyarrow.RecordBatch]:
    yield first
    yield from rest


@contextmanager
def _sheet(path: Path, format_: str, schema: pyarrow.Schema) -> Iterator[Any]:
    """Yield a function that adds a batch to a new file."""
    if format_ == "parquet":
        with parquet_writer(path, schema) as file:
            yield file.write_batch
    else:
        with path.open("w", encoding="utf-8", newline="\n") as lines:
            yield lambda batch: lines.writelines(
                json.dumps(row, ensure_ascii=False) + "\n" for row in batch.to_pylist()
            )
