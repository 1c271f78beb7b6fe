"""Rows of CSV and TSV: the first line names the columns; commas, semicolons, tabs or bars separate them."""

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Literal, TextIO

from thoughtmill.factory.core.params import repeated
from thoughtmill.factory.core.rows.texts import Unplaced, undecoded

TOLD = re.compile(r"\ufeff?sep=(.)\s*", re.IGNORECASE)
Quoting = Literal[0, 3]
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

    Of several separators, that which cuts the first lines best is taken. A first line such as `sep=;`, as
    spreadsheets write it, says which. A column without a name is called by its place, `column_3`.
    """
    sample = list(islice(text, SAMPLE_LINES))
    if sample and (told := TOLD.fullmatch(sample[0])):
        sample[0], separators = "\n", told[1]
    lines = _Lines(chain(sample, text))
    sign, quoting = dialect(sample, separators)
    records = csv.reader(lines, delimiter=sign, quoting=quoting, strict=True)
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


def dialect(sample: list[str], separators: str) -> tuple[str, Quoting]:
    r"""Return the separator that cuts most of the first records as it cuts the heading, and the csv quoting.

    >>> dialect(["problem;answer\n", "How many are 3, 4 and 5?;3\n"], ",;\t|")
    (';', 0)
    >>> dialect(["problem\tanswer\n", '"I have 3," said Bo.\t3\n'], "\t") == ("\t", csv.QUOTE_NONE)
    True
    """
    found: list[tuple[str, Quoting]] = [(sign, csv.QUOTE_MINIMAL) for sign in separators]
    if "\t" in separators:
        found.append(("\t", csv.QUOTE_NONE))  # tabs do without quotes, as no text holds them
    return max(found, key=lambda each: _fit(sample, *each))


def _fit(sample: list[str], sign: str, quoting: Quoting) -> tuple[bool, float, int]:
    """Return how well a dialect cuts: whether at all, the share of fitting records, the columns."""
    reader = csv.reader(sample, delimiter=sign, quoting=quoting, strict=True)
    lengths = [length for length in islice(_lengths(reader), SAMPLE_ROWS + 1) if length]
    if len(sample) == SAMPLE_LINES and 2 < len(lengths) <= SAMPLE_ROWS:
        lengths.pop()  # the sample may end in the middle of a record
    columns = lengths[0] if lengths else 0
    fitting = sum(length == columns for length in lengths[1:]) / max(1, len(lengths) - 1)
    return columns > 1, fitting, columns


def _lengths(reader: Iterator[list[str]]) -> Iterator[int]:
    """Yield how many fields each record has; -1 for a record that is broken."""
    while True:
        try:
            yield len(next(reader))
        except StopIteration:
            return
        except csv.Error:
            yield -1
