"""Rows of CSV and TSV: the first line names the columns; commas, semicolons, tabs or bars separate them."""

import csv
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TextIO

from thoughtmill.factory.core.params import repeated
from thoughtmill.factory.core.rows.texts import Unplaced, undecoded

SAMPLE_LINES = 60
SAMPLE_ROWS = 20

csv.field_size_limit(1 << 24)


class _Lines:
    """The lines of a text, with those of the record that is read now."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = iter(lines)
        self.record: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self.lines)
        self.record.append(line)
        return line


def rows(text: TextIO, separators: str) -> Iterator[Unplaced]:
    """Yield the row of each record, or why it cannot be read; a ValueError if two columns share a name.

    Of several separators, that which cuts the first lines best is taken. A column without a name is called by
    its place, `column_3`.
    """
    sample = list(islice(text, SAMPLE_LINES))
    lines = _Lines(chain(sample, text))
    records = csv.reader(lines, delimiter=separator(sample, separators), strict=True)
    heading: list[str] | None = None
    while True:
        begin, lines.record = records.line_num + 1, []
        try:
            fields = next(records)
        except StopIteration:
            return
        except csv.Error as error:
            if heading is None:
                raise ValueError(str(error)) from error
            yield f"line {begin}", {}, f"not CSV: {error}", "".join(lines.record).rstrip("\r\n")
            continue
        if not fields or fields == [""]:
            continue  # a blank line
        if heading is None:
            heading = _heading(fields)
            continue
        fault = undecoded("".join(lines.record))
        if len(fields) != len(heading):
            fault = f"not as many fields as the heading: {len(fields)}, not {len(heading)}"
        row = {} if fault else dict(zip(heading, fields, strict=True))
        yield f"line {begin}", row, fault, "".join(lines.record).rstrip("\r\n") if fault else None


def _heading(fields: list[str]) -> list[str]:
    return named_once([field or f"column_{number}" for number, field in enumerate(fields, start=1)])


def named_once(names: list[str]) -> list[str]:
    """Return the names of columns; a ValueError if two are the same, as a value would be lost."""
    if (name := repeated(names)) is not None:
        raise ValueError(f"two columns are named `{name}`: rename one of them")
    return names


def separator(sample: list[str], separators: str) -> str:
    r"""Return the separator that cuts most of the first records into as many fields as the heading has.

    >>> separator(["problem;answer\n", "How many are 3, 4 and 5?;3\n"], ",;\t|")
    ';'
    """
    return max(separators, key=lambda sign: _fit(sample, sign))


def _fit(sample: list[str], sign: str) -> tuple[bool, float, int]:
    """Return how well a separator cuts: whether at all, the share of fitting records, the columns."""
    try:
        found = list(islice(csv.reader(sample, delimiter=sign), SAMPLE_ROWS + 1))
    except csv.Error:
        return False, 0.0, 0
    lengths = [len(fields) for fields in found if fields]
    if len(sample) == SAMPLE_LINES and len(lengths) > 2 and len(lengths) <= SAMPLE_ROWS:
        lengths.pop()  # the sample may end in the middle of a record
    columns = lengths[0] if lengths else 0
    fitting = sum(length == columns for length in lengths[1:]) / max(1, len(lengths) - 1)
    return columns > 1, fitting, columns
