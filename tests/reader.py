"""Read a page as a reader does: its tables, its text, and what it asks of the outside."""

from html.parser import HTMLParser
from typing import NamedTuple


class Table(NamedTuple):
    """The words of a table, cell by cell."""

    caption: str
    heads: list[str]
    rows: list[list[str]]


class Reader(HTMLParser):
    """Gather tables, all text, all elements, and every address an element refers to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.captions: list[str] = []
        self.lines: list[list[list[str]]] = []
        self.elements: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self.cell: str | None = None
        self.feed(str(page))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if tag == "table":
            self.lines.append([])
        if tag == "tr":
            self.lines[-1].append([])
        if tag in ("td", "th", "caption"):
            self.cell = ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "caption") and self.cell is not None:
            words = " ".join(self.cell.split())
            (self.captions if tag == "caption" else self.lines[-1][-1]).append(words)
            self.cell = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.cell is not None:
            self.cell += f" {data}"


def tables_of(page: str) -> list[Table]:
    """Return the tables of a page; the first line of each is its headings."""
    reader = Reader(page)
    return [
        Table(caption, lines[0], lines[1:])
        for caption, lines in zip(reader.captions, reader.lines, strict=True)
    ]
