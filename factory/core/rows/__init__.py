"""Rows of files as people have them: CSV, TSV, JSON Lines, JSON, Parquet; compressed; in any encoding.

A row that cannot be read is yielded with the reason, so that no row is lost. A file that cannot be read at
all raises a `ThoughtmillError`. Memory is flat: a row at a time, or a batch of a Parquet file.
"""

import glob
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow
import pyarrow.parquet as pq

from thoughtmill.factory.core.errors import ThoughtmillError, nearest
from thoughtmill.factory.core.files import existing
from thoughtmill.factory.core.rows import jsons, separated
from thoughtmill.factory.core.rows.texts import COMPRESSIONS, Unplaced, text_of

HEAD = 100
"""How many rows show which columns a file has."""

MAX_TEXT = 100_000
"""Characters of a row that are kept when it is refused."""

Values = dict[str, Any]


class FileRow(NamedTuple):
    """A row of a file: its place, such as `mine.csv, line 3`, its values, or why it has none.

    `text` is the text of a row that cannot be read. `part` names the part of a data set that it is from,
    where rows of several parts have the same ids.
    """

    place: str
    values: Values
    fault: str | None = None
    text: str | None = None
    part: str | None = None

    def shown(self) -> str:
        """Return the row as text: as it is in the file, or its values as JSON."""
        text = json.dumps(self.values, ensure_ascii=False, default=str) if self.text is None else self.text
        return text.encode("utf-8", "backslashreplace").decode()[:MAX_TEXT]


def files_of(named: str | Iterable[str], folder: Path) -> list[Path]:
    """Return the files that paths, patterns (`b/*.jsonl`) and folders name, each once, in their order.

    Relative paths begin at `folder`. The files of a pattern or a folder come sorted by name; of a folder only
    those with a known suffix.
    """
    found: list[Path] = []
    for name in [named] if isinstance(named, str) else named:
        path = folder / Path(name).expanduser()
        if path.is_dir():
            found += _readable(path.rglob("*"), f"{path} holds no file to read; give one of {KNOWN}")
        elif path.exists() or not glob.has_magic(name):
            found.append(existing(path, "give the path of a file that exists"))
        else:
            paths = (Path(match) for match in glob.glob(str(path), recursive=True))
            found += _readable(paths, f"no file matches {path}", every=True)
    if not found:
        raise ThoughtmillError("no file is named")
    return list(dict.fromkeys(found))


def _readable(paths: Iterable[Path], otherwise: str, every: bool = False) -> list[Path]:
    found = sorted(path for path in paths if path.is_file() and (every or suffixes(path)[0] in READERS))
    if not found:
        raise ThoughtmillError(otherwise)
    return found


def rows_of_file(path: Path, encoding: str | None = None, shown: str | None = None) -> Iterator[FileRow]:
    """Yield every row of a file; `shown` is its name in places and errors.

    `encoding` is guessed where it is not given: see `texts.encoding_of`.
    """
    shown = shown or str(path)
    suffix, compression = suffixes(path)
    if suffix not in READERS or (compression and suffix in WHOLE):
        ending = "".join(path.suffixes)
        why = f"cannot read `{ending}`" if ending else "the name has no ending that says its format"
        raise ThoughtmillError(f"{shown}: {why}; give one of {KNOWN}")
    name, reader = READERS[suffix]
    try:
        for where, values, fault, text in reader(path, encoding):
            yield FileRow(f"{shown}, {where}", values, fault, text)
    except (ValueError, OSError, pyarrow.ArrowException) as error:
        raise ThoughtmillError(f"{shown}: not {name}: {' '.join(str(error).split())}") from error


def begun(
    rows: Iterable[FileRow], name: str, missing: Callable[[Values], str | None], remedy: str
) -> Iterable[FileRow]:
    """Return rows; an error if there is none, or if none of the first has a column that is needed.

    `missing` names a column that a row lacks. The error says which columns there are, and ends in `remedy`.
    """
    rows = iter(rows)
    head = list(islice(rows, HEAD))
    if not head:
        raise ThoughtmillError(f"{name} has no rows")
    lacking = [missing(row.values) for row in head if row.fault is None]
    if lacking and lacking[0] is not None and None not in lacking:
        there = dict.fromkeys(column for row in head for column in row.values)
        listed = ", ".join(f"`{column}`" for column in there)
        raise ThoughtmillError(
            f"{name} has no column `{lacking[0]}`; there are: {listed}{nearest(lacking[0], there)}; {remedy}"
        )
    return chain(head, rows)


def _parquet(path: Path, encoding: str | None) -> Iterator[Unplaced]:
    file = pq.ParquetFile(path)
    separated.named_once(file.schema_arrow.names)
    rows = (row for batch in file.iter_batches(batch_size=2048) for row in batch.to_pylist())
    for index, row in enumerate(rows):
        yield f"row {index}", row, None, None


def _jsonl(path: Path, encoding: str | None) -> Iterator[Unplaced]:
    with text_of(path, encoding) as text:
        yield from jsons.of_lines(text)


def _json(path: Path, encoding: str | None) -> Iterator[Unplaced]:
    with text_of(path, encoding) as text:
        yield from jsons.of_text(text)


def _csv(path: Path, encoding: str | None) -> Iterator[Unplaced]:
    with text_of(path, encoding) as text:
        yield from separated.rows(text, ",;\t|")


def _tsv(path: Path, encoding: str | None) -> Iterator[Unplaced]:
    with text_of(path, encoding) as text:
        yield from separated.rows(text, "\t")


READERS: dict[str, tuple[str, Callable[[Path, str | None], Iterator[Unplaced]]]] = {
    ".jsonl": ("JSON", _jsonl),
    ".ndjson": ("JSON", _jsonl),
    ".json": ("JSON", _json),
    ".csv": ("CSV", _csv),
    ".tsv": ("TSV", _tsv),
    ".parquet": ("Parquet", _parquet),
}
"""The name and the reader of each format by its suffix."""

WHOLE = (".parquet",)
"""Formats that compress their contents; files of these are not compressed again."""
KNOWN = f"{', '.join(READERS)}, also with {' or '.join(COMPRESSIONS)}"


def suffixes(path: Path) -> tuple[str, str | None]:
    """Return the suffix of a file's format and that of its compression, in lower case.

    >>> suffixes(Path("Mine.CSV")), suffixes(Path("b.jsonl.gz"))
    (('.csv', None), ('.jsonl', '.gz'))
    """
    suffix = path.suffix.lower()
    return (path.with_suffix("").suffix.lower(), suffix) if suffix in COMPRESSIONS else (suffix, None)
