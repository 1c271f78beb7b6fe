"""Parquet as all our files are: the same settings, row groups of one length, and parts of a large table."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pyarrow
import pyarrow.parquet as pq

from thoughtmill.factory.core.partitions import NAME, Cuts

GROUP_ROWS = 16_384


def parquet_writer(path: Path, schema: pyarrow.Schema) -> pq.ParquetWriter:
    """Open a new Parquet file with the settings of all our files."""
    return pq.ParquetWriter(
        path, schema, compression="zstd", use_content_defined_chunking=True, write_page_index=True
    )


class RowGroups:
    """Batches of any length, cut into tables of exactly `GROUP_ROWS` rows; the last may be shorter."""

    def __init__(self, schema: pyarrow.Schema) -> None:
        self.schema, self.held = schema, schema.empty_table()

    def add(self, batch: pyarrow.RecordBatch) -> Iterator[pyarrow.Table]:
        """Add a batch, and yield the tables that are full."""
        self.held = pyarrow.concat_tables([self.held, pyarrow.Table.from_batches([batch]).cast(self.schema)])
        while self.held.num_rows >= GROUP_ROWS:
            group, self.held = self.held.slice(0, GROUP_ROWS), self.held.slice(GROUP_ROWS)
            yield group.combine_chunks()

    def rest(self) -> Iterator[pyarrow.Table]:
        """Yield what is left, if there is a row."""
        if self.held.num_rows:
            yield self.held.combine_chunks()


class PartsWriter:
    """Writes sorted rows as parts to a new folder; the bytes of a part depend on its rows alone.

    `key` is the column whose values decide where a part ends.
    """

    def __init__(self, folder: Path, schema: pyarrow.Schema, key: str, most: int) -> None:
        self.folder, self.schema, self.key = folder, schema, key
        self.cuts, self.number = Cuts(most), 0
        folder.mkdir()
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write_table(self, rows: pyarrow.Table) -> None:
        """Write the next rows."""
        start = 0
        for place in self.cuts.among(rows.column(self.key).to_pylist()):
            self._write(rows.slice(start, place - start))
            self.close()
            self._begin()
            start = place
        self._write(rows.slice(start))

    def close(self) -> None:
        """End the last part."""
        try:
            for group in self.groups.rest():
                self.file.write_table(group)
        finally:
            self.file.close()

    def _begin(self) -> None:
        self.groups = RowGroups(self.schema)
        self.file = parquet_writer(self.folder / NAME.format(self.number), self.schema)
        self.number += 1

    def _write(self, rows: pyarrow.Table) -> None:
        for batch in rows.to_batches():
            for group in self.groups.add(batch):
                self.file.write_table(group)
