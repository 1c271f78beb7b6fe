"""Render templates as HTML: every value that is put into one is escaped."""

from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from thoughtmill.factory.pages.figures import count, share

TEMPLATES = Path(__file__).with_name("templates")

UNPRINTABLE = dict.fromkeys((*range(9), 11, *range(14, 32), *range(127, 160)), "\N{REPLACEMENT CHARACTER}")
"""Control characters, which HTML forbids, for `str.translate`; white space stays."""


class ReportSection(NamedTuple):
    """A part of the page: `name` is its anchor, `title` its heading, `body` its HTML."""

    name: str
    title: str
    body: Markup


def render(template: str, **values: object) -> Markup:
    """Return a template filled with values; a missing value is an error."""
    return Markup(_environment.get_template(template).render(values))


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
