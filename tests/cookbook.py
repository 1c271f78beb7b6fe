"""The queries of docs/cookbook.md: `python -m tests.cookbook` writes their outputs anew.

A test builds the same corpus and compares; `bench.sql` measures the same queries on a million records.
"""

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import duckdb

from tests.cookbook_corpus import build
from thoughtmill.factory.commands.sql import answered
from thoughtmill.factory.commands.versions import attach
from thoughtmill.factory.core import corpus

PAGE = Path(__file__).parents[1] / "docs" / "cookbook.md"
ENTRY = re.compile(
    r"### ([^\n]+)\n(?:(?!###|```)[^\n]*\n)*```sql\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", re.DOTALL
)


class Recipe(NamedTuple):
    """A question of the page, its query, and the output that the page shows."""

    question: str
    query: str
    output: str


def recipes() -> list[Recipe]:
    """Return the questions of the page in their order."""
    found = ENTRY.finditer(_text())
    return [Recipe(each[1], each[2].strip(), (each[3] or "").strip("\n")) for each in found]


def _text() -> str:
    return PAGE.read_text("utf-8")


class Versions(NamedTuple):
    """The corpus as a database, and as Parquet files beside its older version, the schema `old`."""

    database: duckdb.DuckDBPyConnection
    both: duckdb.DuckDBPyConnection

    def answer(self, query: str) -> str:
        """Return the rows of a query as the page shows them."""
        return answered(self.both if "old." in query else self.database, query, most=None)


def opened(folder: Path) -> Versions:
    """Return the two versions of the corpus that `built` left in a folder."""
    new, old = (folder / name / "data" for name in ("new", "old"))
    both = corpus.open_corpus(new).con
    attach(both, "old", old)
    return Versions(corpus.open_corpus(new / "corpus.duckdb").con, both)


def built(folder: Path) -> Path:
    """Build both versions of the corpus in a folder, and return it."""
    build(folder / "new")
    build(folder / "old", old=True)
    return folder


def rewritten(versions: Versions) -> str:
    """Return the page with the output of every query."""

    def entry(found: re.Match[str]) -> str:
        before = found[0][: found.end(2) - found.start()]
        return f"{before}```\n\n```text\n{versions.answer(found[2].strip())}\n```\n"

    return ENTRY.sub(entry, _text())


def main() -> None:
    """Write the outputs into the page."""
    with TemporaryDirectory(prefix="cookbook-") as folder:
        PAGE.write_text(rewritten(opened(built(Path(folder)))), "utf-8")


if __name__ == "__main__":
    main()
