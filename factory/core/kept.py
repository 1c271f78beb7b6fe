"""Kept work: what was made of a part of a table is kept under a fingerprint, and the next run takes it."""

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from thoughtmill.factory.core.files import folder_aside, root


class KeptWork:
    """Folders of files under `.dvc/tmp` of the current project, each named by a fingerprint of its origin."""

    def __init__(self, what: str) -> None:
        self.folder = root() / ".dvc" / "tmp" / "thoughtmill" / what
        self.taken: set[str] = set()

    def take(self, fingerprint: str, make: Callable[[Path], None]) -> Path:
        """Return the folder of a fingerprint; `make` fills a new one, which is kept when it is whole."""
        self.taken.add(fingerprint)
        path = self.folder / fingerprint
        if not path.exists():
            with folder_aside(path) as part:
                make(part)
        return path

    def forget_others(self) -> None:
        """Remove what was not taken: parts that are no longer there."""
        for path in self.folder.iterdir() if self.folder.exists() else ():
            if path.name not in self.taken:
                shutil.rmtree(path)


def gather(files: Iterable[Path], target: Path, name: str) -> None:
    """Make `target` the folder of these files, numbered by `name`; they take no second place on the disk."""
    with folder_aside(target) as folder:
        for number, path in enumerate(files):
            try:
                os.link(path, folder / name.format(number))
            except OSError:  # a file system without links
                shutil.copyfile(path, folder / name.format(number))
