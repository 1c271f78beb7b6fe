"""Tables as Parquet: validated, in primary-key order, and the same bytes for the same rows."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pandas as pd
import pandera.pandas as pa
import pyarrow
import pyarrow.parquet as pq

from thoughtmill.factory.core import connections
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import aside, existing
from thoughtmill.factory.core.parquet import GROUP_ROWS, FileWriter, PartsWriter
from thoughtmill.factory.core.partitions import LEAST_ROWS, is_cut, partition_rows, parts
from thoughtmill.factory.core.scratch import bounded
from thoughtmill.schemas import Table, arrow_schema, primary_key, table_name

Row = dict[str, Any]
Key = TypeVar("Key", str, int)
Value = TypeVar("Value")

SHOWN_FAULTS = 20


class TableReader:
    """The rows of a table's Parquet, in primary-key order; iterate as often as you like, in flat memory.

    `path` is a file, or the folder of a table in `parts`. `len` is the number of rows. A missing or torn file
    and other columns raise a `ThoughtmillError`.
    """

    def __init__(self, path: Path, table: Table) -> None:
        self.path = existing(path, "run `dvc repro` to build it")
        self.parts, self.key = parts(path), primary_key(table)[0]
        self.rows = sum(_rows_in(part, table) for part in self.parts)

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[Row]:
        return rows_of(self.path)

    def between(self, low: str, high: str) -> Iterator[Row]:
        """Yield the rows whose first key is from `low` to `high`; few others are read."""
        for part in self.parts:
            file = pq.ParquetFile(part)
            at = file.schema_arrow.get_field_index(self.key)
            for group in range(file.num_row_groups):
                found = file.metadata.row_group(group).column(at).statistics
                if found is None or not found.has_min_max or (found.min <= high and low <= found.max):
                    for batch in file.iter_batches(batch_size=2048, row_groups=[group]):
                        yield from (row for row in batch.to_pylist() if low <= row[self.key] <= high)


def _rows_in(path: Path, table: Table) -> int:
    """Return how many rows a Parquet file of a table has."""
    try:
        file = pq.ParquetFile(path)
    except pyarrow.ArrowInvalid as error:
        raise ThoughtmillError(f"{path} is torn: run `dvc repro`") from error
    if not file.schema_arrow.equals(arrow_schema(table)):
        raise ThoughtmillError(f"{path} does not have the columns of `{table_name(table)}`: run `dvc repro`")
    return int(file.metadata.num_rows)


def rows_of(path: Path) -> Iterator[Row]:
    """Yield the rows of Parquet of any columns, a file or parts, in its order and in flat memory."""
    for part in parts(path):
        for batch in pq.ParquetFile(part).iter_batches(batch_size=2048):
            yield from batch.to_pylist()


def joined(rows: Iterable[Row], problems: Iterable[Row]) -> Iterator[tuple[Row, Row]]:
    """Yield each row with its problem, in flat memory; both come in the order of `problem_id`."""
    later = iter(problems)
    problem = next(later, None)
    for row in rows:
        while problem is not None and problem["problem_id"] < row["problem_id"]:
            problem = next(later, None)
        if problem is None or problem["problem_id"] != row["problem_id"]:
            raise ThoughtmillError(f"the problem {row['problem_id']} is missing: rebuild with `dvc repro`")
        yield row, problem


def in_step(pairs: Iterable[tuple[Key, Value]]) -> Callable[[Key], list[Value]]:
    """Return a function from a key to its values, in flat memory.

    The pairs come in the order of their keys, and the function is called in that order, once for a key.

    >>> values = in_step([("a", 1), ("b", 2), ("b", 3), ("d", 4)])
    >>> values("b"), values("c"), values("d")
    ([2, 3], [], [4])
    """
    groups = groupby(pairs, key=lambda pair: pair[0])
    held = next(groups, None)

    def values(key: Key) -> list[Value]:
        nonlocal held
        while held is not None and held[0] < key:
            held = next(groups, None)
        return [value for _, value in held[1]] if held is not None and held[0] == key else []

    return values


class MergedRows:
    """The rows of several readers as one table in primary-key order; iterate as often as you like."""

    def __init__(self, *readers: TableReader, key: tuple[str, ...]) -> None:
        self.readers, self.key = readers, key

    def __len__(self) -> int:
        return sum(map(len, self.readers))

    def __iter__(self) -> Iterator[Row]:
        return self._merged(self.readers)

    def between(self, low: str, high: str) -> Iterator[Row]:
        """Yield the rows whose first key is from `low` to `high`."""
        return self._merged(reader.between(low, high) for reader in self.readers)

    def _merged(self, rows: Iterable[Iterable[Row]]) -> Iterator[Row]:
        return heapq.merge(*rows, key=lambda row: tuple(row[name] for name in self.key))


def merged(table: Table, *paths: Path) -> MergedRows:
    """Return the rows of one table that several Parquet files hold."""
    return MergedRows(*(TableReader(path, table) for path in paths), key=primary_key(table))


def write(path: Path, table: Table, rows: Iterable[Row]) -> None:
    """Write rows, in any order, as the table's Parquet; see `writer`."""
    with writer(path, table) as add:
        for row in rows:
            add(row)


@contextmanager
def writer(path: Path, table: Table, whole: bool = False) -> Iterator[Callable[[Row], None]]:
    """Yield a function that adds one row to a table's new Parquet file, in flat memory.

    Rows may come in any order: the file is in primary-key order. Every row is validated against the table's
    schema. On success the file moves into place; with more than `partition_rows` rows it becomes a folder of
    parts, unless it is to stay `whole`. If rows are broken or share a primary key, one `ThoughtmillError`
    names them, and the earlier file stays.
    """
    with _sheet(path, table, whole) as sheet:
        yield sheet.add


