"""Render templates as HTML: every value that is put into one is escaped."""

from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from thoughtmill.factory.core.printable import printable
from thoughtmill.factory.pages.figures import count, share

TEMPLATES = Path(__file__).with_name("templates")

EXPLORER = "explore.html"
"""The page beside the report in which every record can be found."""


class ReportSection(NamedTuple):
    """A part of the page: `name` is its anchor, `title` its heading, `body` its HTML."""

    name: str
    title: str
    body: Markup


def render(template: str, **values: object) -> Markup:
    """Return a template filled with values; a missing value is an error."""
    return Markup(_environment.get_template(template).render(values))


def found(**wanted: str) -> str:
    """Return the address of what is wanted in the explorer.

    >>> found(thought="pot", outcome="timeout")
    'explore.html#thought=pot&outcome=timeout'
    """
    return f"{EXPLORER}#{urlencode(wanted)}"


_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {"count": count, "printable": printable}
_environment.globals |= {"share": share, "found": found}
