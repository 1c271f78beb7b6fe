"""Write the rows of an export to a file: JSON lines or Parquet, in flat memory."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pyarrow

from thoughtmill.factory.core.files import aside
from thoughtmill.factory.core.parquet import FileWriter

FORMATS = ("jsonl", "parquet")
Add = Callable[[pyarrow.RecordBatch], None]


def write(path: Path, format_: str, batches: Iterable[pyarrow.RecordBatch]) -> int:
    """Write batches as JSON lines or Parquet and return the number of rows; without rows, write nothing."""
    rows = 0
    with writer(path, format_) as add:
        for batch in batches:
            add(batch)
            rows += batch.num_rows
    return rows


@contextmanager
def writer(path: Path, format_: str) -> Iterator[Add]:
    """Yield a function that adds a batch to a new file; without rows, there is none."""
    with ExitStack() as stack:
        opened: list[Add] = []

        def add(batch: pyarrow.RecordBatch) -> None:
            if batch.num_rows and not opened:
                part = stack.enter_context(aside(path))
                opened.append(stack.enter_context(_sheet(part, format_, batch.schema)))
            for sheet in opened:
                sheet(batch)

        yield add


@contextmanager
def _sheet(path: Path, format_: str, schema: pyarrow.Schema) -> Iterator[Add]:
    """Yield a function that adds a batch to a new file."""
    if format_ == "parquet":
        with closing(FileWriter(path, schema)) as file:
            yield lambda batch: file.write(pyarrow.Table.from_batches([batch]))
    else:
        with path.open("w", encoding="utf-8", newline="\n") as lines:
            yield lambda batch: lines.writelines(
                json.dumps(row, ensure_ascii=False) + "\n" for row in batch.to_pylist()
            )