@contextmanager
def batch_writer(path: Path, table: Table) -> Iterator[Callable[[pyarrow.RecordBatch], None]]:
    """Yield a function that adds a batch of rows; all else is as with `writer`."""
    with _sheet(path, table) as sheet:
        yield sheet.add_batch


@contextmanager
def _sheet(path: Path, table: Table, whole: bool = False) -> "Iterator[_TableWriter]":
    with aside(path, folder_too=is_cut(path)) as part:
        sheet = _TableWriter(part, table, whole)
        try:
            yield sheet
        finally:
            sheet.close()
        if not sheet.in_order and not sheet.faults:
            sheet.sort()
        if sheet.faults:
            raise ThoughtmillError(_summary(table_name(table), sheet.faults))


class _TableWriter:
    """A table being written, group of rows by group of rows: a file, and parts from when it is too large."""

    def __init__(self, path: Path, table: Table, whole: bool) -> None:
        self.path, self.whole = path, whole
        self.table, self.schema, self.key = table, arrow_schema(table), primary_key(table)
        self.file: FileWriter | PartsWriter = FileWriter(path, self.schema)
        self.rows: list[Row] = []
        self.faults: list[str] = []
        self.in_order = True
        self.count = 0
        self.last: tuple[Any, ...] | None = None

    def add(self, row: Row) -> None:
        self.rows.append(row)
        if len(self.rows) == GROUP_ROWS:
            self.flush()

    def flush(self) -> None:
        columns = {name: [row[name] for row in self.rows] for name in self.schema.names}
        self.rows = []
        try:
            group = pyarrow.table(columns, schema=self.schema)
        except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError) as error:
            raise ThoughtmillError(f"{table_name(self.table)}: {error}") from error
        self.write(group)

    def add_batch(self, batch: pyarrow.RecordBatch) -> None:
        self.write(pyarrow.Table.from_batches([batch]).cast(self.schema))

    def write(self, group: pyarrow.Table) -> None:
        self.count += group.num_rows
        keys = [*self.keys(group)]
        ordered = sorted(keys)
        if ordered != keys:  # most tables are one group
            group = group.sort_by([(name, "ascending") for name in self.key])
        for key in ordered:
            if self.last is not None and key <= self.last:
                self.in_order = False
            self.last = key
        self.faults += faults(group, self.table)
        if self.in_order and self.is_large and not isinstance(self.file, PartsWriter):
            self.divide()
        self.file.write(group)

    def keys(self, rows: pyarrow.Table) -> Iterator[tuple[Any, ...]]:
        return zip(*(rows.column(name).to_pylist() for name in self.key), strict=True)

    @cached_property
    def most(self) -> int:
        return partition_rows()

    @property
    def is_large(self) -> bool:
        return not self.whole and self.count > LEAST_ROWS and self.count > self.most

    def divide(self) -> None:
        """Go on in parts; the rows so far are written again."""
        self.file.close()
        so_far = self.path.rename(f"{self.path}.so_far")
        self.file = self.parts_writer()
        for batch in pq.ParquetFile(so_far).iter_batches(batch_size=GROUP_ROWS):
            self.file.write(pyarrow.Table.from_batches([batch]))
        so_far.unlink()

    def parts_writer(self) -> PartsWriter:
        return PartsWriter(self.path, self.schema, self.key[0], self.most)

    def sort(self) -> None:
        """Rewrite the table in primary-key order; note every key that occurs more than once."""
        last: tuple[Any, ...] | None = None
        ordering = ", ".join(f'"{name}"' for name in self.key)
        query = f"select * from read_parquet(?) order by {ordering}"
        unsorted = self.path.rename(f"{self.path}.unsorted")
        file = self.parts_writer() if self.is_large else FileWriter(self.path, self.schema)
        with connect() as con, closing(file):
            rows = con.sql(query, params=[[str(each) for each in parts(unsorted)]])
            for batch in rows.to_arrow_reader(GROUP_ROWS):
                group = pyarrow.Table.from_batches([batch])
                for key in self.keys(group):
                    if key == last:
                        self.faults.append(f"{_spell(key)}: it occurs more than once")
                    last = key
                file.write(group)

    def close(self) -> None:
        try:
            if self.rows:
                self.flush()
        finally:
            self.file.close()


def faults(arrow: pyarrow.Table, table: Table) -> list[str]:
    """Return a line for every broken value, with its primary key, column, rule and value."""
    frame = arrow.to_pandas(types_mapper=pd.ArrowDtype)
    try:
        table.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        return [
            f"{_name_of(frame, table, case.index)}: {case.column}: {case.check}, not {case.failure_case!r}"
            for case in cases.itertuples(index=False, name="Case")
            if not str(case.check).endswith("uniqueness")  # sorting the whole table finds those
        ]
    return []


def connect() -> duckdb.DuckDBPyConnection:
    """Return an in-memory DuckDB with bounded memory, for sorting and joining tables larger than memory."""
    return connections.connect(**bounded(), preserve_insertion_order=True)


def _name_of(frame: pd.DataFrame, table: Table, index: Any) -> str:
    if index is None or pd.isna(index):
        return "the table"
    return _spell(tuple(frame.loc[index, name] for name in primary_key(table)))


def _spell(key: tuple[Any, ...]) -> str:
    return "/".join(str(part) for part in key)


def _summary(name: str, faults: list[str]) -> str:
    more = f" and {len(faults) - SHOWN_FAULTS} more" if len(faults) > SHOWN_FAULTS else ""
    return f"{name}: {len(faults)} broken values: " + "; ".join(faults[:SHOWN_FAULTS]) + more
