"""The text of a file: decompressed, and decoded with the encoding that is given or guessed."""

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

import pyarrow

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.printable import say

Unplaced = tuple[str, dict[str, Any], str | None, str | None]
"""What a reader yields of a row: its place, its values, why it cannot be read, and its text then."""

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Encodings by byte order mark; a longer mark comes before a mark that it begins with."""

MOSTLY_ASCII = 0.7
FOREIGN = re.compile("\ufffd|[A-Za-z][¡-°²³´µ¶¸-¿][A-Za-z]")
"""What a Western text does not hold: unused bytes, and signs such as `³` between letters."""

PIECE = 1 << 20
SAMPLE = 1 << 16


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Yield the bytes of a file, decompressed as its suffix says."""
    stream = pyarrow.input_stream(str(path), compression=COMPRESSIONS.get(path.suffix.lower()))
    with io.BufferedReader(stream) as file:
        yield cast(BinaryIO, file)


@contextmanager
def text_of(path: Path, encoding: str | None) -> Iterator[TextIO]:
    """Yield the text of a file; line ends are as in the file.

    A byte that its encoding does not have becomes half of a surrogate pair, as `undecoded` finds.
    """
    name = encoding or encoding_of(path)
    try:
        wide = codecs.lookup(name).name.startswith(("utf-16", "utf-32"))
    except LookupError as error:
        raise ThoughtmillError(
            f"`encoding: {name}` is unknown; there are utf-8, cp1252, latin-1, utf-16, ..."
        ) from error
    errors = "strict" if wide else "surrogateescape"  # every byte of a wide encoding counts
    with opened(path) as file, io.TextIOWrapper(file, name, errors, newline="") as text:
        yield text


@contextmanager
def written(path: Path, suffix: str) -> Iterator[TextIO]:
    """Yield a new text file, which is compressed if its suffix says so."""
    stream = pyarrow.output_stream(str(path), compression=COMPRESSIONS.get(suffix.lower()))
    with io.TextIOWrapper(io.BufferedWriter(stream), "utf-8", newline="\n") as text:
        yield text


def undecoded(text: str) -> str | None:
    """Return the fault of a text with a byte that could not be decoded, or None.

    >>> undecoded(b"5 \\xe9".decode("utf-8", "surrogateescape")), undecoded("5 \\u20ac")
    ('the byte 0xe9 is not in the encoding of the file: say which it is with `encoding:`', None)
    """
    if text.isascii():
        return None
    for sign in text:
        if "\udc80" <= sign <= "\udcff":
            byte = f"0x{ord(sign) - 0xDC00:02x}"
            return f"the byte {byte} is not in the encoding of the file: say which it is with `encoding:`"
        if "\ud800" <= sign <= "\udfff":
            return "half of a surrogate pair is no character"
    return None


def encoding_of(path: Path) -> str:
    """Return the encoding of a file: UTF-8, that of its byte order mark, or a guess, with a note.

    A file is UTF-8 if most of its lines that are not ASCII are: a line that is not is then a broken line.
    """
    status = path.stat()
    return _encoding_of(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1024)
def _encoding_of(path: Path, changed_ns: int, size: int) -> str:
    with opened(path) as file:
        head = file.peek(4)[:4] if isinstance(file, io.BufferedReader) else b""
        for mark, name in BYTE_ORDER_MARKS.items():
            if head.startswith(mark):
                return name
        sample, good = bytearray(), 0
        while line := file.readline(PIECE):
            if line.isascii():
                continue
            good += 1 if (valid := _is_utf8(line)) else -1
            if not valid and len(sample) < SAMPLE:
                sample += line[:SAMPLE]
    if good > 0 or not sample:
        return "utf-8"
    name = guessed(bytes(sample))
    say(f"note: {path.name} is not UTF-8; it is read as {name}, a guess; `encoding:` says another")
    return name


def guessed(sample: bytes) -> str:
    """Return the likeliest encoding of a text that is not UTF-8: Western European wherever that is likely.

    >>> guessed("René has 3 crêpes and eats 2. How many are left?".encode("cp1252"))
    'cp1252'
    >>> guessed("Zosia miała dwa żółte jabłka.".encode("cp1250"))
    'cp1250'
    >>> guessed("У Маши 3 красных и 4 зелёных яблока. Сколько у неё яблок?".encode("cp1251"))
    'cp1251'
    """
    western = sample.decode("cp1252", "replace")
    ascii_share = sum(byte < 0x80 for byte in sample) / len(sample)
    if ascii_share > MOSTLY_ASCII and not FOREIGN.search(western):
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    return best.encoding if best else "cp1252"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return len(line) == PIECE and error.start > PIECE - 4  # a character cut at the end of the piece
    return True
