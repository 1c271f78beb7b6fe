"""Templates into HTML: everything that is put into one is escaped, whatever it holds."""

from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

TEMPLATES = Path(__file__).with_name("templates")

UNPRINTABLE = dict.fromkeys((*range(9), 11, *range(14, 32), *range(127, 160)), "\N{REPLACEMENT CHARACTER}")
"""Control characters, which HTML forbids, for `str.translate`; white space stays."""


class ReportSection(NamedTuple):
    """A part of the page: `name` is its anchor, `title` its heading, `body` its HTML."""

    name: str
    title: str
    body: Markup


def render(template: str, **values: object) -> Markup:
    """Return a template filled with values; a name that the template needs and nobody gives is an error."""
    return Markup(_environment.get_template(template).render(values))


def count(number: int) -> str:
    """Return a whole number as people read it.

    >>> count(12345)
    '12,345'
    """
    return f"{number:,}"


def share(part: int, whole: int) -> str:
    """Return a part of a whole in per cent; a part of nothing is a dash, and only all is 100 %.

    >>> share(1, 3), share(1999, 2000), share(1, 20_000), share(0, 0)
    ('33.3\\xa0%', '99.9\\xa0%', '0.1\\xa0%', '–')
    """
    if whole == 0:
        return "–"
    tenths = round(1000 * part / whole)
    if 0 < part < whole:
        tenths = min(max(tenths, 1), 999)
    return f"{tenths / 10:.1f}\N{NO-BREAK SPACE}%".replace("100.0", "100")


def printable(text: str) -> str:
    """Return a text with a visible mark in place of each control character.

    >>> printable("a\\x00b\\n")
    'a\N{REPLACEMENT CHARACTER}b\\n'
    """
    return text.translate(UNPRINTABLE)


_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {"count": count, "printable": printable}
_environment.globals |= {"share": share}
