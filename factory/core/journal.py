"""A journal of long work: after `kill -9` at any moment, finished items are read back and not done again."""

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import platformdirs

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest

Item = TypeVar("Item")
Result = TypeVar("Result")

FLUSH_EVERY = 64


def journaled(
    path: Path,
    work: Callable[[Iterable[Item]], Iterator[Result]],
    items: Iterable[Item],
    dump: Callable[[Result], Any],
    load: Callable[[Any], Result],
) -> Iterator[Result]:
    """Yield the results of `work(items)` in order, noting each as a line of JSON in `path`.

    Results that an earlier run noted there are taken from it, and their items are passed over; a line that
    was torn by a kill is dropped. Of two runs at once the second is a `ThoughtmillError`. The journal is
    removed when the work is done. `path` must name the work and everything its results depend on; see
    `fingerprint`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    source = iter(items)
    with path.open("a+", encoding="utf-8") as notes:
        try:
            fcntl.flock(notes, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ThoughtmillError("another run does this very work now: wait for it, or end it") from error
        _mend(path)
        notes.seek(0)
        for line in notes:
            next(source)
            yield load(json.loads(line))
        for number, result in enumerate(work(source), start=1):
            notes.write(json.dumps(dump(result)) + "\n")
            if number % FLUSH_EVERY == 0:
                notes.flush()
            yield result
        path.unlink()


def fingerprint(files: Iterable[Path], *words: str) -> str:
    """Return a digest of some files' contents and words, short enough for a file's name."""
    parts = [digest(path) for path in sorted(files)]
    return hashlib.sha256("\n".join([*parts, *words]).encode()).hexdigest()[:16]


def _mend(path: Path) -> None:
    """Cut a journal after its last whole line; make it where there is none."""
    with path.open("a+b") as file:
        end = file.seek(0, 2)
        file.seek(0)
        whole = sum(len(line) for line in file if line.endswith(b"\n"))
        if whole != end:
            file.truncate(whole)


def cache_folder() -> Path:
    """Return where journals of work outside a project lie: the user's cache folder."""
    return platformdirs.user_cache_path("thoughtmill") / "journals"
