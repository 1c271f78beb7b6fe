"""The explorer: a folder of scripts in which every record of a corpus can be found, without a server.

`explore.html` opens from the file system. It loads `meta` first, and then only what is looked at: a column, a
chunk of the index of words, a page of titles or of texts. All files are the same on every machine.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb

from thoughtmill.factory.core.files import aside, folder_aside
from thoughtmill.factory.pages.explorer import texts, words
from thoughtmill.factory.pages.explorer.columns import Columns
from thoughtmill.factory.pages.explorer.numbering import number
from thoughtmill.factory.pages.explorer.packing import as_json, script
from thoughtmill.factory.pages.markup import EXPLORER, render
from thoughtmill.factory.pages.queries import row

ASSETS = Path(__file__).with_name("assets")
FOLDER = "explore"
SCRIPTS = ("store.js", "filters.js", "problem.js", "explore.js")
__all__ = ["ASSETS", "FOLDER", "SCRIPTS", "Explorer", "page", "script", "write"]

TITLES = 16_384
"""Problems whose titles a query brings: as many as are read from Parquet at once."""


class Explorer:
    """The files of the explorer of a corpus that is open in DuckDB, each by its name."""

    def __init__(self, con: duckdb.DuckDBPyConnection, data_version: str) -> None:
        number(con)
        self.con, self.data_version = con, data_version
        self.columns = Columns(con)
        self.places = {check: place for place, check in enumerate(self.columns.checks)}
        self.cuts = texts.cuts(con)
        self.totals = row(
            con,
            "select (select count(*) from numbered_problems) as problems, count(record_id) as records,"
            " count(*) filter (verified) as verified, count(*) filter (fate = 'kept') as kept"
            " from numbered_records",
        )
        self.titles_a_page = texts.titles_a_page(self.totals["problems"])

    def meta(self, first_words: list[str] | None) -> bytes:
        """Return what the page has to know first; without `first_words`, a server finds the words."""
        return as_json(
            {
                "data_version": self.data_version,
                **self.totals,
                **self.columns.meta(),
                "titles": self.titles_a_page,
                "pages": self.cuts,
                "words": first_words,
                "longest_word": words.LONGEST,
            }
        )

    def titles(self) -> Iterator[tuple[str, bytes]]:
        """Yield the pages of titles."""
        pages = -(-self.totals["problems"] // self.titles_a_page)
        together = max(1, TITLES // self.titles_a_page)
        for first in range(0, pages, together):
            for page, payload in enumerate(self._titles(first, together), start=first):
                yield f"titles/{page}", payload

    def _titles(self, page: int, pages: int = 1) -> Iterator[bytes]:
        """Yield so many pages of titles from a page on."""
        size = self.titles_a_page
        found = texts.titles(self.con, page * size, (page + pages) * size - 1)
        for start in range(0, len(found), size):
            yield as_json(found[start : start + size])

    def problems(
        self, first_page: int, last_page: int, index: words.WordIndex | None = None
    ) -> Iterator[tuple[str, bytes]]:
        """Yield the pages of texts from the first to the last; note their words in an index, if any."""
        bounds = [
            texts.page_of(self.cuts, page, self.totals["problems"])
            for page in range(first_page, last_page + 1)
        ]
        texts.bring(self.con, bounds[0][0], bounds[-1][1])
        found = texts.problems(self.con, bounds[0][0], bounds[-1][1], self.places, index)
        for page, (first, last) in enumerate(bounds, start=first_page):
            yield f"problems/{page}", as_json([next(found) for _ in range(first, last + 1)])

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name and the bytes of every file that holds data."""
        for name in self.columns.names():
            yield f"columns/{name}", self.columns.column(name)
        yield from self.titles()
        index = words.WordIndex(self.con)
        pages = texts.most_pages(self.con, len(self.cuts))
        for page in range(0, len(self.cuts), pages):
            yield from self.problems(page, min(page + pages, len(self.cuts)) - 1, index)
        first_words = []
        for chunk, (word, payload) in enumerate(index.chunks()):
            first_words.append(word)
            yield f"words/{chunk}", payload
        yield "meta", self.meta(first_words)

    def file(self, name: str) -> bytes | None:
        """Return one file by its name, without an index of words; None where there is none."""
        kind, _, what = name.partition("/")
        page = int(what) if what.isdecimal() else -1
        if name == "meta":
            return self.meta(None)
        if kind == "columns" and what in self.columns.names():
            return self.columns.column(what)
        if kind == "titles" and 0 <= page * self.titles_a_page < self.totals["problems"]:
            return next(self._titles(page))
        if kind == "problems" and 0 <= page < len(self.cuts):
            return next(payload for _, payload in self.problems(page, page))
        return words.look(self.con, what) if kind == "words" and what.strip("*") else None


def write(con: duckdb.DuckDBPyConnection, folder: Path, data_version: str, data: bool = True) -> None:
    """Write the explorer of a corpus into a folder: its page and, if `data`, the files that it reads."""
    with folder_aside(folder / FOLDER) as part:
        for name, payload in Explorer(con, data_version).files() if data else ():
            path = part / f"{name}.js"
            path.parent.mkdir(exist_ok=True)
            path.write_text(script(name, payload), "ascii", newline="\n")
        for name in SCRIPTS:
            (part / name).write_bytes((ASSETS / name).read_bytes())
    with aside(folder / EXPLORER) as part:
        part.write_text(page(), "utf-8", newline="\n")


def page() -> str:
    """Return the page, which is the same for every corpus."""
    return str(render("explore.html", scripts=[f"{FOLDER}/{name}" for name in SCRIPTS]))
