"""The rows that a user gives `verify`: files, folders, a release, standard input, a data set on the Hub."""

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import Any, NamedTuple, cast

from thoughtmill.factory.core import corpus
from thoughtmill.factory.core.partitions import parts
from thoughtmill.factory.core.rows import READERS, FileRow, Values, begun, files_of, rows_of_file, suffixes
from thoughtmill.factory.core.rows.hub import rows_of_hub
from thoughtmill.factory.thoughts import THOUGHTS

HUB = re.compile(r"[\w.-]+/[\w.-]+")
REMEDY = "`--columns completion=output` names a column, `--thought` the thought of all rows"
MAGIC = {b"\x1f\x8b": ".jsonl.gz", b"\x28\xb5\x2f\xfd": ".jsonl.zst", b"PAR1": ".parquet"}
"""What the first bytes of standard input say of its format."""


class InputSettings(NamedTuple):
    """How rows are read: encoding of files; config, split and revision of data sets; names of columns."""

    encoding: str | None = None
    config: str | None = None
    split: str = "train"
    revision: str | None = None
    columns: Mapping[str, str] = {}


class InputPart(NamedTuple):
    """A part of the input: its name, its rows, the thought of all of them, and the names of columns.

    The completions of a `parsed` part are rationales, as a release has them.
    """

    name: str
    rows: Callable[[], Iterator[FileRow]]
    thought: str | None = None
    columns: Mapping[str, str] = {}
    path: Path | None = None
    parsed: bool = False


def parts_of(named: Sequence[str], settings: InputSettings, spool: Path) -> Iterator[InputPart]:
    """Yield the parts of the input by name; standard input (`-`) is copied to the folder `spool` first."""
    for name in named:
        path = Path(name)
        if name == "-":
            yield _file(_spooled(spool), settings, "standard input")
        elif (path / "manifest.json").is_file() and "release" in corpus.read_manifest(path):
            yield from _of_release(path, settings)
        elif HUB.fullmatch(name) and not path.parent.exists() and suffixes(path)[0] not in READERS:
            yield _of_hub(name, settings)
        else:
            for file in files_of(name, Path()):
                yield _file(file, settings, str(file))


def _file(path: Path, settings: InputSettings, shown: str) -> InputPart:
    rows = partial(rows_of_file, path, settings.encoding, shown)
    return InputPart(shown, rows, columns=settings.columns, path=path)


def _of_release(folder: Path, settings: InputSettings) -> Iterator[InputPart]:
    """Yield the files of a release: the rationale of a row is its completion, its folder is its thought."""
    for thought in THOUGHTS.names():
        files = (part for path in sorted((folder / thought).glob("*.parquet")) for part in parts(path))
        for path in files:
            part = _file(path, settings, str(path))
            yield part._replace(thought=thought, **_as_released(settings))


def _of_hub(name: str, settings: InputSettings) -> InputPart:
    """Return a split of a data set; the config of a release is its thought."""
    config = settings.config
    thought = config if config in THOUGHTS else None
    shown = f"{name}, {f'{config}, ' if config else ''}{settings.split}"
    instead = "give the files of a local copy"
    rows = partial(rows_of_hub, name, config, settings.split, settings.revision, instead=instead)
    part = InputPart(shown, rows, thought, settings.columns)
    return part._replace(**_as_released(settings)) if thought else part


def _as_released(settings: InputSettings) -> dict[str, Any]:
    """Return how rows of a release are read: their completions are rationales, unless a column is named."""
    columns = {"completion": "rationale"} | dict(settings.columns)
    return {"columns": columns, "parsed": columns["completion"] == "rationale"}


def _spooled(folder: Path) -> Path:
    """Return a file with the bytes of standard input, named after their format, so that it is read twice."""
    head = cast(BufferedReader, sys.stdin.buffer).peek(4)
    suffix = next((suffix for magic, suffix in MAGIC.items() if head.startswith(magic)), None)
    path = folder / f"stdin{suffix or _text_suffix(head)}"
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return path


def _text_suffix(head: bytes) -> str:
    """Return the suffix of a text by its beginning: JSON Lines, a JSON list, or else CSV.

    >>> _text_suffix(b'{"problem"'), _text_suffix(b"[{"), _text_suffix(b"problem,answer")
    ('.jsonl', '.json', '.csv')
    """
    return {b"{": ".jsonl", b"[": ".json"}.get(head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1], ".csv")


class Survey(NamedTuple):
    """What a first pass over given rows finds: the keys of rows, the number of rows, and their digest."""

    keys: frozenset[str]
    rows: int
    digest: str


def survey(parts: Sequence[InputPart], needed: Sequence[str], thought: str | None) -> Survey:
    """Read all rows once; a part without rows, or without a column that is needed, is an error.

    Rows need to name their thought where neither `thought` nor their part does.
    """
    keys: set[str] = set()
    content, count = hashlib.sha256(), 0
    for part in parts:
        wanted = [*needed] if thought or part.thought else [*needed, "thought"]
        columns = [part.columns.get(name, name) for name in wanted]
        for row in begun(part.rows(), part.name, partial(_missing, columns), REMEDY):
            keys.update(row.values)
            content.update(json.dumps([*row[:4], part.thought, columns], default=str).encode())
            count += 1
    return Survey(frozenset(keys), count, content.hexdigest())


def _missing(columns: Sequence[str], values: Values) -> str | None:
    return next((column for column in columns if column not in values), None)
