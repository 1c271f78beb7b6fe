"""Late programs: a program that reached its limit of time is recorded by its digest and never run again.

The memory is a folder beside the journal of a run: all workers share it, and it outlives `kill -9`. While one
worker runs a program for long, another with the same program waits for its outcome.
"""

import contextlib
import fcntl
import hashlib
from collections.abc import Iterator
from pathlib import Path

LATE = "it did not end in time"
"""Said of every time-out: which limit was the first to end a program is a matter of how busy a machine is."""

SUFFIX = ".late"
SPENT = "the run's budget for programs that do not end is spent"


class LatePrograms:
    """The programs that were late, in this process or, with a folder, in all that share it."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.known: set[str] = set()

    def knows(self, program: str) -> bool:
        """Return whether a program is known to be late."""
        name = digest(program)
        if name not in self.known and self.folder is not None and self._path(name).exists():
            self.known.add(name)
        return name in self.known

    @contextlib.contextmanager
    def held(self, program: str) -> Iterator[bool]:
        """Hold a program while it runs; yield whether it is known to be late, by then."""
        if self.folder is None or self.knows(program):
            yield self.knows(program)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / digest(program)
        with path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield self.knows(program)
            path.unlink(missing_ok=True)

    def note(self, program: str) -> None:
        """Remember that a program is late."""
        name = digest(program)
        self.known.add(name)
        if self.folder is not None:
            self._path(name).touch()

    def count(self) -> int:
        """Return how many programs are known to be late."""
        if self.folder is None or not self.folder.exists():
            return len(self.known)
        return sum(path.suffix == SUFFIX for path in self.folder.iterdir())

    def _path(self, name: str) -> Path:
        assert self.folder is not None
        return (self.folder / name).with_suffix(SUFFIX)


def digest(program: str) -> str:
    """Return the digest of a program's text."""
    return hashlib.sha256(program.encode("utf-8", "surrogatepass")).hexdigest()
