"""Show the texts of others, which may hold control characters, on a page or in a terminal."""

import shutil
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TextIO

UNPRINTABLE = dict.fromkeys((*range(9), 11, *range(14, 32), *range(127, 160)), "\N{REPLACEMENT CHARACTER}")
"""Control characters, which HTML forbids and a terminal obeys, for `str.translate`; white space stays."""


def printable(text: str) -> str:
    """Return a text with a visible mark in place of each control character.

    >>> printable("a\\x00b\\n")
    'a\N{REPLACEMENT CHARACTER}b\\n'
    """
    return text.translate(UNPRINTABLE)


def for_terminal(text: str) -> str:
    """Return a text that moves no cursor: every way to end a line is a new line.

    >>> for_terminal("wrong\\rright\\x1b[8m")
    'wrong\\nright\N{REPLACEMENT CHARACTER}[8m'
    """
    return printable("\n".join(text.splitlines()))


def fitted(table: str, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as it is; in a terminal that is too narrow for it, a line for each value."""
    width = max(map(len, table.splitlines()), default=0)
    if not sys.stdout.isatty() or width <= shutil.get_terminal_size().columns:
        return table
    name = max(map(len, headers))
    each = ([*zip(headers, row, strict=True)] for row in rows)
    return "\n\n".join(
        "\n".join(f"{key:{name}}  {'' if value is None else value}".rstrip() for key, value in row)
        for row in each
    )


def show(text: str) -> None:
    """Print a result on stdout; a terminal gets it printable, and a pipe its bytes as they are."""
    print(for_terminal(text) if sys.stdout.isatty() else text)


def say(line: str) -> None:
    """Print a line for the user, which may hold texts of others, on stderr, in place of a bar of progress."""
    begin = "\r\x1b[K" if sys.stderr.isatty() else ""
    note(f"{begin}{for_terminal(line)}")


def note(text: str, out: TextIO | None = None, end: str = "\n") -> None:
    """Print on stderr, or on `out`, as it is; what cannot be printed, as on a full disk, stops no work."""
    with suppress(OSError):
        print(text, file=out or sys.stderr, end=end, flush=True)
