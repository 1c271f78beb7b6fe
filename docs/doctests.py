"""An extension of Griffe: the doctests of a docstring are code in the site, not text."""

import re
from typing import Any

import griffe

DOCTEST = re.compile(r"^>>> .*(?:\n(?!\s*$).*)*", re.MULTILINE)


class Doctests(griffe.Extension):
    """Puts a fence around each doctest."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change the docstring of one module, class, function or attribute."""
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)


def fenced(docstring: str) -> str:
    """Return a docstring, in Markdown, with its doctests between fences.

    >>> print(fenced("Double it.").replace("`", "'"))
    Double it.
    """
    return DOCTEST.sub(lambda found: f"```pycon\n{found[0]}\n```", docstring)
