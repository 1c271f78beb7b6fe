"""Partitions: a large table is a folder of Parquet files, its parts, which are cut where its keys say.

A part ends before a key whose hash is drawn, so rows that are added move no other cut: only the parts that
hold them change, and what was done with the others need not be done again.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from thoughtmill.factory.core import params

DEFAULT_ROWS = 250_000
LEAST_ROWS = 1_000
NAME = "part-{:05}.parquet"


def faults(given: object) -> Iterator[str]:
    """Yield the fault of `partition_rows` in `params.yaml`, if it has one."""
    if not isinstance(given, int) or isinstance(given, bool) or given < LEAST_ROWS:
        yield f"params.yaml: partition_rows: give a number of rows, at least {LEAST_ROWS}"


def partition_rows() -> int:
    """Return the rows above which the current project cuts a table in parts."""
    return int(params.single("partition_rows", DEFAULT_ROWS, faults))


def parts(path: Path) -> list[Path]:
    """Return the files of a table in the order of its rows: its parts, or the one file that it is.

    >>> parts(Path("data/problems.parquet"))
    [PosixPath('data/problems.parquet')]
    """
    return sorted(path.glob("*.parquet")) if path.is_dir() else [path]


def is_cut(path: Path) -> bool:
    """Say whether a path is a table in parts, and nothing else."""
    return path.is_dir() and all(each.suffix == ".parquet" for each in path.iterdir())


class Cuts:
    """Where a table is cut, given the keys of its rows in their order.

    A part has about `most` rows at most and, but for the last, at least an eighth of them. In between it ends
    before a key that is drawn once in `most / 2`, by its hash alone (content-defined chunking). The rows of
    one key are in one part.
    """

    def __init__(self, most: int) -> None:
        self.most, self.length = most, 0
        self.last: str | None = None

    def among(self, keys: Iterable[str]) -> Iterator[int]:
        """Yield the places among the next keys at which a new part begins."""
        least, chance = self.most // 8, 2**64 // (self.most // 2)
        length, last = self.length, self.last
        for place, key in enumerate(keys):
            if key != last:
                if length and (length >= self.most or (length >= least and draw(key) < chance)):
                    yield place
                    length = 0
                last = key
            length += 1
        self.length, self.last = length, last


def draw(text: str) -> int:
    """Return the same number of 64 bits for a text everywhere."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())


def keys_of(path: Path, column: str) -> Iterator[str]:
    """Yield a column of a Parquet file."""
    import pyarrow.parquet as pq  # takes a tenth of a second

    for batch in pq.ParquetFile(path).iter_batches(batch_size=65_536, columns=[column]):
        yield from batch.column(0).to_pylist()
