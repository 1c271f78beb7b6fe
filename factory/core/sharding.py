"""Shards of a stage: run i of N does the rows that it holds, and `thoughtmill merge` joins their parts."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import folder_aside
from thoughtmill.factory.core.partitions import draw

ORIGIN = "origin.txt"


class Shard(NamedTuple):
    """Shard `number`, from 1, of `total`."""

    number: int
    total: int

    def holds(self, text: str) -> bool:
        """Say whether the shard does the rows of a problem with this text.

        Problems of one text are in one shard: their requests are equal, and are paid for once.
        """
        return draw(text) % self.total == self.number - 1

    @property
    def name(self) -> str:
        """The name of the shard's folder."""
        return f"{self.number}-of-{self.total}"

    @property
    def words(self) -> str:
        """The shard in lines of progress."""
        return f"shard {self.number} of {self.total}"


def shard(words: str) -> Shard:
    """Read the words of `--shard`.

    >>> shard("2/3").name
    '2-of-3'
    """
    found = re.fullmatch(r"(\d+)/(\d+)", words)
    number, total = map(int, found.groups()) if found else (0, 0)
    if not 1 <= number <= total:
        raise ThoughtmillError(f"--shard {words}: give i/N with i from 1 to N, such as 2/3")
    return Shard(number, total)


def shards(total: int) -> list[Shard]:
    """Return all shards of a stage that is cut into so many."""
    return [Shard(number, total) for number in range(1, total + 1)]


def parts_folder(data: Path, stage: str, thought: str) -> Path:
    """Return the folder in which the shards of a stage and a thought leave their parts."""
    return data / "shards" / stage / thought


def part_of(data: Path, stage: str, thought: str, shard: Shard) -> Path:
    """Return the folder of a shard's part."""
    return parts_folder(data, stage, thought) / shard.name


def forget_others(folder: Path, total: int) -> None:
    """Remove from a folder of parts those of a run with another number of shards."""
    for path in folder.iterdir() if folder.exists() else ():
        if not path.name.endswith(f"-of-{total}"):
            shutil.rmtree(path)


@contextmanager
def writing(target: Path, origin: str) -> Iterator[Path]:
    """Yield a temporary folder for a part; on success it replaces `target`, whole.

    `origin` is a fingerprint of everything that the part depends on, alike in all shards.
    """
    with folder_aside(target) as part:
        yield part
        (part / ORIGIN).write_text(origin + "\n", "utf-8")


def is_made(part: Path, origin: str) -> bool:
    """Say whether a part is there and made from `origin`."""
    made_from = part / ORIGIN
    return made_from.exists() and made_from.read_text("utf-8").strip() == origin


def parts(folder: Path, origin: str, again: str) -> list[Path]:
    """Return the parts of all shards in a folder, in their order.

    A missing part, and one that was made from something else than `origin`, raise a `ThoughtmillError` with
    the command that makes it; `again` is that command without its `--shard`.
    """
    names = (path.name for path in folder.iterdir() if not path.name.startswith("."))
    totals = sorted({shard(name.replace("-of-", "/")).total for name in names})
    if not totals:
        raise ThoughtmillError(f"{folder} holds no parts: run `{again} --shard 1/2` and so on")
    if len(totals) > 1:
        named = " and ".join(map(str, totals))
        raise ThoughtmillError(f"{folder} has parts of {named} shards: keep those of one run")
    every = shards(totals[0])
    for each in every:
        part, command = folder / each.name, f"{again} --shard {each.number}/{each.total}"
        if not part.exists():
            raise ThoughtmillError(f"{part} is missing: run `{command}`")
        if not is_made(part, origin):
            raise ThoughtmillError(f"{part} was made from other inputs or settings: run `{command}`")
    return [folder / each.name for each in every]
