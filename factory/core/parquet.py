"""Parquet as all our files are: the same settings, row groups of one length, and parts of a large table."""

from pathlib import Path

import pyarrow
import pyarrow.parquet as pq

from thoughtmill.factory.core.partitions import NAME, Cuts

GROUP_ROWS = 16_384


class FileWriter:
    """Writes rows to a new Parquet file, in row groups of exactly `GROUP_ROWS` but for the last."""

    def __init__(self, path: Path, schema: pyarrow.Schema) -> None:
        self.schema, self.held = schema, schema.empty_table()
        self.file = pq.ParquetWriter(
            path, schema, compression="zstd", use_content_defined_chunking=True, write_page_index=True
        )

    def write(self, rows: pyarrow.Table) -> None:
        """Write the next rows, any number of them."""
        held = pyarrow.concat_tables([self.held, rows.cast(self.schema)])
        self.held = self.schema.empty_table()  # should the disk be full, `close` writes nothing more
        while held.num_rows >= GROUP_ROWS:
            self.file.write_table(held.slice(0, GROUP_ROWS).combine_chunks())
            held = held.slice(GROUP_ROWS)
        self.held = held

    def close(self) -> None:
        """Write the last group, and end the file."""
        held, self.held = self.held, self.schema.empty_table()  # as in `write`
        with self.file:
            if held.num_rows:
                self.file.write_table(held.combine_chunks())


class PartsWriter:
    """Writes sorted rows as parts to a new folder; the bytes of a part depend on its rows alone.

    `key` is the column whose values decide where a part ends.
    """

    def __init__(self, folder: Path, schema: pyarrow.Schema, key: str, most: int) -> None:
        self.folder, self.schema, self.key = folder, schema, key
        self.cuts, self.number = Cuts(most), 0
        folder.mkdir()
        self._begin()

    def write(self, rows: pyarrow.Table) -> None:
        """Write the next rows."""
        start = 0
        for place in self.cuts.among(rows.column(self.key).to_pylist()):
            self.file.write(rows.slice(start, place - start))
            self.close()
            self._begin()
            start = place
        self.file.write(rows.slice(start))

    def close(self) -> None:
        """End the last part."""
        self.file.close()

    def _begin(self) -> None:
        self.file = FileWriter(self.folder / NAME.format(self.number), self.schema)
        self.number += 1
