"""A journal of long work: the run after a `kill -9` reads finished items back and does not repeat them."""

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import platformdirs

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import digest, make_folder
from thoughtmill.factory.core.partitions import parts

Item = TypeVar("Item")
Result = TypeVar("Result")

FLUSH_EVERY = 64


class Journal:
    """The results of long work as lines of JSON, noted as they come and read back by the next run.

    A line that a kill tore is dropped. A second run at the same time raises a `ThoughtmillError`. `path` must
    name the work and everything that its results depend on; see `fingerprint`.
    """

    def __init__(self, path: Path, flush_every: int = FLUSH_EVERY) -> None:
        make_folder(path.parent, "XDG_CACHE_HOME may name another folder for what is kept between runs")
        self.path, self.flush_every, self.unflushed = path, flush_every, 0
        self.file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.file.close()
            raise ThoughtmillError("another run does the same work now: wait for it, or end it") from error
        _mend(path)

    def noted(self) -> Iterator[Any]:
        """Yield the results of an earlier run, in its order."""
        self.file.seek(0)
        for line in self.file:
            yield json.loads(line)

    def note(self, value: Any) -> None:
        """Note a result; a kill loses at most the last `flush_every` of them."""
        self.file.write(json.dumps(value) + "\n")
        self.unflushed = (self.unflushed + 1) % self.flush_every
        if not self.unflushed:
            self.file.flush()

    def close(self) -> None:
        """Close the file and keep it for the next run."""
        self.file.close()

    def remove(self) -> None:
        """Close and remove the file: the work is done."""
        self.file.close()
        self.path.unlink()


def journaled(
    path: Path,
    work: Callable[[Iterable[Item]], Iterator[Result]],
    items: Iterable[Item],
    dump: Callable[[Result], Any],
    load: Callable[[Any], Result],
) -> Iterator[Result]:
    """Yield the results of `work(items)` in order, and note them in a journal at `path`.

    Results of an earlier run come from the journal, and their items are skipped. The journal is removed when
    the work is done.
    """
    source = iter(items)
    with closing(Journal(path)) as journal:
        for value in journal.noted():
            next(source)
            yield load(value)
        for result in work(source):
            journal.note(dump(result))
            yield result
        journal.remove()


def fingerprint(files: Iterable[Path], *words: str) -> str:
    """Return a digest of files, or tables in parts, and words, short enough for a file's name."""
    digests = [digest(part) for path in sorted(files) for part in parts(path)]
    return hashlib.sha256("\n".join([*digests, *words]).encode()).hexdigest()[:16]


def _mend(path: Path) -> None:
    """Cut a journal after its last whole line, or create it."""
    with path.open("a+b") as file:
        end = file.seek(0, 2)
        file.seek(0)
        whole = sum(len(line) for line in file if line.endswith(b"\n"))
        if whole != end:
            file.truncate(whole)


def cache_folder() -> Path:
    """Return the folder for journals of work outside a project: in the user's cache."""
    return platformdirs.user_cache_path("thoughtmill") / "journals"
