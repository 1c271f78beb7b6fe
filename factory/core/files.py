"""Files at the edge: find the project, write aside then move, read lines that may be corrupt."""

import csv
import glob
import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from thoughtmill.factory.core.errors import NotInProject, ThoughtmillError


def root(start: Path | None = None) -> Path:
    """Return the project's root: the nearest folder at or above `start` with `params.yaml` and `dvc.yaml`."""
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "params.yaml").is_file() and (folder / "dvc.yaml").is_file():
            return folder
    raise NotInProject(
        f"{start} is not inside a Thoughtmill project: no params.yaml and dvc.yaml here or above; "
        "`thoughtmill init FOLDER` makes one"
    )


@contextmanager
def aside(path: Path, folder_too: bool = False) -> Iterator[Path]:
    """Yield a temporary name beside `path`; move it into place on success, remove it on any failure.

    Readers see the old file or the new one, never half of one. With `folder_too` it may replace a folder.
    """
    path = path.resolve()
    if path.exists() and not path.is_file() and not folder_too:
        raise ThoughtmillError(f"{path} is not a regular file and is not replaced")
    part = _part(path)
    try:
        with _naming(path):
            yield part
            if path.is_dir() or (part.is_dir() and path.exists()):
                path.rename(part.with_suffix(".old"))
            os.replace(part, path)
    finally:
        _remove([part.with_suffix(".old"), *path.parent.glob(f"{glob.escape(part.name)}*")])


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` as indented JSON with sorted keys: the same bytes everywhere."""
    with aside(path) as part:
        part.write_text(json_text(value), "utf-8", newline="\n")


def json_text(value: Any) -> str:
    """Return `value` as indented JSON with sorted keys."""
    return json.dumps(value, indent=1, sort_keys=True) + "\n"


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows under their column names to `path`, in the same bytes everywhere."""
    with aside(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        sheet = csv.writer(file, lineterminator="\n")
        sheet.writerow(columns)
        sheet.writerows(rows)


def existing(path: Path, remedy: str) -> Path:
    """Return `path`; if it is missing, raise a `ThoughtmillError` with the remedy."""
    if not path.exists():
        raise ThoughtmillError(f"{path} is missing: {remedy}")
    return path


def make_folder(folder: Path, remedy: str) -> None:
    """Make a folder that is not there, or raise an error that names what is in the way and the remedy."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ThoughtmillError(f"{error.filename}: {error.strerror}; {remedy}") from error


def text_of(path: Path, remedy: str = "restore it") -> str:
    """Return the text of a file, or raise an error that names a missing file or bytes that are not UTF-8."""
    try:
        return existing(path, remedy).read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ThoughtmillError(f"{path} is not UTF-8: {error}") from error


def public(place: str) -> str:
    """Return a place in a file as others may read it: an absolute path without its folders.

    >>> public("/home/me/mine.csv, line 3"), public("data/mine.csv, line 3")
    ('mine.csv, line 3', 'data/mine.csv, line 3')
    """
    return Path(place).name if place.startswith(("/", "~")) else place


def digest(path: Path, kind: str = "sha256") -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal, or another hash that `hashlib` knows."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number from 1, object) for each line that is not blank.

    A line that is not a JSON object, or not UTF-8, raises a `ThoughtmillError` naming file and line.
    """
    with existing(path, "give the path of a file that exists").open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
                json.dumps(row, ensure_ascii=False).encode()  # fails for half of a surrogate pair
            except (ValueError, RecursionError) as error:
                raise ThoughtmillError(f"{path}, line {number}: not JSON: {error}") from error
            if not isinstance(row, dict):
                raise ThoughtmillError(f"{path}, line {number}: not a JSON object")
            yield number, row


def copied(folder: Path, target: Path) -> Path:
    """Copy a folder, perhaps one that nobody may change, to a new one that its owner may; return that."""
    shutil.copytree(folder, target, copy_function=shutil.copyfile)
    for part in (target, *target.rglob("*")):
        if part.is_dir():
            part.chmod(part.stat().st_mode | stat.S_IRWXU)
    return target


@contextmanager
def folder_aside(path: Path) -> Iterator[Path]:
    """Yield an empty temporary folder beside `path`; on success it replaces `path`."""
    part = _part(path)
    part.mkdir()
    try:
        with _naming(path):
            yield part
        if path.exists():
            path.rename(part.with_suffix(".old"))
        part.rename(path)
    finally:
        _remove([part, part.with_suffix(".old")])


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Name `path` in errors of the operating system that name no file, such as a full disk."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def _part(path: Path) -> Path:
    """Return a temporary name beside `path`; remove the temporary files of killed processes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ours = re.compile(rf"\.{re.escape(path.name)}\.(\d+)\.(?:part|old).*")
    named = ((left, ours.fullmatch(left.name)) for left in path.parent.iterdir())
    _remove(left for left, found in named if found and not running(int(found[1])))
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def running(pid: int) -> bool:
    """Say whether a process with this id runs, whoever owns it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
